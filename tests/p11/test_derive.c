/* ECDH: the secret agreed with a key of libcrypto's, for every curve and derivation function. */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "p11_keys.h"

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

/* The other side: a key pair in libcrypto, its point as the module wants it. */
struct peer {
	EVP_PKEY *pkey;
	CK_BYTE point[2 + 3 + 133];
	size_t n;
};

static void peer_make(const char *curve, struct peer *out)
{
	out->pkey = EVP_EC_gen(curve);
	assert_non_null(out->pkey);
	assert_int_equal(EVP_PKEY_get_octet_string_param(out->pkey, OSSL_PKEY_PARAM_PUB_KEY,
	                         out->point, sizeof(out->point), &out->n),
	        1);
	assert_int_equal(out->point[0], 0x04);
}

static size_t agree(const struct peer *peer, const struct key *k, uint8_t *out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(peer->pkey, NULL);
	size_t n = 66;

	assert_int_equal(EVP_PKEY_derive_init(ctx), 1);
	assert_int_equal(EVP_PKEY_derive_set_peer(ctx, k->pkey), 1);
	assert_int_equal(EVP_PKEY_derive(ctx, out, &n), 1);
	EVP_PKEY_CTX_free(ctx);
	return n;
}

static CK_RV derive(CK_SESSION_HANDLE s, CK_MECHANISM_TYPE type, CK_ECDH1_DERIVE_PARAMS *p,
        const struct key *k, CK_ULONG len, CK_OBJECT_HANDLE *out)
{
	CK_MECHANISM m = { type, p, sizeof(*p) };
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE key_type = CKK_GENERIC_SECRET;
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &key_type, sizeof(key_type) },
		{ CKA_TOKEN, &no, 1 },
		{ CKA_SENSITIVE, &no, 1 },
		{ CKA_EXTRACTABLE, &yes, 1 },
		{ CKA_LABEL, bytes("agreed"), 6 },
		{ CKA_VALUE_LEN, &len, sizeof(len) },
	};

	return p11->C_DeriveKey(s, &m, k->priv, t, len == 0 ? LEN(t) - 1 : LEN(t), out);
}

static void assert_value(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, const uint8_t *want, size_t n)
{
	CK_BYTE v[600];
	CK_ATTRIBUTE a = { CKA_VALUE, v, sizeof(v) };

	OK(p11->C_GetAttributeValue(s, o, &a, 1));
	assert_int_equal(a.ulValueLen, n);
	assert_memory_equal(v, want, n);
}

static void derive__every_curve__libcrypto_agrees(void **state)
{
	CK_SESSION_HANDLE s = session(state);

	for (size_t i = 0; key_curves[i] != NULL; i++) {
		uint8_t want[66];
		struct peer peer;
		struct key k;
		CK_OBJECT_HANDLE o;
		size_t n;

		key_ec(s, key_curves[i], &k);
		peer_make(key_curves[i], &peer);
		CK_ECDH1_DERIVE_PARAMS p = { CKD_NULL, 0, NULL, peer.n, peer.point };
		n = agree(&peer, &k, want);
		assert_int_equal(n, k.width);
		OK(derive(s, CKM_ECDH1_DERIVE, &p, &k, 0, &o));
		assert_value(s, o, want, n);
		OK(p11->C_DestroyObject(s, o));
		OK(derive(s, CKM_ECDH1_COFACTOR_DERIVE, &p, &k, 0, &o));
		assert_value(s, o, want, n);
		/* A shorter secret loses its leading bytes (PKCS#11, CKM_ECDH1_DERIVE). */
		OK(derive(s, CKM_ECDH1_DERIVE, &p, &k, 16, &o));
		assert_value(s, o, want + n - 16, 16);
		EVP_PKEY_free(peer.pkey);
		key_done(&k);
	}
}

/* ---- one curve is enough for the rest ---- */

static struct key k;
static struct peer peer;

static int setup(void **state)
{
	keys_setup(state);
	key_ec(session(state), "prime256v1", &k);
	peer_make("prime256v1", &peer);
	return 0;
}

static int teardown(void **state)
{
	key_done(&k);
	EVP_PKEY_free(peer.pkey);
	return keys_teardown(state);
}

