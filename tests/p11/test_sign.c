/* Every signature mechanism with every key: made by the card, judged by libcrypto and by C_Verify.
 */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#include "p11_keys.h"

static const CK_MECHANISM_TYPE rsa_mechs[] = { CKM_RSA_PKCS, CKM_RSA_X_509, CKM_SHA1_RSA_PKCS,
	CKM_SHA224_RSA_PKCS, CKM_SHA256_RSA_PKCS, CKM_SHA384_RSA_PKCS, CKM_SHA512_RSA_PKCS };

static const CK_MECHANISM_TYPE ec_mechs[] = { CKM_ECDSA, CKM_ECDSA_SHA1, CKM_ECDSA_SHA224,
	CKM_ECDSA_SHA256, CKM_ECDSA_SHA384, CKM_ECDSA_SHA512 };

/* Digest, its MGF, and the mechanism that does both; 0: CKM_RSA_PKCS_PSS alone. */
static const struct pss_case {
	CK_MECHANISM_TYPE type, hash;
	CK_RSA_PKCS_MGF_TYPE mgf;
	const char *md, *mgf_md;
	CK_ULONG salt;
} pss_cases[] = {
	{ CKM_SHA1_RSA_PKCS_PSS, CKM_SHA_1, CKG_MGF1_SHA1, "SHA1", "SHA1", 20 },
	{ CKM_SHA224_RSA_PKCS_PSS, CKM_SHA224, CKG_MGF1_SHA224, "SHA224", "SHA224", 28 },
	{ CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, "SHA256", "SHA256", 32 },
	{ CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, "SHA256", "SHA256", 0 },
	{ CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA1, "SHA256", "SHA1", 20 },
	{ CKM_SHA384_RSA_PKCS_PSS, CKM_SHA384, CKG_MGF1_SHA384, "SHA384", "SHA384", 48 },
	{ CKM_SHA512_RSA_PKCS_PSS, CKM_SHA512, CKG_MGF1_SHA512, "SHA512", "SHA512", 62 },
	{ CKM_SHA512_RSA_PKCS_PSS, CKM_SHA512, CKG_MGF1_SHA512, "SHA512", "SHA512", 1 },
	{ CKM_RSA_PKCS_PSS, CKM_SHA_1, CKG_MGF1_SHA1, NULL, "SHA1", 20 },
	{ CKM_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, NULL, "SHA256", 32 },
	{ CKM_RSA_PKCS_PSS, CKM_SHA384, CKG_MGF1_SHA512, NULL, "SHA512", 7 },
};

/* ---- what libcrypto thinks of a signature ---- */

static int judge(EVP_PKEY *pkey, int pad, const struct pss_case *pss, struct rd in, struct rd sig)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	int ok = EVP_PKEY_verify_init(ctx);

	if (pad != 0)
		ok &= EVP_PKEY_CTX_set_rsa_padding(ctx, pad) == 1;
	if (pss != NULL) {
		ok &= EVP_PKEY_CTX_set_signature_md(ctx, EVP_get_digestbyname(pss->md)) == 1;
		ok &= EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_get_digestbyname(pss->mgf_md)) == 1;
		ok &= EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, (int)pss->salt) == 1;
	}
	assert_int_equal(ok, 1);
	ok = EVP_PKEY_verify(ctx, sig.p, sig.n, in.p, in.n);
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static struct rd hashed(const char *md, struct rd data, uint8_t *out)
{
	unsigned n;

	assert_int_equal(EVP_Digest(data.p, data.n, out, &n, EVP_get_digestbyname(md), NULL), 1);
	return rd_of(out, n);
}

static int judge_digest(EVP_PKEY *pkey, const char *md, struct rd data, struct rd sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok = EVP_DigestVerifyInit(ctx, NULL, EVP_get_digestbyname(md), NULL, pkey);

	assert_int_equal(ok, 1);
	ok = EVP_DigestVerify(ctx, sig.p, sig.n, data.p, data.n);
	EVP_MD_CTX_free(ctx);
	return ok;
}

