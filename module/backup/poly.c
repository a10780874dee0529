#include "backup/poly.h"

#include <openssl/bn.h>

#include "base/ossl.h"

enum { PRIME_BITS = 8 * SPLIT_LEN };

/* Numbers live in the context, which wipes them when it is freed; `ok` sticks. */
struct calc {
	BN_CTX *ctx;
	BIGNUM *p;
	bool ok;
};

#define AUTO_CALC __attribute__((cleanup(calc_free))) struct calc

static void calc_free(struct calc *c)
{
	if (c->ctx != NULL)
		BN_CTX_end(c->ctx);
	BN_CTX_free(c->ctx);
}

/* 0 to begin with; NULL and not ok when there is no memory. */
static BIGNUM *number(struct calc *c)
{
	BIGNUM *n = c->ok ? BN_CTX_get(c->ctx) : NULL;

	c->ok = n != NULL;
	if (c->ok)
		BN_set_flags(n, BN_FLG_CONSTTIME);
	return n;
}

static void set(struct calc *c, BIGNUM *n, const uint8_t *bytes)
{
	c->ok = c->ok && BN_bin2bn(bytes, SPLIT_LEN, n) != NULL;
}

/* `prime` may be NULL for one to be found. */
static struct calc calc_new(const uint8_t *prime)
{
	struct calc c = { .ctx = BN_CTX_secure_new_ex(ossl_ctx()) };

	if (c.ctx == NULL)
		return c;
	BN_CTX_start(c.ctx);
	c.ok = true;
	c.p = number(&c);
	if (prime != NULL)
		set(&c, c.p, prime);
	return c;
}

static hsm_rc give(const struct calc *c, const BIGNUM *n, uint8_t *out)
{
	return c->ok && BN_bn2binpad(n, out, SPLIT_LEN) == SPLIT_LEN ? HSM_OK : HSM_E_FAIL;
}

hsm_rc poly_new_prime(uint8_t *prime)
{
	AUTO_CALC c = calc_new(NULL);

	c.ok = c.ok && BN_generate_prime_ex2(c.p, PRIME_BITS, 1, NULL, NULL, NULL, c.ctx) == 1;
	return give(&c, c.p, prime);
}

hsm_rc poly_is_prime(const uint8_t *prime, bool *yes)
{
	AUTO_CALC c = calc_new(prime);
	int found = c.ok ? BN_check_prime(c.p, c.ctx, NULL) : -1;

	*yes = found == 1;
	return found >= 0 ? HSM_OK : HSM_E_FAIL;
}

hsm_rc poly_random(const uint8_t *prime, uint8_t *out)
{
	AUTO_CALC c = calc_new(prime);
	BIGNUM *n = number(&c);

	c.ok = c.ok && BN_priv_rand_range_ex(n, c.p, 0, c.ctx) == 1;
	return give(&c, n, out);
}

hsm_rc poly_value(const uint8_t *prime, const uint8_t (*coefficient)[SPLIT_LEN], size_t n,
        uint8_t x, uint8_t *out)
{
	AUTO_CALC c = calc_new(prime);
	BIGNUM *at = number(&c), *term = number(&c), *sum = number(&c);

	c.ok = c.ok && BN_set_word(at, x) == 1;
	for (size_t i = n; i != 0 && c.ok; i--) {
		set(&c, term, coefficient[i - 1]);
		c.ok = c.ok && BN_mod_mul(sum, sum, at, c.p, c.ctx) == 1 &&
		       BN_mod_add(sum, sum, term, c.p, c.ctx) == 1;
	}
	return give(&c, sum, out);
}

/* The factor of point i at 0: the product of x_j / (x_j - x_i) over all others. */
static void factor(struct calc *c, const struct split_share *point, size_t n, size_t i, BIGNUM *out)
{
	BIGNUM *below = number(c), *x = number(c), *diff = number(c);

	c->ok = c->ok && BN_one(out) == 1 && BN_one(below) == 1;
	for (size_t j = 0; j < n && c->ok; j++) {
		if (j == i)
			continue;
		c->ok = BN_set_word(x, point[j].id) == 1 && BN_set_word(diff, point[i].id) == 1 &&
		        BN_mod_sub(diff, x, diff, c->p, c->ctx) == 1 &&
		        BN_mod_mul(out, out, x, c->p, c->ctx) == 1 &&
		        BN_mod_mul(below, below, diff, c->p, c->ctx) == 1;
	}
	c->ok = c->ok && BN_mod_inverse(below, below, c->p, c->ctx) != NULL &&
	        BN_mod_mul(out, out, below, c->p, c->ctx) == 1;
}

hsm_rc poly_at_zero(const uint8_t *prime, const struct split_share *point, size_t n, uint8_t *out)
{
	AUTO_CALC c = calc_new(prime);
	BIGNUM *sum = number(&c), *term = number(&c), *value = number(&c);

	for (size_t i = 0; i < n && c.ok; i++) {
		BN_CTX_start(c.ctx);
		factor(&c, point, n, i, term);
		BN_CTX_end(c.ctx);
		set(&c, value, point[i].value);
		c.ok = c.ok && BN_mod_mul(term, term, value, c.p, c.ctx) == 1 &&
		       BN_mod_add(sum, sum, term, c.p, c.ctx) == 1;
	}
	return give(&c, sum, out);
}
