#include "store/seal.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <time.h>

#include "base/ossl.h"

enum {
	SCRYPT_R = 8,
	SCRYPT_P = 1,
	LOG2_N_MIN = 4,
	LOG2_N_STRONG = 14,
	LOG2_N_MAX = 20,
	STRONG_MS = 50,
};

/* One pass of AES-256-GCM with lengths known to fit an int. */
static bool gcm(EVP_CIPHER_CTX *ctx, struct rd aad, struct rd in, uint8_t *out)
{
	uint8_t none[1];
	int n = 0;

	return EVP_CipherUpdate(ctx, NULL, &n, aad.p, (int)aad.n) == 1 &&
	       EVP_CipherUpdate(ctx, out, &n, in.p, (int)in.n) == 1 && n == (int)in.n &&
	       EVP_CipherFinal_ex(ctx, none, &n) == 1;
}

static hsm_rc gcm_init(struct rd key, struct rd nonce, int encrypt, EVP_CIPHER_CTX **out)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(ossl_ctx(), "AES-256-GCM", NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	const bool ok = cipher != NULL && ctx != NULL && key.n == SEAL_KEY_LEN &&
	                EVP_CipherInit_ex2(ctx, cipher, key.p, nonce.p, encrypt, NULL) == 1;

	EVP_CIPHER_free(cipher);
	if (!ok) {
		EVP_CIPHER_CTX_free(ctx);
		return HSM_E_FAIL;
	}
	*out = ctx;
	return HSM_OK;
}

hsm_rc seal(struct rd key, struct rd aad, struct rd plain, struct buf *out)
{
	const size_t n = out->n;
	EVP_CIPHER_CTX *ctx = NULL;
	uint8_t *nonce;
	bool ok;

	if (plain.n > UINT16_MAX || aad.n > UINT16_MAX)
		return HSM_E_BAD_LEN;
	TRY(buf_reserve(out, n + SEAL_NONCE_LEN + plain.n + SEAL_TAG_LEN));
	nonce = out->p + n;
	TRY(ossl_random(nonce, SEAL_NONCE_LEN));
	TRY(gcm_init(key, rd_of(nonce, SEAL_NONCE_LEN), 1, &ctx));
	ok = gcm(ctx, aad, plain, nonce + SEAL_NONCE_LEN) &&
	     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG_LEN,
	             nonce + SEAL_NONCE_LEN + plain.n) == 1;
	EVP_CIPHER_CTX_free(ctx);
	if (!ok)
		return HSM_E_FAIL;
	out->n = n + SEAL_NONCE_LEN + plain.n + SEAL_TAG_LEN;
	return HSM_OK;
}

hsm_rc unseal(struct rd key, struct rd aad, struct rd sealed, struct buf *plain)
{
	uint8_t tag_copy[SEAL_TAG_LEN];
	EVP_CIPHER_CTX *ctx = NULL;
	struct rd nonce, text, tag;
	bool ok;

	buf_free(plain);
	if (sealed.n > UINT16_MAX || !rd_take(&sealed, SEAL_NONCE_LEN, &nonce) ||
	        sealed.n < SEAL_TAG_LEN || !rd_take(&sealed, sealed.n - SEAL_TAG_LEN, &text) ||
	        !rd_take(&sealed, SEAL_TAG_LEN, &tag))
		return HSM_E_TOKEN_DAMAGED;
	TRY(buf_reserve(plain, text.n + 1));
	memcpy(tag_copy, tag.p, SEAL_TAG_LEN);
	TRY(gcm_init(key, nonce, 0, &ctx));
	ok = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG_LEN, tag_copy) == 1 &&
	     gcm(ctx, aad, text, plain->p);
	EVP_CIPHER_CTX_free(ctx);
	if (!ok) {
		buf_free(plain);
		return HSM_E_TOKEN_DAMAGED;
	}
	plain->n = text.n;
	return HSM_OK;
}

static bool scrypt(EVP_KDF_CTX *ctx, struct rd pin, struct rd salt, uint8_t log2_n, uint8_t *key)
{
	uint8_t pin_copy[SECRET_MAX], salt_copy[SEAL_SALT_LEN];
	uint64_t n = (uint64_t)1 << log2_n, max_mem = (uint64_t)2 << 30;
	uint32_t r = SCRYPT_R, p = SCRYPT_P;
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, pin_copy, pin.n),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt_copy, salt.n),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &max_mem),
		OSSL_PARAM_construct_end(),
	};
	bool ok;

	memcpy(pin_copy, pin.p, pin.n);
	memcpy(salt_copy, salt.p, salt.n);
	ok = EVP_KDF_derive(ctx, key, SEAL_KEY_LEN, params) == 1;
	OPENSSL_cleanse(pin_copy, sizeof(pin_copy));
	return ok;
}

hsm_rc seal_stretch(struct rd pin, struct rd salt, uint8_t log2_n, struct secret *key)
{
	EVP_KDF *kdf;
	EVP_KDF_CTX *ctx;
	bool ok;

	if (pin.n == 0 || pin.n > SECRET_MAX || salt.n != SEAL_SALT_LEN || log2_n < LOG2_N_MIN ||
	        log2_n > LOG2_N_MAX)
		return HSM_E_BAD_LEN;
	kdf = EVP_KDF_fetch(ossl_ctx(), "SCRYPT", NULL);
	ctx = EVP_KDF_CTX_new(kdf);
	ok = ctx != NULL && scrypt(ctx, pin, salt, log2_n, key->p);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	key->n = ok ? SEAL_KEY_LEN : 0;
	return ok ? HSM_OK : HSM_E_FAIL;
}

static int64_t clock_ms(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

uint8_t seal_strong_cost(void)
{
	const struct rd salt = RD_LIT("timing this host");
	AUTO_SECRET key = { 0 };
	uint8_t log2_n = LOG2_N_STRONG;

	while (log2_n < LOG2_N_MAX) {
		const int64_t start = clock_ms();

		if (seal_stretch(RD_LIT("000000"), salt, log2_n, &key) != HSM_OK ||
		        clock_ms() - start >= STRONG_MS)
			break;
		log2_n++;
	}
	return log2_n;
}
