#include "point.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

enum { WIDTH = 32, POINT_LEN = 1 + 2 * WIDTH };

static EVP_PKEY *key_of(const uint8_t *point)
{
	char group[] = "prime256v1";
	uint8_t copy[POINT_LEN];
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group) - 1),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, copy, sizeof(copy)), OSSL_PARAM_END
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;

	for (size_t i = 0; i < sizeof(copy); i++)
		copy[i] = point[i];
	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static int to_der(const uint8_t *sig, uint8_t **der)
{
	ECDSA_SIG *s = ECDSA_SIG_new();
	int n = -1;

	if (s != NULL && ECDSA_SIG_set0(s, BN_bin2bn(sig, WIDTH, NULL),
	                         BN_bin2bn(sig + WIDTH, WIDTH, NULL)) == 1)
		n = i2d_ECDSA_SIG(s, der);
	ECDSA_SIG_free(s);
	return n;
}

bool point_verify(const uint8_t *ec_point, size_t ec_point_n, const uint8_t *digest,
        size_t digest_n, const uint8_t *sig, size_t sig_n)
{
	EVP_PKEY *key;
	EVP_PKEY_CTX *ctx;
	uint8_t *der = NULL;
	int der_n;
	bool good;

	if (ec_point_n != 2 + POINT_LEN || ec_point[0] != 0x04 || ec_point[1] != POINT_LEN ||
	        sig_n != 2 * WIDTH)
		return false;
	key = key_of(ec_point + 2);
	ctx = key != NULL ? EVP_PKEY_CTX_new(key, NULL) : NULL;
	der_n = to_der(sig, &der);
	good = ctx != NULL && der_n > 0 && EVP_PKEY_verify_init(ctx) == 1 &&
	       EVP_PKEY_verify(ctx, der, (size_t)der_n, digest, digest_n) == 1;
	OPENSSL_free(der);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return good;
}