static int judge_rsa(const struct key *k, CK_MECHANISM_TYPE type, struct rd data, struct rd sig)
{
	uint8_t block[512] = { 0 };

	if (mech_md(type) != NULL)
		return judge_digest(k->pkey, mech_md(type), data, sig);
	if (type == CKM_RSA_PKCS)
		return judge(k->pkey, RSA_PKCS1_PADDING, NULL, data, sig);
	memcpy(block + k->width - data.n, data.p, data.n);
	return judge(k->pkey, RSA_NO_PADDING, NULL, rd_of(block, k->width), sig);
}

static int judge_ec(const struct key *k, CK_MECHANISM_TYPE type, struct rd data, struct rd sig)
{
	ECDSA_SIG *rs = ECDSA_SIG_new();
	uint8_t der[160], hash[64], *end = der;
	const char *md = mech_md(type);
	int n;

	assert_int_equal(sig.n, 2 * k->width);
	ECDSA_SIG_set0(rs, BN_bin2bn(sig.p, (int)k->width, NULL),
	        BN_bin2bn(sig.p + k->width, (int)k->width, NULL));
	n = i2d_ECDSA_SIG(rs, &end);
	assert_true(n > 0);
	ECDSA_SIG_free(rs);
	if (md != NULL)
		data = hashed(md, data, hash);
	return judge(k->pkey, 0, NULL, data, rd_of(der, (size_t)n));
}

/* ---- the module ---- */

static struct rd sign(
        CK_SESSION_HANDLE s, CK_MECHANISM *m, const struct key *k, struct rd data, uint8_t *out)
{
	CK_ULONG n = 512;

	OK(p11->C_SignInit(s, m, k->priv));
	OK(p11->C_Sign(s, (CK_BYTE_PTR)(uintptr_t)data.p, data.n, out, &n));
	return rd_of(out, n);
}

static struct rd sign_parts(
        CK_SESSION_HANDLE s, CK_MECHANISM *m, const struct key *k, struct rd data, uint8_t *out)
{
	CK_BYTE_PTR p = (CK_BYTE_PTR)(uintptr_t)data.p;
	CK_ULONG n = 512;

	OK(p11->C_SignInit(s, m, k->priv));
	OK(p11->C_SignUpdate(s, p, 1));
	OK(p11->C_SignUpdate(s, p + 1, 0));
	OK(p11->C_SignUpdate(s, p + 1, data.n - 1));
	OK(p11->C_SignFinal(s, out, &n));
	return rd_of(out, n);
}

static CK_RV verify(
        CK_SESSION_HANDLE s, CK_MECHANISM *m, const struct key *k, struct rd data, struct rd sig)
{
	OK(p11->C_VerifyInit(s, m, k->pub));
	return p11->C_Verify(
	        s, (CK_BYTE_PTR)(uintptr_t)data.p, data.n, (CK_BYTE_PTR)(uintptr_t)sig.p, sig.n);
}

static CK_RV verify_parts(
        CK_SESSION_HANDLE s, CK_MECHANISM *m, const struct key *k, struct rd data, struct rd sig)
{
	CK_BYTE_PTR p = (CK_BYTE_PTR)(uintptr_t)data.p;

	OK(p11->C_VerifyInit(s, m, k->pub));
	OK(p11->C_VerifyUpdate(s, p, 2));
	OK(p11->C_VerifyUpdate(s, p + 2, data.n - 2));
	return p11->C_VerifyFinal(s, (CK_BYTE_PTR)(uintptr_t)sig.p, sig.n);
}

/* What C_Verify must say to a right signature and to wrong ones. */
static void check_verify(
        CK_SESSION_HANDLE s, CK_MECHANISM *m, const struct key *k, struct rd data, struct rd sig)
{
	uint8_t bad[512], other[64];

	OK(verify(s, m, k, data, sig));
	OK(verify_parts(s, m, k, data, sig));
	memcpy(bad, sig.p, sig.n);
	bad[sig.n - 1] ^= 1;
	RV(verify(s, m, k, data, rd_of(bad, sig.n)), CKR_SIGNATURE_INVALID);
	memcpy(other, data.p, data.n);
	other[0] ^= 1;
	RV(verify(s, m, k, rd_of(other, data.n), sig), CKR_SIGNATURE_INVALID);
	RV(verify(s, m, k, data, rd_of(sig.p, sig.n - 1)), CKR_SIGNATURE_LEN_RANGE);
	memset(bad, 0, sig.n);
	RV(verify(s, m, k, data, rd_of(bad, sig.n)), CKR_SIGNATURE_INVALID);
}

