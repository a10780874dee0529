#include "key/rsa.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "base/ossl.h"
#include "p15/point.h"

enum {
	EXPONENT_MAX = 8,  /* bytes of the public exponent */
	POWER_OF_TWO = 64, /* more of it in d e - 1 has no key made by chance */
	TRIES = 64,        /* each of which fails for one key in two at most */
};

/* Numbers of a key; released together. */
enum number { N, E, D, P, Q, DP, DQ, QINV, NUMBERS };

static const char *const names[NUMBERS] = {
	[N] = OSSL_PKEY_PARAM_RSA_N,
	[E] = OSSL_PKEY_PARAM_RSA_E,
	[D] = OSSL_PKEY_PARAM_RSA_D,
	[P] = OSSL_PKEY_PARAM_RSA_FACTOR1,
	[Q] = OSSL_PKEY_PARAM_RSA_FACTOR2,
	[DP] = OSSL_PKEY_PARAM_RSA_EXPONENT1,
	[DQ] = OSSL_PKEY_PARAM_RSA_EXPONENT2,
	[QINV] = OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
};

struct rsa {
	BN_CTX *bn;
	BIGNUM *v[NUMBERS];
	BIGNUM *t[4]; /* for whoever computes */
};

static hsm_rc rsa_init(struct rsa *r)
{
	bool ok;

	r->bn = BN_CTX_secure_new_ex(ossl_ctx());
	ok = r->bn != NULL;
	for (size_t i = 0; i < NUMBERS; i++)
		ok = (r->v[i] = BN_secure_new()) != NULL && ok;
	for (size_t i = 0; i < sizeof(r->t) / sizeof(r->t[0]); i++)
		ok = (r->t[i] = BN_secure_new()) != NULL && ok;
	return ok ? HSM_OK : HSM_E_MEMORY;
}

static void rsa_done(struct rsa *r)
{
	for (size_t i = 0; i < NUMBERS; i++)
		BN_clear_free(r->v[i]);
	for (size_t i = 0; i < sizeof(r->t) / sizeof(r->t[0]); i++)
		BN_clear_free(r->t[i]);
	BN_CTX_free(r->bn);
}

static bool set(struct rsa *r, enum number which, struct rd v)
{
	return v.n != 0 && v.n <= RSA_BYTES_MAX && BN_bin2bn(v.p, (int)v.n, r->v[which]) != NULL;
}

/* ---- what a blob leaves out ---- */

/* One try to split n (NIST SP 800-56B revision 2, appendix C.1): t[0] is the odd part of d e - 1,
 * `twos` how often 2 divides it. A factor is in P when `*found`. */
static bool split_once(struct rsa *r, int twos, bool *found)
{
	BIGNUM *y = r->t[1], *x = r->t[2], *last = r->t[3];

	*found = false;
	if (!BN_sub(last, r->v[N], BN_value_one()) ||
	        !BN_priv_rand_range_ex(y, r->v[N], 0, r->bn) ||
	        !BN_mod_exp(y, y, r->t[0], r->v[N], r->bn))
		return false;
	for (int i = 0; i < twos && !BN_is_one(y) && BN_cmp(y, last) != 0; i++) {
		if (!BN_mod_sqr(x, y, r->v[N], r->bn))
			return false;
		if (BN_is_one(x)) {
			*found = true;
			return BN_sub(y, y, BN_value_one()) && BN_gcd(r->v[P], y, r->v[N], r->bn);
		}
		BN_swap(x, y);
	}
	return true;
}

static bool split(struct rsa *r)
{
	bool found = false;
	int twos = 0;

	if (!BN_mul(r->t[0], r->v[D], r->v[E], r->bn) || !BN_sub_word(r->t[0], 1) ||
	        BN_is_zero(r->t[0]))
		return false;
	while (!BN_is_bit_set(r->t[0], twos) && twos <= POWER_OF_TWO)
		twos++;
	if (twos == 0 || twos > POWER_OF_TWO || !BN_rshift(r->t[0], r->t[0], twos))
		return false;
	for (int i = 0; i < TRIES && !found; i++) {
		if (!split_once(r, twos, &found))
			return false;
	}
	return found && BN_div(r->v[Q], NULL, r->v[N], r->v[P], r->bn);
}

/* P and Q, the larger first, and what follows from them. */
static bool crt_from_exponent(struct rsa *r)
{
	if (!split(r))
		return false;
	if (BN_cmp(r->v[P], r->v[Q]) < 0)
		BN_swap(r->v[P], r->v[Q]);
	return BN_sub(r->t[0], r->v[P], BN_value_one()) &&
	       BN_mod(r->v[DP], r->v[D], r->t[0], r->bn) &&
	       BN_sub(r->t[0], r->v[Q], BN_value_one()) &&
	       BN_mod(r->v[DQ], r->v[D], r->t[0], r->bn) &&
	       BN_mod_inverse(r->v[QINV], r->v[Q], r->v[P], r->bn) != NULL;
}

