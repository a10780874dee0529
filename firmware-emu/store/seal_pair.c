#include "store/seal_pair.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "base/ossl.h"

#define TYPE_X25519 "1.3.101.110"

hsm_rc seal_pair_make(uint8_t *public, struct secret *private)
{
	EVP_PKEY *pkey;
	size_t n = SEAL_HALF_LEN;
	bool ok;

	TRY(ossl_random(private->p, SEAL_HALF_LEN));
	private->n = SEAL_HALF_LEN;
	pkey = EVP_PKEY_new_raw_private_key_ex(
	        ossl_ctx(), TYPE_X25519, NULL, private->p, private->n);
	ok = pkey != NULL && EVP_PKEY_get_raw_public_key(pkey, public, &n) == 1;
	EVP_PKEY_free(pkey);
	return ok ? HSM_OK : HSM_E_FAIL;
}

static bool derive(EVP_PKEY *own, EVP_PKEY *other, uint8_t *shared)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(ossl_ctx(), own, NULL);
	size_t n = SEAL_HALF_LEN;
	/* libcrypto refuses a shared secret of zeros (RFC 7748 section 6.1). */
	const bool ok = ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
	                EVP_PKEY_derive_set_peer(ctx, other) == 1 &&
	                EVP_PKEY_derive(ctx, shared, &n) == 1 && n == SEAL_HALF_LEN;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static bool agree(const struct secret *private, const uint8_t *public, struct secret *shared)
{
	EVP_PKEY *own = EVP_PKEY_new_raw_private_key_ex(
	        ossl_ctx(), TYPE_X25519, NULL, private->p, private->n);
	EVP_PKEY *other = EVP_PKEY_new_raw_public_key_ex(
	        ossl_ctx(), TYPE_X25519, NULL, public, SEAL_HALF_LEN);
	const bool ok = own != NULL && other != NULL && derive(own, other, shared->p);

	EVP_PKEY_free(own);
	EVP_PKEY_free(other);
	shared->n = SEAL_HALF_LEN;
	return ok;
}

static bool hkdf(struct secret *shared, struct wr *info, struct secret *key)
{
	char md[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, md, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, shared->p, shared->n),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info->p, info->n),
		OSSL_PARAM_construct_end(),
	};
	EVP_KDF *kdf = EVP_KDF_fetch(ossl_ctx(), "HKDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	const bool ok = ctx != NULL && EVP_KDF_derive(ctx, key->p, SEAL_KEY_LEN, params) == 1;

	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	key->n = SEAL_KEY_LEN;
	return ok;
}

/* The key between `own` and `peer`; both public halves are bound to it. */
static hsm_rc pair_key(const struct secret *own, const uint8_t *peer, const uint8_t *ephemeral,
        const uint8_t *recipient, struct secret *key)
{
	AUTO_SECRET shared = { .n = 0 };
	uint8_t bytes[128];
	struct wr info = WR_ARRAY(bytes);

	wr_rd_put(&info, RD_LIT("twinhsm pair 1"));
	wr_put(&info, ephemeral, SEAL_HALF_LEN);
	wr_put(&info, recipient, SEAL_HALF_LEN);
	TRY(wr_done(&info));
	return agree(own, peer, &shared) && hkdf(&shared, &info, key) ? HSM_OK : HSM_E_FAIL;
}

hsm_rc seal_to(const uint8_t *public, struct rd aad, struct rd plain, struct buf *out)
{
	AUTO_SECRET ephemeral = { .n = 0 };
	AUTO_SECRET key = { .n = 0 };
	uint8_t half[SEAL_HALF_LEN];

	TRY(seal_pair_make(half, &ephemeral));
	TRY(pair_key(&ephemeral, public, half, public, &key));
	TRY(buf_append(out, rd_of(half, sizeof(half))));
	return seal(secret_rd(&key), aad, plain, out);
}

hsm_rc seal_opened(const uint8_t *public, const struct secret *private, struct rd aad,
        struct rd sealed, struct buf *plain)
{
	AUTO_SECRET key = { .n = 0 };
	struct rd half;

	if (!rd_take(&sealed, SEAL_HALF_LEN, &half))
		return HSM_E_TOKEN_DAMAGED;
	if (pair_key(private, half.p, half.p, public, &key) != HSM_OK)
		return HSM_E_TOKEN_DAMAGED;
	return unseal(secret_rd(&key), aad, sealed, plain);
}
