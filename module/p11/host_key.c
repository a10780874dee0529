#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "p11/op.h"

static hsm_rc from_params(const char *type, OSSL_PARAM *params, EVP_PKEY **out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(ossl_ctx(), type, NULL);
	EVP_PKEY *made = NULL;
	bool ok = ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	          EVP_PKEY_fromdata(ctx, &made, EVP_PKEY_PUBLIC_KEY, params) == 1;

	EVP_PKEY_CTX_free(ctx);
	if (!ok) {
		EVP_PKEY_free(made);
		return HSM_E_BAD_DATA;
	}
	EVP_PKEY_free(*out);
	*out = made;
	return HSM_OK;
}

static BIGNUM *to_bn(struct rd magnitude)
{
	return BN_bin2bn(magnitude.p, (int)magnitude.n, NULL);
}

static OSSL_PARAM *rsa_params(const BIGNUM *n, const BIGNUM *e)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;

	if (bld != NULL && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		params = OSSL_PARAM_BLD_to_param(bld);
	OSSL_PARAM_BLD_free(bld);
	return params;
}

static hsm_rc rsa_key(const struct pubkey *key, EVP_PKEY **out)
{
	OSSL_PARAM *params;
	BIGNUM *n, *e;
	hsm_rc rc;

	if (key->modulus.n == 0 || key->exponent.n == 0)
		return HSM_E_BAD_DATA;
	n = to_bn(key->modulus);
	e = to_bn(key->exponent);
	params = n != NULL && e != NULL ? rsa_params(n, e) : NULL;
	rc = params != NULL ? from_params(OSSL_TYPE_RSA, params, out) : HSM_E_MEMORY;
	OSSL_PARAM_free(params);
	BN_free(n);
	BN_free(e);
	return rc;
}

static hsm_rc ec_key(const struct pubkey *key, EVP_PKEY **out)
{
	uint8_t point[POINT_MAX];
	char group[32];
	OSSL_PARAM params[3];

	if (key->curve == NULL || key->point.n > sizeof(point) ||
	        strlen(key->curve->name) >= sizeof(group))
		return HSM_E_BAD_DATA;
	memcpy(point, key->point.p, key->point.n);
	strcpy(group, key->curve->name);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, key->point.n);
	params[2] = OSSL_PARAM_construct_end();
	return from_params(OSSL_TYPE_EC, params, out);
}

hsm_rc host_key(const struct pubkey *key, EVP_PKEY **out)
{
	switch (key->type) {
	case PUBKEY_RSA:
		return rsa_key(key, out);
	case PUBKEY_EC:
		return ec_key(key, out);
	default:
		return HSM_E_BAD_DATA;
	}
}