/* The private exponent: the inverse of e modulo the least common multiple of p - 1 and q - 1. */
static bool exponent_from_crt(struct rsa *r)
{
	return BN_sub(r->t[0], r->v[P], BN_value_one()) &&
	       BN_sub(r->t[1], r->v[Q], BN_value_one()) &&
	       BN_gcd(r->t[2], r->t[0], r->t[1], r->bn) && !BN_is_zero(r->t[2]) &&
	       BN_mul(r->t[3], r->t[0], r->t[1], r->bn) &&
	       BN_div(r->t[3], NULL, r->t[3], r->t[2], r->bn) && !BN_is_zero(r->t[3]) &&
	       BN_mod_inverse(r->v[D], r->v[E], r->t[3], r->bn) != NULL;
}

/* ---- to and from libcrypto ---- */

static bool params_push(const struct rsa *r, OSSL_PARAM_BLD *build)
{
	for (size_t i = 0; i < NUMBERS; i++) {
		if (OSSL_PARAM_BLD_push_BN(build, names[i], r->v[i]) != 1)
			return false;
	}
	return true;
}

static EVP_PKEY *pkey_new(const struct rsa *r)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(ossl_ctx(), OSSL_TYPE_RSA, NULL);
	EVP_PKEY *pkey = NULL;

	if (build != NULL && params_push(r, build))
		params = OSSL_PARAM_BLD_to_param(build);
	if (ctx != NULL && params != NULL && EVP_PKEY_fromdata_init(ctx) == 1)
		(void)EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

/* Primes, their product, exponents: all of it. */
static bool consistent(EVP_PKEY *pkey)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(ossl_ctx(), pkey, NULL);
	const bool ok = ctx != NULL && EVP_PKEY_check(ctx) == 1;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static bool set_all(struct rsa *r, const struct keyblob *b)
{
	if (b->type == KEYBLOB_RSA)
		return set(r, N, b->part[KB_RSA_N]) && set(r, E, b->part[KB_RSA_E]) &&
		       set(r, D, b->part[KB_RSA_D]) && crt_from_exponent(r);
	return set(r, N, b->part[KB_CRT_N]) && set(r, E, b->part[KB_CRT_E]) &&
	       set(r, P, b->part[KB_CRT_P]) && set(r, Q, b->part[KB_CRT_Q]) &&
	       set(r, DP, b->part[KB_CRT_DP]) && set(r, DQ, b->part[KB_CRT_DQ]) &&
	       set(r, QINV, b->part[KB_CRT_QINV]) && exponent_from_crt(r);
}

hsm_rc rsa_key_open(const struct keyblob *blob, EVP_PKEY **out)
{
	const bool crt = blob->type == KEYBLOB_RSA_CRT;
	const struct rd n = blob->part[crt ? (int)KB_CRT_N : (int)KB_RSA_N];
	const struct rd e = blob->part[crt ? (int)KB_CRT_E : (int)KB_RSA_E];
	struct rsa r = { 0 };
	uint16_t bits;
	hsm_rc rc;

	*out = NULL;
	if (!rsa_bits(n, e, &bits) || bits != blob->bits || e.n > EXPONENT_MAX)
		return HSM_E_BAD_DATA;
	rc = rsa_init(&r);
	if (rc == HSM_OK && set_all(&r, blob))
		*out = pkey_new(&r);
	rsa_done(&r);
	if (rc == HSM_OK && (*out == NULL || !consistent(*out))) {
		EVP_PKEY_free(*out);
		*out = NULL;
		rc = HSM_E_BAD_DATA;
	}
	return rc;
}

static hsm_rc part(EVP_PKEY *pkey, enum number which, struct wr *room, struct rd *out)
{
	BIGNUM *v = NULL;
	uint8_t *at = NULL;
	size_t n = 0;

	if (EVP_PKEY_get_bn_param(pkey, names[which], &v) == 1) {
		n = (size_t)BN_num_bytes(v);
		at = wr_room(room, n);
		if (at != NULL)
			BN_bn2bin(v, at);
	}
	BN_clear_free(v);
	*out = rd_of(at, n);
	return at == NULL ? HSM_E_FAIL : HSM_OK;
}

hsm_rc rsa_key_parts(EVP_PKEY *pkey, struct wr *room, struct keyblob *out)
{
	out->type = KEYBLOB_RSA;
	TRY(part(pkey, D, room, &out->part[KB_RSA_D]));
	TRY(part(pkey, N, room, &out->part[KB_RSA_N]));
	return part(pkey, E, room, &out->part[KB_RSA_E]);
}
