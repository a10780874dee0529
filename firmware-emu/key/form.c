#include <openssl/x509.h>

#include "base/ossl.h"
#include "key/ec.h"
#include "key/key.h"
#include "key/secret_key.h"

/* The plain form: an AES key is its bytes, an EC key its scalar, an RSA key the RSAPrivateKey of
 * RFC 8017 A.1.2. */

static hsm_rc export_ec(const struct emu_key_meta *meta, EVP_PKEY *pkey, struct buf *plain)
{
	plain->n = 0;
	TRY(buf_reserve(plain, meta->curve->width));
	TRY(ec_key_scalar(meta->curve, pkey, plain->p));
	plain->n = meta->curve->width;
	return HSM_OK;
}

static hsm_rc export_rsa(EVP_PKEY *pkey, struct buf *plain)
{
	unsigned char *der = NULL;
	const int n = i2d_PrivateKey(pkey, &der);
	hsm_rc rc;

	if (n <= 0)
		return HSM_E_FAIL;
	rc = buf_set(plain, rd_of(der, (size_t)n));
	OPENSSL_clear_free(der, (size_t)n);
	return rc;
}

static hsm_rc export_aes(EVP_PKEY *pkey, struct buf *plain)
{
	AUTO_SECRET bytes = { .n = 0 };

	TRY(secret_key_bytes(pkey, &bytes));
	return buf_set(plain, secret_rd(&bytes));
}

hsm_rc key_export(const struct emu_key_meta *meta, EVP_PKEY *pkey, struct buf *plain)
{
	switch (meta->type) {
	case EMU_KEY_RSA:
		return export_rsa(pkey, plain);
	case EMU_KEY_EC:
		return export_ec(meta, pkey, plain);
	case EMU_KEY_AES:
		return export_aes(pkey, plain);
	}
	return HSM_E_FAIL;
}

static hsm_rc import_rsa(const struct emu_key_meta *meta, struct rd plain, EVP_PKEY **out)
{
	const unsigned char *at = plain.p;

	if (plain.n > LONG_MAX)
		return HSM_E_TOKEN_DAMAGED;
	*out = d2i_PrivateKey_ex(EVP_PKEY_RSA, NULL, &at, (long)plain.n, ossl_ctx(), NULL);
	if (*out == NULL)
		return HSM_E_TOKEN_DAMAGED;
	if (at != plain.p + plain.n || EVP_PKEY_get_bits(*out) != meta->bits) {
		EVP_PKEY_free(*out);
		*out = NULL;
		return HSM_E_TOKEN_DAMAGED;
	}
	return HSM_OK;
}

hsm_rc key_import(const struct emu_key_meta *meta, struct rd plain, EVP_PKEY **out)
{
	hsm_rc rc;

	*out = NULL;
	if (meta->type == EMU_KEY_RSA)
		return import_rsa(meta, plain, out);
	if (meta->type == EMU_KEY_AES)
		rc = plain.n * 8 == meta->bits ? secret_key_open(plain, out) : HSM_E_BAD_DATA;
	else
		rc = ec_key_open(meta->curve, plain, out);
	return rc == HSM_E_BAD_DATA ? HSM_E_TOKEN_DAMAGED : rc;
}
