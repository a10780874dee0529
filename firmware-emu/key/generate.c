#include "base/ossl.h"
#include "key/key.h"

hsm_rc key_generate(const struct emu_key_meta *meta, EVP_PKEY **out)
{
	if (meta->type == EMU_KEY_RSA)
		*out = EVP_PKEY_Q_keygen(ossl_ctx(), NULL, "RSA", (size_t)meta->bits);
	else
		*out = EVP_PKEY_Q_keygen(ossl_ctx(), NULL, "EC", meta->curve->name);
	return *out == NULL ? HSM_E_FAIL : HSM_OK;
}
