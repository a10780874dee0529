#include "key/secret_key.h"

#include "base/ossl.h"

hsm_rc secret_key_open(struct rd bytes, EVP_PKEY **out)
{
	*out = NULL;
	if (bytes.n > SECRET_MAX || !aes_key_size((unsigned)bytes.n * 8))
		return HSM_E_BAD_DATA;
	*out = EVP_PKEY_new_raw_private_key_ex(ossl_ctx(), "HMAC", NULL, bytes.p, bytes.n);
	return *out == NULL ? HSM_E_FAIL : HSM_OK;
}

hsm_rc secret_key_bytes(EVP_PKEY *pkey, struct secret *out)
{
	out->n = sizeof(out->p);
	if (EVP_PKEY_get_raw_private_key(pkey, out->p, &out->n) == 1)
		return HSM_OK;
	secret_wipe(out);
	return HSM_E_FAIL;
}

hsm_rc secret_key_generate(unsigned bits, EVP_PKEY **out)
{
	AUTO_SECRET bytes = { .n = bits / 8 };

	if (!aes_key_size(bits))
		return HSM_E_BAD_ALG;
	TRY(ossl_random(bytes.p, bytes.n));
	return secret_key_open(secret_rd(&bytes), out);
}