static void derive__x963_functions__libcrypto_agrees(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	static struct {
		CK_ULONG kdf;
		char md[8];
	} rows[] = { { CKD_SHA1_KDF, "SHA1" }, { CKD_SHA224_KDF, "SHA224" },
		{ CKD_SHA256_KDF, "SHA256" }, { CKD_SHA384_KDF, "SHA384" },
		{ CKD_SHA512_KDF, "SHA512" } };
	CK_BYTE shared[] = "shared info", z[66], want[100];

	agree(&peer, &k, z);
	for (size_t i = 0; i < LEN(rows); i++) {
		CK_ECDH1_DERIVE_PARAMS p = { rows[i].kdf, i == 0 ? 0 : 11, i == 0 ? NULL : shared,
			peer.n, peer.point };
		OSSL_PARAM params[] = {
			OSSL_PARAM_construct_utf8_string("digest", rows[i].md, 0),
			OSSL_PARAM_construct_octet_string("key", z, 32),
			OSSL_PARAM_construct_octet_string("info", shared, i == 0 ? 0 : 11),
			OSSL_PARAM_construct_end(),
		};
		EVP_KDF *kdf = EVP_KDF_fetch(NULL, "X963KDF", NULL);
		EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
		CK_OBJECT_HANDLE o;

		assert_int_equal(EVP_KDF_derive(ctx, want, sizeof(want), params), 1);
		EVP_KDF_CTX_free(ctx);
		EVP_KDF_free(kdf);
		OK(derive(s, CKM_ECDH1_DERIVE, &p, &k, sizeof(want), &o));
		assert_value(s, o, want, sizeof(want));
		RV(derive(s, CKM_ECDH1_DERIVE, &p, &k, 0, &o), CKR_TEMPLATE_INCOMPLETE);
	}
}

static void derive__point_in_octet_string__is_taken(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_BYTE der[2 + 65] = { 0x04, 65 };
	CK_ECDH1_DERIVE_PARAMS p = { CKD_NULL, 0, NULL, sizeof(der), der };
	CK_OBJECT_HANDLE o;
	uint8_t want[66];

	memcpy(der + 2, peer.point, 65);
	OK(derive(s, CKM_ECDH1_DERIVE, &p, &k, 0, &o));
	assert_value(s, o, want, agree(&peer, &k, want));
}

static void derive__bad_points__never_reach_the_card(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_BYTE bad[70] = { 0 };
	CK_ECDH1_DERIVE_PARAMS p = { CKD_NULL, 0, NULL, 65, bad };
	CK_OBJECT_HANDLE o;

	memcpy(bad, peer.point, 65);
	bad[64] ^= 1; /* off the curve */
	RV(derive(s, CKM_ECDH1_DERIVE, &p, &k, 0, &o), CKR_MECHANISM_PARAM_INVALID);
	bad[64] ^= 1;
	bad[0] = 0x02;
	RV(derive(s, CKM_ECDH1_DERIVE, &p, &k, 0, &o), CKR_MECHANISM_PARAM_INVALID);
	bad[0] = 0x04;
	for (p.ulPublicDataLen = 0; p.ulPublicDataLen <= 70; p.ulPublicDataLen++) {
		CK_RV rv = p.ulPublicDataLen == 65 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID;

		RV(derive(s, CKM_ECDH1_DERIVE, &p, &k, 0, &o), rv);
	}
	memset(bad + 1, 0, 64);
	p.ulPublicDataLen = 65;
	RV(derive(s, CKM_ECDH1_DERIVE, &p, &k, 0, &o), CKR_MECHANISM_PARAM_INVALID);
	p.ulPublicDataLen = 1; /* the point at infinity */
	bad[0] = 0;
	RV(derive(s, CKM_ECDH1_DERIVE, &p, &k, 0, &o), CKR_MECHANISM_PARAM_INVALID);
	p.pPublicData = NULL;
	RV(derive(s, CKM_ECDH1_DERIVE, &p, &k, 0, &o), CKR_MECHANISM_PARAM_INVALID);
}

