#include "keycheck.h"

#include <openssl/bn.h>
#include <openssl/ec.h>

#include "base/alg.h"
#include "base/ossl.h"
#include "p15/pubkey.h"

/* ---- numbers, wiped when they go ---- */

static void bn_cleanup(BIGNUM **n)
{
	BN_clear_free(*n);
}
#define AUTO_BN __attribute__((cleanup(bn_cleanup))) BIGNUM

static void bn_ctx_cleanup(BN_CTX **c)
{
	BN_CTX_free(*c);
}
#define AUTO_BN_CTX __attribute__((cleanup(bn_ctx_cleanup))) BN_CTX

static void group_cleanup(EC_GROUP **g)
{
	EC_GROUP_free(*g);
}
#define AUTO_GROUP __attribute__((cleanup(group_cleanup))) EC_GROUP

static void point_cleanup(EC_POINT **p)
{
	EC_POINT_clear_free(*p);
}
#define AUTO_POINT __attribute__((cleanup(point_cleanup))) EC_POINT

static BIGNUM *number(struct rd r)
{
	return BN_bin2bn(r.p, (int)r.n, NULL);
}

static BIGNUM *secret_number(struct rd r)
{
	BIGNUM *n = BN_secure_new();

	return n != NULL && BN_bin2bn(r.p, (int)r.n, n) != NULL ? n : (BN_clear_free(n), NULL);
}

/* ---- RSA ---- */

/* Is a b = 1 modulo m? */
static bool is_inverse(const BIGNUM *a, const BIGNUM *b, const BIGNUM *m, BN_CTX *c)
{
	AUTO_BN *r = BN_secure_new();

	return r != NULL && !BN_is_zero(m) && BN_mod_mul(r, a, b, m, c) == 1 && BN_is_one(r);
}

/* n = p q, and e is undone by the exponents for both primes (RFC 8017, 3.2). */
static bool is_crt(const struct keyblob *k, BN_CTX *c)
{
	AUTO_BN *p = secret_number(k->part[KB_CRT_P]);
	AUTO_BN *q = secret_number(k->part[KB_CRT_Q]);
	AUTO_BN *dp = secret_number(k->part[KB_CRT_DP]);
	AUTO_BN *dq = secret_number(k->part[KB_CRT_DQ]);
	AUTO_BN *qinv = secret_number(k->part[KB_CRT_QINV]);
	AUTO_BN *n = number(k->part[KB_CRT_N]);
	AUTO_BN *e = number(k->part[KB_CRT_E]);
	AUTO_BN *r = BN_secure_new();

	if (!p || !q || !dp || !dq || !qinv || !n || !e || !r)
		return false;
	if (BN_mul(r, p, q, c) != 1 || BN_cmp(r, n) != 0 || !is_inverse(qinv, q, p, c))
		return false;
	return BN_sub_word(p, 1) == 1 && BN_sub_word(q, 1) == 1 && is_inverse(dp, e, p, c) &&
	       is_inverse(dq, e, q, c);
}

/* Without the primes: (2^e)^d = 2 modulo n. */
static bool is_plain_rsa(const struct keyblob *k, BN_CTX *c)
{
	AUTO_BN *n = number(k->part[KB_RSA_N]);
	AUTO_BN *e = number(k->part[KB_RSA_E]);
	AUTO_BN *d = secret_number(k->part[KB_RSA_D]);
	AUTO_BN *r = BN_secure_new();

	if (!n || !e || !d || !r || !BN_is_odd(n) || BN_num_bits(n) < 2)
		return false;
	BN_set_flags(d, BN_FLG_CONSTTIME);
	return BN_set_word(r, 2) == 1 && BN_mod_exp(r, r, e, n, c) == 1 &&
	       BN_mod_exp(r, r, d, n, c) == 1 && BN_is_word(r, 2);
}

/* The same number, with or without zeros in front? */
static bool same_number(struct rd a, struct rd b)
{
	AUTO_BN *x = number(a);
	AUTO_BN *y = number(b);

	return x != NULL && y != NULL && BN_cmp(x, y) == 0;
}

