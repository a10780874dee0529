#include "p11_keys.h"

#include <openssl/ec.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <stdint.h>

static CK_SESSION_HANDLE main_session;

CK_BYTE_PTR bytes(const char *text)
{
	return (CK_BYTE_PTR)(uintptr_t)text;
}

int keys_setup(void **state)
{
	fixture_group_setup(state);
	OK(fixture_initialize(NULL));
	main_session = fixture_user_session();
	*state = &main_session;
	return 0;
}

int keys_teardown(void **state)
{
	OK(p11->C_Finalize(NULL));
	return fixture_group_teardown(state);
}

CK_SESSION_HANDLE session(void **state)
{
	return *(CK_SESSION_HANDLE *)*state;
}

size_t unhex(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++)
		assert_int_equal(sscanf(hex + 2 * i, "%2hhx", &out[i]), 1);
	return n;
}

/* clang-format off */
const char *const key_curves[] = {
	"prime192v1", "prime256v1", "secp384r1", "secp521r1", "secp192k1", "secp256k1",
	"brainpoolP192r1", "brainpoolP224r1", "brainpoolP256r1", "brainpoolP320r1",
	"brainpoolP384r1", "brainpoolP512r1", NULL,
};
/* clang-format on */

const CK_ULONG key_rsa_sizes[] = { 1024, 1536, 2048, 3072, 4096, 0 };

size_t key_ec_params(const char *curve, uint8_t *out)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(curve, 0);
	uint8_t *end = out;
	int n;

	assert_non_null(oid);
	n = i2d_ASN1_OBJECT(oid, &end);
	assert_true(n > 0 && n <= 16);
	ASN1_OBJECT_free(oid);
	return (size_t)n;
}

static EVP_PKEY *read_pkey(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE pub)
{
	uint8_t der[700];
	const uint8_t *p = der;
	CK_ATTRIBUTE a = { CKA_PUBLIC_KEY_INFO, der, sizeof(der) };
	EVP_PKEY *pkey;

	OK(p11->C_GetAttributeValue(s, pub, &a, 1));
	pkey = d2i_PUBKEY(NULL, &p, (long)a.ulValueLen);
	assert_non_null(pkey);
	return pkey;
}

static void generate(CK_SESSION_HANDLE s, CK_MECHANISM_TYPE type, CK_ATTRIBUTE *pub, CK_ULONG pub_n,
        struct key *out)
{
	CK_MECHANISM m = { .mechanism = type };
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE priv[] = {
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_LABEL, out->name, strlen(out->name) },
	};

	OK(p11->C_GenerateKeyPair(s, &m, pub, pub_n, priv, LEN(priv), &out->pub, &out->priv));
	out->pkey = read_pkey(s, out->pub);
}

void key_rsa(CK_SESSION_HANDLE s, CK_ULONG bits, struct key *out)
{
	CK_ATTRIBUTE pub[] = { { CKA_MODULUS_BITS, &bits, sizeof(bits) } };

	*out = (struct key){ .is_rsa = true, .bits = bits, .width = bits / 8 };
	snprintf(out->name, sizeof(out->name), "rsa-%lu", bits);
	generate(s, CKM_RSA_PKCS_KEY_PAIR_GEN, pub, 1, out);
	assert_int_equal(EVP_PKEY_get_bits(out->pkey), bits);
}

void key_ec(CK_SESSION_HANDLE s, const char *curve, struct key *out)
{
	uint8_t params[16];
	CK_ATTRIBUTE pub[] = { { CKA_EC_PARAMS, params, key_ec_params(curve, params) } };
	EC_GROUP *group = EC_GROUP_new_by_curve_name(OBJ_sn2nid(curve));

	*out = (struct key){ .bits = (CK_ULONG)EC_GROUP_get_degree(group) };
	out->width = (out->bits + 7) / 8;
	EC_GROUP_free(group);
	snprintf(out->name, sizeof(out->name), "%s", curve);
	generate(s, CKM_EC_KEY_PAIR_GEN, pub, 1, out);
}

void key_done(struct key *key)
{
	EVP_PKEY_free(key->pkey);
	key->pkey = NULL;
}

const char *mech_md(CK_MECHANISM_TYPE type)
{
	static const struct {
		CK_MECHANISM_TYPE type;
		const char *md;
	} rows[] = {
		{ CKM_SHA_1, "SHA1" },
		{ CKM_SHA1_RSA_PKCS, "SHA1" },
		{ CKM_SHA1_RSA_PKCS_PSS, "SHA1" },
		{ CKM_ECDSA_SHA1, "SHA1" },
		{ CKM_SHA224, "SHA224" },
		{ CKM_SHA224_RSA_PKCS, "SHA224" },
		{ CKM_SHA224_RSA_PKCS_PSS, "SHA224" },
		{ CKM_ECDSA_SHA224, "SHA224" },
		{ CKM_SHA256, "SHA256" },
		{ CKM_SHA256_RSA_PKCS, "SHA256" },
		{ CKM_SHA256_RSA_PKCS_PSS, "SHA256" },
		{ CKM_ECDSA_SHA256, "SHA256" },
		{ CKM_SHA384, "SHA384" },
		{ CKM_SHA384_RSA_PKCS, "SHA384" },
		{ CKM_SHA384_RSA_PKCS_PSS, "SHA384" },
		{ CKM_ECDSA_SHA384, "SHA384" },
		{ CKM_SHA512, "SHA512" },
		{ CKM_SHA512_RSA_PKCS, "SHA512" },
		{ CKM_SHA512_RSA_PKCS_PSS, "SHA512" },
		{ CKM_ECDSA_SHA512, "SHA512" },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		if (rows[i].type == type)
			return rows[i].md;
	}
	return NULL;
}