static void derive__bad_parameters__are_refused(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_BYTE shared[4] = { 0 };
	CK_ECDH1_DERIVE_PARAMS bad[] = {
		{ 99, 0, NULL, peer.n, peer.point },
		{ CKD_NULL, 4, shared, peer.n, peer.point },
		{ CKD_SHA256_KDF, 4, NULL, peer.n, peer.point },
	};
	CK_ECDH1_DERIVE_PARAMS good = { CKD_NULL, 0, NULL, peer.n, peer.point };
	CK_MECHANISM none = { .mechanism = CKM_ECDH1_DERIVE };
	CK_MECHANISM shorter = { CKM_ECDH1_DERIVE, &good, sizeof(good) - 1 };
	CK_OBJECT_HANDLE o;

	for (size_t i = 0; i < LEN(bad); i++)
		RV(derive(s, CKM_ECDH1_DERIVE, &bad[i], &k, 16, &o), CKR_MECHANISM_PARAM_INVALID);
	RV(p11->C_DeriveKey(s, &none, k.priv, NULL, 0, &o), CKR_MECHANISM_PARAM_INVALID);
	RV(p11->C_DeriveKey(s, &shorter, k.priv, NULL, 0, &o), CKR_MECHANISM_PARAM_INVALID);
	RV(p11->C_DeriveKey(s, NULL, k.priv, NULL, 0, &o), CKR_ARGUMENTS_BAD);
	RV(p11->C_DeriveKey(s, &none, k.priv, NULL, 0, NULL), CKR_ARGUMENTS_BAD);
	RV(derive(s, CKM_ECDH1_DERIVE, &good, &k, 33, &o), CKR_KEY_SIZE_RANGE);
	RV(derive(s, CKM_ECDSA, &good, &k, 0, &o), CKR_MECHANISM_INVALID);
	none = (CK_MECHANISM){ CKM_ECDH1_DERIVE, &good, sizeof(good) };
	RV(p11->C_DeriveKey(s, &none, k.pub, NULL, 0, &o), CKR_KEY_TYPE_INCONSISTENT);
	RV(p11->C_DeriveKey(s, &none, k.priv + 1000, NULL, 0, &o), CKR_KEY_HANDLE_INVALID);
}

static void derive__templates__token_and_readable_rules(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_ECDH1_DERIVE_PARAMS p = { CKD_NULL, 0, NULL, peer.n, peer.point };
	CK_MECHANISM m = { CKM_ECDH1_DERIVE, &p, sizeof(p) };
	CK_BYTE value[32];
	CK_ATTRIBUTE token[] = { { CKA_TOKEN, &yes, 1 } };
	CK_ATTRIBUTE sensitive[] = { { CKA_SENSITIVE, &yes, 1 } };
	CK_ATTRIBUTE given[] = { { CKA_VALUE, value, sizeof(value) } };
	CK_ATTRIBUTE foreign[] = { { CKA_MODULUS, value, sizeof(value) } };
	CK_ATTRIBUTE read[] = { { CKA_VALUE, value, sizeof(value) } };
	CK_OBJECT_HANDLE o;

	RV(p11->C_DeriveKey(s, &m, k.priv, token, 1, &o), CKR_TEMPLATE_INCONSISTENT);
	RV(p11->C_DeriveKey(s, &m, k.priv, given, 1, &o), CKR_ATTRIBUTE_READ_ONLY);
	RV(p11->C_DeriveKey(s, &m, k.priv, foreign, 1, &o), CKR_ATTRIBUTE_TYPE_INVALID);
	OK(p11->C_DeriveKey(s, &m, k.priv, sensitive, 1, &o));
	RV(p11->C_GetAttributeValue(s, o, read, 1), CKR_ATTRIBUTE_SENSITIVE);
	OK(p11->C_DeriveKey(s, &m, k.priv, NULL, 0, &o));
	read[0].ulValueLen = sizeof(value);
	OK(p11->C_GetAttributeValue(s, o, read, 1));
}

static void derive__nobody_logged_in__is_refused(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_ECDH1_DERIVE_PARAMS p = { CKD_NULL, 0, NULL, peer.n, peer.point };
	CK_OBJECT_HANDLE o;

	OK(p11->C_Logout(s));
	RV(derive(s, CKM_ECDH1_DERIVE, &p, &k, 0, &o), CKR_USER_NOT_LOGGED_IN);
	OK(fixture_login(s, CKU_USER, FIXTURE_PIN));
	OK(derive(s, CKM_ECDH1_DERIVE, &p, &k, 0, &o));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(derive__every_curve__libcrypto_agrees),
		cmocka_unit_test(derive__x963_functions__libcrypto_agrees),
		cmocka_unit_test(derive__point_in_octet_string__is_taken),
		cmocka_unit_test(derive__bad_points__never_reach_the_card),
		cmocka_unit_test(derive__bad_parameters__are_refused),
		cmocka_unit_test(derive__templates__token_and_readable_rules),
		cmocka_unit_test(derive__nobody_logged_in__is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
