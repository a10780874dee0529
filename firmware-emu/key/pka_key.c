#include "key/pka_key.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "base/ossl.h"
#include "base/tlv.h"
#include "core/image.h"
#include "p15/cvc_tags.h"
#include "p15/cvc_verify.h"
#include "p15/ecsig.h"

#define RSA_SHA256   CVC_ID_TA_RSA "\x02"
#define ECDSA_SHA256 CVC_ID_TA_ECDSA "\x03"

enum {
	SIGNED_MAX = P15_CHR_MAX + 64,
	SIG_DER_MAX = 2 * CURVE_WIDTH_MAX + 16,
	EXPONENT_MAX = 8, /* a long one would only take time */
};

/* ---- public keys ---- */

/* A number into a parameter, which libcrypto wants in the byte order of the machine. */
static OSSL_PARAM number_param(const char *name, struct rd v, uint8_t *room)
{
	for (size_t i = 0; i < v.n; i++) {
		const size_t at = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? v.n - 1 - i : i;

		room[at] = v.p[i];
	}
	return OSSL_PARAM_construct_BN(name, room, v.n);
}

static hsm_rc rsa_public_open(const struct cvc_key *key, EVP_PKEY **out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(ossl_ctx(), "RSA", NULL);
	uint8_t modulus[RSA_BYTES_MAX], exponent[EXPONENT_MAX];
	OSSL_PARAM params[3];
	bool ok = ctx != NULL && key->modulus.n <= sizeof(modulus) &&
	          key->exponent.n <= sizeof(exponent);

	*out = NULL;
	if (ok) {
		params[0] = number_param(OSSL_PKEY_PARAM_RSA_N, key->modulus, modulus);
		params[1] = number_param(OSSL_PKEY_PARAM_RSA_E, key->exponent, exponent);
		params[2] = OSSL_PARAM_construct_end();
		ok = EVP_PKEY_fromdata_init(ctx) == 1 &&
		     EVP_PKEY_fromdata(ctx, out, EVP_PKEY_PUBLIC_KEY, params) == 1;
	}
	EVP_PKEY_CTX_free(ctx);
	return ok ? HSM_OK : HSM_E_BAD_DATA;
}

static hsm_rc public_open(const struct cvc_key *key, EVP_PKEY **out)
{
	return key->is_rsa ? rsa_public_open(key, out)
	                   : ec_public_open(key->curve, key->point, out);
}

/* ---- signatures ---- */

static bool verify(EVP_PKEY *pkey, struct rd data, struct rd sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	/* PKCS#1 v1.5 is libcrypto's default for RSA. */
	const bool ok =
	        ctx != NULL &&
	        EVP_DigestVerifyInit_ex(ctx, NULL, "SHA256", ossl_ctx(), NULL, pkey, NULL) == 1 &&
	        EVP_DigestVerify(ctx, sig.p, sig.n, data.p, data.n) == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

static bool has_signed(const struct cvc_key *key, struct rd data, struct rd sig)
{
	uint8_t der[SIG_DER_MAX];
	struct wr w = WR_ARRAY(der);
	EVP_PKEY *pkey;
	bool ok;

	if (!key->is_rsa) {
		if (sig.n != 2 * (size_t)key->curve->width || ecsig_to_der(sig, &w) != HSM_OK)
			return false;
		sig = wr_rd(&w);
	}
	if (public_open(key, &pkey) != HSM_OK)
		return false;
	ok = verify(pkey, data, sig);
	EVP_PKEY_free(pkey);
	return ok;
}

/* ---- requests ---- */

/* A whole key of the kinds that can be registered. */
static bool is_acceptable(const struct cvc_key *key)
{
	if (key->is_rsa)
		return rd_equal(key->oid, RD_LIT(RSA_SHA256)) && key->modulus.n != 0;
	return rd_equal(key->oid, RD_LIT(ECDSA_SHA256)) && key->curve != NULL && key->point.n != 0;
}

/* The chain's keys are all of one kind. */
static struct cvc_key key_of(const struct trust_key *by)
{
	return (struct cvc_key){
		.curve = cvc_chain_curve(),
		.point = rd_of(by->point, sizeof(by->point)),
	};
}

static hsm_rc parse(struct rd content, struct cvc_request *out)
{
	const hsm_rc rc = cvc_request_content_parse(content, out);

	return rc == HSM_E_CARD_DATA ? HSM_E_BAD_DATA : rc;
}

static hsm_rc keep(const struct cvc *request, struct pka_candidate *out)
{
	uint8_t key[PKA_KEY_LEN_MAX];
	struct wr w = WR_ARRAY(key);

	cvc_key_put(&w, &request->key);
	TRY(wr_done(&w));
	out->chr = request->chr;
	return buf_set(&out->key, wr_rd(&w));
}

hsm_rc pka_key_verify(const struct trust_key *by, struct rd content, struct pka_candidate *out)
{
	const struct cvc_key device = key_of(by);
	struct cvc_request req;
	const struct cvc *inner = &req.request;

	TRY(parse(content, &req));
	if (inner->role.n != 0)
		return HSM_E_BAD_DATA; /* a certificate */
	if (!is_acceptable(&inner->key))
		return HSM_E_BAD_ALG;
	if (inner->chr.n < PKA_CHR_MIN || inner->chr.n > P15_CHR_MAX || by->may_issue ||
	        !rd_equal(req.car, rd_of(by->chr, by->chr_n)) ||
	        !has_signed(&inner->key, inner->body, inner->signature) ||
	        !has_signed(&device, req.covered, req.signature))
		return HSM_E_NOT_ALLOWED;
	return keep(inner, out);
}

/* ---- the challenge ---- */

bool pka_key_signed(struct rd key, const char *device_chr, struct rd challenge, struct rd sig)
{
	struct cvc_key parsed = { 0 };
	uint8_t data[SIGNED_MAX];
	struct wr w = WR_ARRAY(data);
	struct rd content;

	wr_rd_put(&w, rd_str(device_chr));
	wr_rd_put(&w, challenge);
	return wr_done(&w) == HSM_OK && tlv_get(&key, CVC_KEY, &content) &&
	       cvc_key_parse(content, &parsed) == HSM_OK && is_acceptable(&parsed) &&
	       has_signed(&parsed, wr_rd(&w), sig);
}
