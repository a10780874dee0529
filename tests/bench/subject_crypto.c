#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include "bench.h"

struct worker {
	EVP_PKEY *key;
	EVP_PKEY_CTX *ctx;
	const uint8_t *input;
	size_t input_n;
};

static EVP_PKEY *new_key(CK_KEY_TYPE type)
{
	EVP_PKEY *key = type == CKK_EC ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048);

	if (key == NULL)
		client_die("libcrypto makes no key");
	return key;
}

static void *worker_new(struct subject *s, CK_KEY_TYPE type)
{
	struct worker *w = calloc(1, sizeof(*w));

	(void)s;
	w->key = new_key(type);
	w->ctx = EVP_PKEY_CTX_new(w->key, NULL);
	w->input = client_input(type, &w->input_n);
	if (w->ctx == NULL || EVP_PKEY_sign_init(w->ctx) != 1)
		client_die("libcrypto prepares no signature");
	if (type == CKK_RSA && EVP_PKEY_CTX_set_rsa_padding(w->ctx, RSA_PKCS1_PADDING) != 1)
		client_die("libcrypto takes no padding");
	return w;
}

static void sign(void *worker)
{
	struct worker *w = worker;
	uint8_t sig[256];
	size_t n = sizeof(sig);

	if (EVP_PKEY_sign(w->ctx, sig, &n, w->input, w->input_n) != 1)
		client_die("libcrypto does not sign");
}

static void worker_free(void *worker)
{
	struct worker *w = worker;

	EVP_PKEY_CTX_free(w->ctx);
	EVP_PKEY_free(w->key);
	free(w);
}

static void generate(struct subject *s, CK_KEY_TYPE type)
{
	s->made_plain = new_key(type);
}

static void forget(struct subject *s)
{
	EVP_PKEY_free(s->made_plain);
}

void subject_crypto_open(struct subject *s)
{
	static const struct subject_ops ops = { worker_new, sign, worker_free, generate, forget };

	*s = (struct subject){ .name = "libcrypto", .ops = &ops };
}
