/* libcrypto's padding functions are deprecated in 3.0 together with the RSA type, but EVP has no
 * other way to pad for, or unpad from, a raw operation that happens elsewhere: on the card. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/rsa.h>

#include "p11/op.h"

hsm_rc rsa_pad_pkcs1(struct rd in, size_t width, uint8_t *block)
{
	if (in.n > width)
		return HSM_E_BAD_LEN;
	return RSA_padding_add_PKCS1_type_1(block, (int)width, in.p, (int)in.n) == 1
	               ? HSM_OK
	               : HSM_E_BAD_LEN;
}

hsm_rc rsa_pad_pss(
        const struct rsa_params *p, EVP_PKEY *key, struct rd hash, size_t width, uint8_t *block)
{
	RSA *rsa;
	int ok;

	if (hash.n != p->hash->size)
		return HSM_E_BAD_LEN;
	rsa = EVP_PKEY_get1_RSA(key);
	if (rsa == NULL || (size_t)RSA_size(rsa) != width) {
		RSA_free(rsa);
		return HSM_E_FAIL;
	}
	ok = RSA_padding_add_PKCS1_PSS_mgf1(
	        rsa, block, hash.p, ossl_md(p->hash->name), ossl_md(p->mgf->name), (int)p->salt);
	RSA_free(rsa);
	return ok == 1 ? HSM_OK : HSM_E_FAIL;
}

static hsm_rc unpadded(int n, size_t *out_n)
{
	if (n < 0)
		return HSM_E_BAD_DATA;
	*out_n = (size_t)n;
	return HSM_OK;
}

hsm_rc rsa_unpad_pkcs1(
        const struct rsa_params *p, const uint8_t *block, size_t width, uint8_t *out, size_t *out_n)
{
	int w = (int)width;

	(void)p;
	return unpadded(RSA_padding_check_PKCS1_type_2(out, w, block, w, w), out_n);
}

hsm_rc rsa_unpad_oaep(
        const struct rsa_params *p, const uint8_t *block, size_t width, uint8_t *out, size_t *out_n)
{
	int w = (int)width;

	return unpadded(RSA_padding_check_PKCS1_OAEP_mgf1(out, w, block, w, w, p->label.p,
	                        (int)p->label.n, ossl_md(p->hash->name), ossl_md(p->mgf->name)),
	        out_n);
}
