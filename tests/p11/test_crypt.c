/* RSA encryption: the module decrypts what libcrypto encrypted and the other way round. */
#include <openssl/rsa.h>

#include "p11_keys.h"

static CK_BYTE label[] = { 'l', 'a', 'b', 'e', 'l' };

/* OAEP digest, MGF digest, label. */
static const struct oaep_case {
	CK_MECHANISM_TYPE hash;
	CK_RSA_PKCS_MGF_TYPE mgf;
	CK_RSA_PKCS_OAEP_SOURCE_TYPE source;
	CK_ULONG label_n;
	const char *md, *mgf_md;
	size_t overhead;
} oaep_cases[] = {
	{ CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, 0, "SHA1", "SHA1", 42 },
	{ CKM_SHA_1, CKG_MGF1_SHA1, 0, 0, "SHA1", "SHA1", 42 },
	{ CKM_SHA224, CKG_MGF1_SHA224, CKZ_DATA_SPECIFIED, 0, "SHA224", "SHA224", 58 },
	{ CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, 5, "SHA256", "SHA256", 66 },
	{ CKM_SHA256, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, 0, "SHA256", "SHA1", 66 },
	{ CKM_SHA384, CKG_MGF1_SHA384, CKZ_DATA_SPECIFIED, 5, "SHA384", "SHA384", 98 },
	{ CKM_SHA512, CKG_MGF1_SHA512, CKZ_DATA_SPECIFIED, 0, "SHA512", "SHA512", 130 },
};

/* ---- libcrypto's side ---- */

static void set_up(EVP_PKEY_CTX *ctx, int pad, const struct oaep_case *c)
{
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, pad), 1);
	if (c == NULL)
		return;
	assert_int_equal(EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_get_digestbyname(c->md)), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_get_digestbyname(c->mgf_md)), 1);
	if (c->label_n != 0)
		assert_int_equal(EVP_PKEY_CTX_set0_rsa_oaep_label(
		                         ctx, OPENSSL_memdup(label, c->label_n), (int)c->label_n),
		        1);
}

static size_t host_encrypt(const struct key *k, int pad, const struct oaep_case *c,
        const uint8_t *in, size_t n, uint8_t *out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(k->pkey, NULL);
	size_t out_n = k->width;

	assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
	set_up(ctx, pad, c);
	assert_int_equal(EVP_PKEY_encrypt(ctx, out, &out_n, in, n), 1);
	EVP_PKEY_CTX_free(ctx);
	return out_n;
}

/* ---- the module's side ---- */

static CK_RV decrypt(CK_SESSION_HANDLE s, CK_MECHANISM *m, const struct key *k, CK_BYTE *in,
        CK_ULONG n, CK_BYTE *out, CK_ULONG *out_n)
{
	OK(p11->C_DecryptInit(s, m, k->priv));
	return p11->C_Decrypt(s, in, n, out, out_n);
}

static void encrypt_parts(CK_SESSION_HANDLE s, CK_MECHANISM *m, const struct key *k, CK_BYTE *in,
        CK_ULONG n, CK_BYTE *out)
{
	CK_ULONG got = 512;

	OK(p11->C_EncryptInit(s, m, k->pub));
	OK(p11->C_EncryptUpdate(s, in, n / 2, out, &got));
	assert_int_equal(got, 0);
	OK(p11->C_EncryptUpdate(s, in + n / 2, n - n / 2, out, &got));
	got = 512;
	OK(p11->C_EncryptFinal(s, out, &got));
	assert_int_equal(got, k->width);
}