/* ---- EC ---- */

static EC_GROUP *group_of(const struct curve *curve, BN_CTX *c)
{
	AUTO_BN *p = number(curve->p);
	AUTO_BN *a = number(curve->a);
	AUTO_BN *b = number(curve->b);
	AUTO_BN *order = number(curve->order);
	EC_GROUP *group = NULL;
	AUTO_POINT *g = NULL;

	if (p && a && b && order)
		group = EC_GROUP_new_curve_GFp(p, a, b, c);
	if (group != NULL)
		g = EC_POINT_new(group);
	if (g == NULL || EC_POINT_oct2point(group, g, curve->g.p, curve->g.n, c) != 1 ||
	        EC_GROUP_set_generator(group, g, order, BN_value_one()) != 1) {
		EC_GROUP_free(group);
		return NULL;
	}
	return group;
}

/* Q = d G, with 0 < d < order. */
static bool is_ec(const struct keyblob *k, const struct curve *curve, BN_CTX *c)
{
	AUTO_GROUP *group = group_of(curve, c);
	AUTO_BN *d = secret_number(k->part[KB_EC_D]);
	AUTO_POINT *made = group != NULL ? EC_POINT_new(group) : NULL;
	AUTO_POINT *q = group != NULL ? EC_POINT_new(group) : NULL;
	const struct rd point = k->part[KB_EC_Q];

	if (!made || !q || !d || BN_is_zero(d) || BN_cmp(d, EC_GROUP_get0_order(group)) >= 0)
		return false;
	return EC_POINT_oct2point(group, q, point.p, point.n, c) == 1 &&
	       EC_POINT_mul(group, made, d, NULL, NULL, c) == 1 &&
	       EC_POINT_cmp(group, made, q, c) == 0;
}

static const struct curve *curve_of(const struct keyblob *k)
{
	return curve_by_params(k->part[KB_EC_P], k->part[KB_EC_A], k->part[KB_EC_B],
	        k->part[KB_EC_G], k->part[KB_EC_ORDER]);
}

/* ---- both ---- */

static bool is_of_rsa(const struct pubkey *pub, struct rd n, struct rd e)
{
	return pub->type == PUBKEY_RSA && same_number(pub->modulus, n) &&
	       same_number(pub->exponent, e);
}

static bool is_of(const struct keyblob *k, const struct pubkey *pub)
{
	switch (k->type) {
	case KEYBLOB_RSA:
		return is_of_rsa(pub, k->part[KB_RSA_N], k->part[KB_RSA_E]);
	case KEYBLOB_RSA_CRT:
		return is_of_rsa(pub, k->part[KB_CRT_N], k->part[KB_CRT_E]);
	default:
		return pub->type == PUBKEY_EC && pub->curve == curve_of(k) &&
		       rd_equal(pub->point, k->part[KB_EC_Q]);
	}
}

static bool is_pair(const struct keyblob *k, BN_CTX *c)
{
	switch (k->type) {
	case KEYBLOB_RSA:
		return is_plain_rsa(k, c);
	case KEYBLOB_RSA_CRT:
		return is_crt(k, c);
	default:
		return is_ec(k, curve_of(k), c);
	}
}

hsm_rc keycheck(const struct keyblob *key, struct rd cert, enum keycheck *out)
{
	AUTO_BN_CTX *c = BN_CTX_secure_new_ex(ossl_ctx());
	struct pubkey pub;

	if (c == NULL)
		return HSM_E_MEMORY;
	if (key->type == KEYBLOB_AES)
		*out = KEYCHECK_NOTHING;
	else if (key->type == KEYBLOB_EC && curve_of(key) == NULL)
		*out = KEYCHECK_UNTESTED;
	else if (!is_pair(key, c))
		*out = KEYCHECK_BAD;
	else if (pubkey_from_cert_file(cert, &pub) != HSM_OK)
		*out = KEYCHECK_PAIR;
	else
		*out = is_of(key, &pub) ? KEYCHECK_SAME : KEYCHECK_FOREIGN;
	return HSM_OK;
}
