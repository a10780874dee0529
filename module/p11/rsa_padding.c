/* Paddings of RSA (RFC 8017) for a raw operation that happens elsewhere: on the card. EVP cannot do
 * that, so libcrypto's padding functions are used although 3.0 deprecates them together with the
 * RSA type; but not the one for PSS, which wants an RSA object: such an object belongs to whatever
 * engine the host has made its default, and that may be us. */
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

/* H = Hash(eight zeros, digest, salt) */
static bool pss_hash(const EVP_MD *md, struct rd digest, struct rd salt, uint8_t *h)
{
	static const uint8_t zeros[8];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL && EVP_DigestInit_ex2(ctx, md, NULL) == 1 &&
	          EVP_DigestUpdate(ctx, zeros, sizeof(zeros)) == 1 &&
	          EVP_DigestUpdate(ctx, digest.p, digest.n) == 1 &&
	          EVP_DigestUpdate(ctx, salt.p, salt.n) == 1 &&
	          EVP_DigestFinal_ex(ctx, h, NULL) == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

hsm_rc rsa_pad_pss(const struct rsa_params *p, struct rd digest, size_t bits, uint8_t *block)
{
	uint8_t salt[RSA_BYTES_MAX], mask[RSA_BYTES_MAX];
	size_t width = (bits + 7) / 8, n = (bits - 1 + 7) / 8, spare = 8 * n - (bits - 1);
	size_t h_n = p->hash->size, db_n;
	uint8_t *em = block + (width - n), *h;

	if (digest.n != h_n || h_n + p->salt + 2 > n)
		return HSM_E_BAD_LEN;
	db_n = n - h_n - 1;
	h = em + db_n;
	TRY(ossl_random(salt, p->salt));
	memset(block, 0, width);
	em[db_n - p->salt - 1] = 0x01;
	memcpy(em + db_n - p->salt, salt, p->salt);
	if (!pss_hash(ossl_md(p->hash->name), digest, rd_of(salt, p->salt), h) ||
	        PKCS1_MGF1(mask, (long)db_n, h, (long)h_n, ossl_md(p->mgf->name)) != 0)
		return HSM_E_FAIL;
	for (size_t i = 0; i < db_n; i++)
		em[i] ^= mask[i];
	em[0] &= (uint8_t)(0xFF >> spare);
	em[n - 1] = 0xBC;
	return HSM_OK;
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