static void decrypt_parts(CK_SESSION_HANDLE s, CK_MECHANISM *m, const struct key *k, CK_BYTE *in,
        CK_BYTE *want, CK_ULONG want_n)
{
	CK_BYTE out[512];
	CK_ULONG n = sizeof(out);

	OK(p11->C_DecryptInit(s, m, k->priv));
	OK(p11->C_DecryptUpdate(s, in, 10, NULL, &n));
	assert_int_equal(n, 0);
	OK(p11->C_DecryptUpdate(s, in, 10, out, &n));
	OK(p11->C_DecryptUpdate(s, in + 10, k->width - 10, out, &n));
	assert_int_equal(n, 0);
	n = sizeof(out);
	OK(p11->C_DecryptFinal(s, out, &n));
	assert_int_equal(n, want_n);
	assert_memory_equal(out, want, n);
}

static void check(CK_SESSION_HANDLE s, CK_MECHANISM *m, const struct key *k, int pad,
        const struct oaep_case *c, CK_BYTE *plain, CK_ULONG n)
{
	CK_BYTE crypt[512], out[512];
	CK_ULONG out_n = sizeof(out), crypt_n = sizeof(crypt);

	assert_int_equal(host_encrypt(k, pad, c, plain, n, crypt), k->width);
	OK(decrypt(s, m, k, crypt, k->width, out, &out_n));
	assert_int_equal(out_n, n);
	assert_memory_equal(out, plain, n);
	decrypt_parts(s, m, k, crypt, plain, n);

	OK(p11->C_EncryptInit(s, m, k->pub));
	OK(p11->C_Encrypt(s, plain, n, crypt, &crypt_n));
	assert_int_equal(crypt_n, k->width);
	out_n = sizeof(out);
	OK(decrypt(s, m, k, crypt, crypt_n, out, &out_n));
	assert_int_equal(out_n, n);
	assert_memory_equal(out, plain, n);
	encrypt_parts(s, m, k, plain, n, crypt);
	decrypt_parts(s, m, k, crypt, plain, n);
}

static void check_oaep(CK_SESSION_HANDLE s, const struct key *k, const struct oaep_case *c)
{
	CK_RSA_PKCS_OAEP_PARAMS p = { c->hash, c->mgf, c->source, label, c->label_n };
	CK_MECHANISM m = { CKM_RSA_PKCS_OAEP, &p, sizeof(p) };
	CK_BYTE plain[512] = "plain";

	if (c->overhead > k->width) {
		RV(p11->C_EncryptInit(s, &m, k->pub), CKR_KEY_SIZE_RANGE);
		RV(p11->C_DecryptInit(s, &m, k->priv), CKR_KEY_SIZE_RANGE);
		return;
	}
	if (k->width - c->overhead > 5)
		check(s, &m, k, RSA_PKCS1_OAEP_PADDING, c, plain, 5);
	check(s, &m, k, RSA_PKCS1_OAEP_PADDING, c, plain, k->width - c->overhead);
}

static void crypt__every_rsa_size_and_padding__libcrypto_agrees(void **state)
{
	CK_SESSION_HANDLE s = session(state);

	for (size_t i = 0; key_rsa_sizes[i] != 0; i++) {
		CK_MECHANISM v15 = { .mechanism = CKM_RSA_PKCS };
		CK_MECHANISM bare = { .mechanism = CKM_RSA_X_509 };
		CK_BYTE plain[512] = { 0 };
		struct key k;

		key_rsa(s, key_rsa_sizes[i], &k);
		memset(plain + 1, 0x5A, sizeof(plain) - 1);
		check(s, &bare, &k, RSA_NO_PADDING, NULL, plain, k.width);
		check(s, &v15, &k, RSA_PKCS1_PADDING, NULL, plain, 1);
		check(s, &v15, &k, RSA_PKCS1_PADDING, NULL, plain, k.width - 11);
		for (size_t j = 0; j < LEN(oaep_cases); j++)
			check_oaep(s, &k, &oaep_cases[j]);
		key_done(&k);
	}
}

/* ---- one key is enough for the rest ---- */

static struct key k;
static CK_MECHANISM pkcs1 = { .mechanism = CKM_RSA_PKCS };
static CK_MECHANISM raw = { .mechanism = CKM_RSA_X_509 };

static int setup(void **state)
{
	keys_setup(state);
	key_rsa(session(state), 1024, &k);
	return 0;
}

