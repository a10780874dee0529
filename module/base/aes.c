#include "base/aes.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "base/ossl.h"

enum { NAME_MAX_LEN = 16 };

/* libcrypto's name of the cipher for a key of `n` bytes. */
static hsm_rc cipher_name(size_t n, char *name)
{
	static const struct {
		size_t n;
		const char *name;
	} rows[] = {
		{ 16, "AES-128-CBC" },
		{ 24, "AES-192-CBC" },
		{ 32, "AES-256-CBC" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].n == n) {
			strncpy(name, rows[i].name, NAME_MAX_LEN);
			return HSM_OK;
		}
	}
	return HSM_E_BAD_LEN;
}

static bool run(EVP_CIPHER_CTX *ctx, struct rd in, uint8_t *out)
{
	int n = 0, rest = 0;

	return EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
	       EVP_CipherUpdate(ctx, out, &n, in.p, (int)in.n) == 1 &&
	       EVP_CipherFinal_ex(ctx, out + n, &rest) == 1 && (size_t)(n + rest) == in.n;
}

static hsm_rc cbc(struct rd key, struct rd in, int encrypt, struct wr *out)
{
	static const uint8_t iv[AES_BLOCK];
	char name[NAME_MAX_LEN];
	EVP_CIPHER *cipher;
	EVP_CIPHER_CTX *ctx;
	uint8_t *room;
	bool ok;

	if (in.n == 0 || in.n % AES_BLOCK != 0 || in.n > INT32_MAX)
		return HSM_E_BAD_LEN;
	TRY(cipher_name(key.n, name));
	room = wr_room(out, in.n);
	if (room == NULL)
		return HSM_E_SMALL;
	cipher = EVP_CIPHER_fetch(ossl_ctx(), name, NULL);
	ctx = EVP_CIPHER_CTX_new();
	ok = cipher != NULL && ctx != NULL &&
	     EVP_CipherInit_ex2(ctx, cipher, key.p, iv, encrypt, NULL) == 1 && run(ctx, in, room);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	return ok ? HSM_OK : HSM_E_FAIL;
}

hsm_rc aes_cbc_encrypt(struct rd key, struct rd in, struct wr *out)
{
	return cbc(key, in, 1, out);
}

hsm_rc aes_cbc_decrypt(struct rd key, struct rd in, struct wr *out)
{
	return cbc(key, in, 0, out);
}

hsm_rc aes_cmac(struct rd key, struct rd in, uint8_t *mac)
{
	char name[NAME_MAX_LEN];
	OSSL_PARAM params[2];
	EVP_MAC *cmac;
	EVP_MAC_CTX *ctx;
	size_t n = 0;
	bool ok;

	TRY(cipher_name(key.n, name));
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, name, 0);
	params[1] = OSSL_PARAM_construct_end();
	cmac = EVP_MAC_fetch(ossl_ctx(), "CMAC", NULL);
	ctx = EVP_MAC_CTX_new(cmac);
	ok = ctx != NULL && EVP_MAC_init(ctx, key.p, key.n, params) == 1 &&
	     EVP_MAC_update(ctx, in.p, in.n) == 1 && EVP_MAC_final(ctx, mac, &n, AES_BLOCK) == 1 &&
	     n == AES_BLOCK;
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(cmac);
	return ok ? HSM_OK : HSM_E_FAIL;
}
