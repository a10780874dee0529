#include "key/prepare.h"

#include <openssl/rsa.h>

#include "base/ossl.h"

/* Salt as long as the digest, MGF1 with the same digest: libcrypto's default once told so. */
static bool set_padding(EVP_PKEY_CTX *ctx, const struct key_alg *row, const EVP_MD *md)
{
	if (row->type == EMU_KEY_RSA && EVP_PKEY_CTX_set_rsa_padding(ctx, row->padding) != 1)
		return false;
	if (md != NULL && EVP_PKEY_CTX_set_signature_md(ctx, md) != 1)
		return false;
	return row->padding != RSA_PKCS1_PSS_PADDING ||
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

hsm_rc prepare_ctx(const struct key_alg *row, EVP_PKEY *pkey, const EVP_MD *md, EVP_PKEY_CTX **out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(ossl_ctx(), pkey, NULL);
	int ok;

	if (ctx == NULL)
		return HSM_E_MEMORY;
	ok = row->op == KEY_DECRYPT ? EVP_PKEY_decrypt_init(ctx) : EVP_PKEY_sign_init(ctx);
	if (ok != 1 || !set_padding(ctx, row, md)) {
		EVP_PKEY_CTX_free(ctx);
		return HSM_E_FAIL;
	}
	*out = ctx;
	return HSM_OK;
}