static int teardown(void **state)
{
	key_done(&k);
	return keys_teardown(state);
}

static void encrypt__short_raw_data__counts_as_a_number(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_BYTE one = 1, out[128], want[128] = { 0 };
	CK_ULONG n = sizeof(out);

	want[127] = 1;
	OK(p11->C_EncryptInit(s, &raw, k.pub));
	OK(p11->C_Encrypt(s, &one, 1, out, &n));
	assert_memory_equal(out, want, sizeof(want));
}

/* Blocks that are no PKCS#1 v1.5 encryption (RFC 8017 section 7.2.2): all the same answer. */
static void decrypt__wrong_padding__one_answer_for_all(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_RSA_PKCS_OAEP_PARAMS p = { CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, label, 5 };
	CK_MECHANISM oaep = { CKM_RSA_PKCS_OAEP, &p, sizeof(p) };

	for (size_t i = 0; i < 5; i++) {
		CK_BYTE block[128], crypt[128], out[128];
		CK_ULONG n = sizeof(out);

		memset(block, 0x11, sizeof(block));
		block[0] = 0;
		block[1] = i == 0 ? 1 : 2;  /* block type */
		block[i == 1 ? 5 : 60] = 0; /* padding too short */
		if (i == 2)
			block[60] = 0x11; /* no end of the padding */
		host_encrypt(&k, RSA_NO_PADDING, NULL, block, sizeof(block), crypt);
		RV(decrypt(s, &pkcs1, &k, crypt, sizeof(crypt), out, &n),
		        i < 3 ? CKR_ENCRYPTED_DATA_INVALID : CKR_OK);
		n = sizeof(out);
		RV(decrypt(s, &oaep, &k, crypt, sizeof(crypt), out, &n),
		        CKR_ENCRYPTED_DATA_INVALID);
	}
}

static void decrypt__other_oaep_label__is_invalid(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_RSA_PKCS_OAEP_PARAMS p = { CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, label, 4 };
	CK_MECHANISM oaep = { CKM_RSA_PKCS_OAEP, &p, sizeof(p) };
	CK_BYTE crypt[128], out[128];
	CK_ULONG n = sizeof(out);

	host_encrypt(&k, RSA_PKCS1_OAEP_PADDING, &oaep_cases[3], label, 5, crypt);
	RV(decrypt(s, &oaep, &k, crypt, sizeof(crypt), out, &n), CKR_ENCRYPTED_DATA_INVALID);
	p.ulSourceDataLen = 5;
	n = sizeof(out);
	OK(decrypt(s, &oaep, &k, crypt, sizeof(crypt), out, &n));
	assert_int_equal(n, 5);
}

static void decrypt__wrong_length_or_number__is_refused(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_BYTE crypt[129], out[128];
	CK_ULONG n = sizeof(out);

	memset(crypt, 0xFF, sizeof(crypt));
	RV(decrypt(s, &pkcs1, &k, crypt, 127, out, &n), CKR_ENCRYPTED_DATA_LEN_RANGE);
	RV(decrypt(s, &pkcs1, &k, crypt, 129, out, &n), CKR_ENCRYPTED_DATA_LEN_RANGE);
	RV(decrypt(s, &raw, &k, crypt, 128, out, &n), CKR_ENCRYPTED_DATA_INVALID);
	OK(p11->C_DecryptInit(s, &pkcs1, k.priv));
	OK(p11->C_DecryptUpdate(s, crypt, 128, out, &n));
	n = sizeof(out);
	RV(p11->C_DecryptUpdate(s, crypt, 1, out, &n), CKR_ENCRYPTED_DATA_LEN_RANGE);
	RV(p11->C_DecryptFinal(s, out, &n), CKR_OPERATION_NOT_INITIALIZED);
}

