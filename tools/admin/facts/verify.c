#include "verify.h"

#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/ossl.h"
#include "p15/ecsig.h"

enum { SPKI_MAX = RSA_BYTES_MAX + 128, SIG_DER_MAX = 2 * CURVE_WIDTH_MAX + 16 };

hsm_rc public_spki(const struct pubkey *key, struct buf *out)
{
	uint8_t spki[SPKI_MAX];
	struct wr w = WR_ARRAY(spki);

	if (key->type == PUBKEY_NONE || (key->modulus.n == 0 && key->point.n == 0))
		return HSM_E_BAD_DATA;
	pubkey_put_spki(&w, key);
	TRY(wr_done(&w));
	return buf_set(out, wr_rd(&w));
}

static EVP_PKEY *public_open(const struct pubkey *key)
{
	AUTO_BUF spki = { 0 };
	const unsigned char *p;

	if (public_spki(key, &spki) != HSM_OK)
		return NULL;
	p = spki.p;
	return d2i_PUBKEY_ex(NULL, &p, (long)spki.n, ossl_ctx(), NULL);
}

static bool pad(EVP_PKEY_CTX *ctx, enum public_scheme scheme)
{
	return scheme != SCHEME_PSS ||
	       (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	               EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1);
}

static bool verify(EVP_PKEY *pkey, enum public_scheme scheme, struct rd data, struct rd sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;
	const bool ok =
	        ctx != NULL &&
	        EVP_DigestVerifyInit_ex(ctx, &pctx, "SHA256", ossl_ctx(), NULL, pkey, NULL) == 1 &&
	        pad(pctx, scheme) && EVP_DigestVerify(ctx, sig.p, sig.n, data.p, data.n) == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

bool public_verify(
        const struct pubkey *key, enum public_scheme scheme, struct rd data, struct rd sig)
{
	uint8_t der[SIG_DER_MAX];
	struct wr w = WR_ARRAY(der);
	EVP_PKEY *pkey;
	bool ok;

	if ((scheme == SCHEME_ECDSA) != (key->type == PUBKEY_EC))
		return false;
	if (scheme == SCHEME_ECDSA) {
		if (ecsig_to_der(sig, &w) != HSM_OK)
			return false;
		sig = wr_rd(&w);
	}
	pkey = public_open(key);
	ok = pkey != NULL && verify(pkey, scheme, data, sig);
	EVP_PKEY_free(pkey);
	return ok;
}
