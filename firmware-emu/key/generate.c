#include <openssl/core_names.h>
#include <openssl/params.h>

#include "base/ossl.h"
#include "key/ec.h"
#include "key/key.h"
#include "key/secret_key.h"

static hsm_rc generate(EVP_PKEY_CTX *ctx, const OSSL_PARAM *params, EVP_PKEY **out)
{
	hsm_rc rc = HSM_OK;

	*out = NULL;
	if (ctx == NULL)
		return HSM_E_MEMORY;
	if (EVP_PKEY_keygen_init(ctx) != 1 || EVP_PKEY_CTX_set_params(ctx, params) != 1 ||
	        EVP_PKEY_generate(ctx, out) != 1)
		rc = HSM_E_FAIL;
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

/* The exponent is libcrypto's default, 65537. */
static hsm_rc rsa_generate(size_t bits, EVP_PKEY **out)
{
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_size_t(OSSL_PKEY_PARAM_RSA_BITS, &bits),
		OSSL_PARAM_construct_end(),
	};

	return generate(EVP_PKEY_CTX_new_from_name(ossl_ctx(), OSSL_TYPE_RSA, NULL), params, out);
}

static hsm_rc ec_generate(const struct curve *curve, EVP_PKEY **out)
{
	char name[EC_NAME_MAX];
	const OSSL_PARAM params[] = {
		ec_group_param(curve, name),
		OSSL_PARAM_construct_end(),
	};

	return generate(EVP_PKEY_CTX_new_from_name(ossl_ctx(), OSSL_TYPE_EC, NULL), params, out);
}

hsm_rc key_generate(const struct emu_key_meta *meta, EVP_PKEY **out)
{
	switch (meta->type) {
	case EMU_KEY_RSA:
		return rsa_generate(meta->bits, out);
	case EMU_KEY_EC:
		return ec_generate(meta->curve, out);
	case EMU_KEY_AES:
		return secret_key_generate(meta->bits, out);
	}
	return HSM_E_FAIL;
}