static void decrypt__length_query_and_small_buffer__operation_stays(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_BYTE crypt[128], out[128];
	CK_ULONG n = 0;

	host_encrypt(&k, RSA_PKCS1_PADDING, NULL, label, 5, crypt);
	OK(p11->C_DecryptInit(s, &pkcs1, k.priv));
	OK(p11->C_Decrypt(s, crypt, sizeof(crypt), NULL, &n));
	assert_true(n >= 5 && n <= 128);
	n = 4;
	RV(p11->C_Decrypt(s, crypt, sizeof(crypt), out, &n), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(n, 5);
	OK(p11->C_Decrypt(s, crypt, sizeof(crypt), out, &n));
	assert_memory_equal(out, label, 5);
	RV(p11->C_Decrypt(s, crypt, sizeof(crypt), out, &n), CKR_OPERATION_NOT_INITIALIZED);
}

static void encrypt__too_long__is_refused(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_BYTE in[129] = { 0 }, out[128];
	CK_ULONG n = sizeof(out);

	OK(p11->C_EncryptInit(s, &pkcs1, k.pub));
	RV(p11->C_Encrypt(s, in, 118, out, &n), CKR_DATA_LEN_RANGE);
	OK(p11->C_EncryptInit(s, &raw, k.pub));
	RV(p11->C_Encrypt(s, in, 129, out, &n), CKR_DATA_LEN_RANGE);
	memset(in, 0xFF, sizeof(in));
	OK(p11->C_EncryptInit(s, &raw, k.pub));
	RV(p11->C_Encrypt(s, in, 128, out, &n), CKR_DATA_INVALID);
	RV(p11->C_Encrypt(s, in, 1, out, &n), CKR_OPERATION_NOT_INITIALIZED);
}

static void crypt_init__bad_arguments__are_refused(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_MECHANISM ecdsa = { .mechanism = CKM_ECDSA };
	CK_MECHANISM without = { .mechanism = CKM_RSA_PKCS_OAEP };
	CK_RSA_PKCS_OAEP_PARAMS bad[] = {
		{ CKM_MD5, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL, 0 },
		{ CKM_SHA_1, 77, CKZ_DATA_SPECIFIED, NULL, 0 },
		{ CKM_SHA_1, CKG_MGF1_SHA1, 7, NULL, 0 },
		{ CKM_SHA_1, CKG_MGF1_SHA1, 0, label, 5 },
		{ CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL, 5 },
		{ CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, label, (CK_ULONG)-1 },
	};

	RV(p11->C_EncryptInit(s, &ecdsa, k.pub), CKR_MECHANISM_INVALID);
	RV(p11->C_EncryptInit(s, &pkcs1, k.priv), CKR_KEY_TYPE_INCONSISTENT);
	RV(p11->C_DecryptInit(s, &pkcs1, k.pub), CKR_KEY_TYPE_INCONSISTENT);
	RV(p11->C_DecryptInit(s, &without, k.priv), CKR_MECHANISM_PARAM_INVALID);
	for (size_t i = 0; i < LEN(bad); i++) {
		CK_MECHANISM m = { CKM_RSA_PKCS_OAEP, &bad[i], sizeof(bad[i]) };

		RV(p11->C_DecryptInit(s, &m, k.priv), CKR_MECHANISM_PARAM_INVALID);
		m.ulParameterLen--;
		RV(p11->C_DecryptInit(s, &m, k.priv), CKR_MECHANISM_PARAM_INVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crypt__every_rsa_size_and_padding__libcrypto_agrees),
		cmocka_unit_test(encrypt__short_raw_data__counts_as_a_number),
		cmocka_unit_test(decrypt__wrong_padding__one_answer_for_all),
		cmocka_unit_test(decrypt__other_oaep_label__is_invalid),
		cmocka_unit_test(decrypt__wrong_length_or_number__is_refused),
		cmocka_unit_test(decrypt__length_query_and_small_buffer__operation_stays),
		cmocka_unit_test(encrypt__too_long__is_refused),
		cmocka_unit_test(crypt_init__bad_arguments__are_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