static void check_pair(CK_SESSION_HANDLE s, CK_MECHANISM *m, const struct key *k, struct rd data,
        int (*right)(const struct key *, CK_MECHANISM_TYPE, struct rd, struct rd))
{
	uint8_t one[512], parts[512];
	struct rd sig = sign(s, m, k, data, one);

	assert_int_equal(right(k, m->mechanism, data, sig), 1);
	check_verify(s, m, k, data, sig);
	sig = sign_parts(s, m, k, data, parts);
	assert_int_equal(right(k, m->mechanism, data, sig), 1);
	if (k->is_rsa)
		assert_memory_equal(one, parts, sig.n);
}

static const struct rd message = RD_LIT("the message that is signed");

static void check_pss(CK_SESSION_HANDLE s, const struct key *k, const struct pss_case *c)
{
	CK_RSA_PKCS_PSS_PARAMS p = { c->hash, c->mgf, c->salt };
	CK_MECHANISM m = { c->type, &p, sizeof(p) };
	struct pss_case judged = *c;
	uint8_t hash[64], out[512];
	struct rd data = message, in, sig;

	judged.md = mech_md(c->hash);
	in = hashed(judged.md, message, hash);
	if (c->md == NULL)
		data = in;
	sig = sign(s, &m, k, data, out);
	assert_int_equal(sig.n, k->width);
	assert_int_equal(judge(k->pkey, RSA_PKCS1_PSS_PADDING, &judged, in, sig), 1);
	check_verify(s, &m, k, data, sig);
	sig = sign_parts(s, &m, k, data, out);
	assert_int_equal(judge(k->pkey, RSA_PKCS1_PSS_PADDING, &judged, in, sig), 1);
}

static void sign__every_rsa_size_and_mechanism__libcrypto_agrees(void **state)
{
	CK_SESSION_HANDLE s = session(state);

	for (size_t i = 0; key_rsa_sizes[i] != 0; i++) {
		struct key k;

		key_rsa(s, key_rsa_sizes[i], &k);
		for (size_t j = 0; j < LEN(rsa_mechs); j++) {
			CK_MECHANISM m = { .mechanism = rsa_mechs[j] };

			check_pair(s, &m, &k, message, judge_rsa);
		}
		for (size_t j = 0; j < LEN(pss_cases); j++)
			check_pss(s, &k, &pss_cases[j]);
		key_done(&k);
	}
}

static void sign__every_curve_and_mechanism__libcrypto_agrees(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	uint8_t zeros[200] = { 1 };

	for (size_t i = 0; key_curves[i] != NULL; i++) {
		struct key k;

		key_ec(s, key_curves[i], &k);
		for (size_t j = 0; j < LEN(ec_mechs); j++) {
			CK_MECHANISM m = { .mechanism = ec_mechs[j] };

			check_pair(s, &m, &k, message, judge_ec);
		}
		/* CKM_ECDSA on what is longer than the order, and on a digest of 64 bytes. */
		for (size_t n = 20; n <= sizeof(zeros); n += n < 64 ? 4 : 68) {
			CK_MECHANISM m = { .mechanism = CKM_ECDSA };
			uint8_t out[512];
			struct rd data = rd_of(zeros, n), sig;

			sig = sign(s, &m, &k, data, out);
			assert_int_equal(judge_ec(&k, CKM_ECDSA, data, sig), 1);
			OK(verify(s, &m, &k, data, sig));
			sig = sign_parts(s, &m, &k, data, out);
			assert_int_equal(judge_ec(&k, CKM_ECDSA, data, sig), 1);
		}
		key_done(&k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sign__every_rsa_size_and_mechanism__libcrypto_agrees),
		cmocka_unit_test(sign__every_curve_and_mechanism__libcrypto_agrees),
	};

	return cmocka_run_group_tests(tests, keys_setup, keys_teardown);
}
