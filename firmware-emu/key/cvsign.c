#include "key/cvsign.h"

#include "base/ossl.h"
#include "base/tlv.h"
#include "p15/ecsig.h"

enum { TAG_SIGNATURE = 0x5F37 };

static hsm_rc sign(EVP_PKEY *pkey, struct rd data, uint8_t *sig, size_t *sig_n)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	hsm_rc rc = HSM_OK;

	if (ctx == NULL)
		return HSM_E_MEMORY;
	/* PKCS#1 v1.5 is libcrypto's default for RSA. */
	if (EVP_DigestSignInit_ex(ctx, NULL, "SHA256", ossl_ctx(), NULL, pkey, NULL) != 1 ||
	        EVP_DigestSign(ctx, sig, sig_n, data.p, data.n) != 1)
		rc = HSM_E_FAIL;
	EVP_MD_CTX_free(ctx);
	return rc;
}

hsm_rc cvsign_put(EVP_PKEY *pkey, const struct curve *curve, struct rd data, struct wr *out)
{
	uint8_t sig[RSA_BYTES_MAX], plain[2 * CURVE_WIDTH_MAX];
	size_t sig_n = sizeof(sig);
	struct wr w = WR_ARRAY(plain);

	TRY(sign(pkey, data, sig, &sig_n));
	if (curve == NULL) {
		tlv_put(out, TAG_SIGNATURE, rd_of(sig, sig_n));
		return wr_done(out);
	}
	TRY(ecsig_to_raw(rd_of(sig, sig_n), curve->width, &w));
	tlv_put(out, TAG_SIGNATURE, wr_rd(&w));
	return wr_done(out);
}
