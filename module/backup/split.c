#include <openssl/crypto.h>

#include "backup/poly.h"

/* First byte of a secret that we make. Below 80, as sc-hsm-tool has it: any prime of 64 bits is
 * above. Not 0: sc-hsm-tool writes what it recombines without zeros in front. */
enum { FIRST_MIN = 0x01, FIRST_MAX = 0x7F };

void split_wipe(struct split *s)
{
	OPENSSL_cleanse(s, sizeof(*s));
}

hsm_rc split_secret(struct rd random, struct secret *out)
{
	if (random.n != SPLIT_LEN)
		return HSM_E_BAD_LEN;
	TRY(secret_set(out, random));
	out->p[0] &= FIRST_MAX;
	if (out->p[0] >= FIRST_MIN)
		return HSM_OK;
	secret_wipe(out);
	return HSM_E_BAD_DATA;
}

hsm_rc split_limits(unsigned threshold, unsigned total)
{
	if (total < SPLIT_TOTAL_MIN || total > SPLIT_TOTAL_MAX || threshold < SPLIT_THRESHOLD_MIN ||
	        threshold > total)
		return HSM_E_BAD_PARAM;
	return HSM_OK;
}

static hsm_rc make(struct rd secret, unsigned threshold, unsigned total,
        uint8_t (*coefficient)[SPLIT_LEN], struct split *out)
{
	memcpy(coefficient[0], secret.p, SPLIT_LEN);
	TRY(poly_new_prime(out->prime));
	for (unsigned i = 1; i < threshold; i++)
		TRY(poly_random(out->prime, coefficient[i]));
	for (out->n = 0; out->n < total; out->n++) {
		struct split_share *s = &out->share[out->n];

		s->id = (uint8_t)(out->n + 1);
		TRY(poly_value(out->prime, (const uint8_t(*)[SPLIT_LEN])coefficient, threshold,
		        s->id, s->value));
	}
	return HSM_OK;
}

hsm_rc split_make(struct rd secret, unsigned threshold, unsigned total, struct split *out)
{
	uint8_t coefficient[SPLIT_TOTAL_MAX][SPLIT_LEN];
	hsm_rc rc;

	TRY(split_limits(threshold, total));
	if (secret.n != SPLIT_LEN || secret.p[0] < FIRST_MIN || secret.p[0] > FIRST_MAX)
		return HSM_E_BAD_PARAM;
	rc = make(secret, threshold, total, coefficient, out);
	OPENSSL_cleanse(coefficient, sizeof(coefficient));
	if (rc != HSM_OK)
		split_wipe(out);
	return rc;
}

hsm_rc split_prime_check(const uint8_t *prime)
{
	bool is_prime;

	if ((prime[0] & 0x80) == 0)
		return HSM_E_BAD_DATA;
	TRY(poly_is_prime(prime, &is_prime));
	return is_prime ? HSM_OK : HSM_E_BAD_DATA;
}

hsm_rc split_share_check(const uint8_t *prime, const struct split_share *share, size_t n)
{
	const struct split_share *last = &share[n - 1];

	if (last->id == 0)
		return HSM_E_BAD_DATA;
	for (size_t i = 0; i < n - 1; i++) {
		if (share[i].id == last->id)
			return HSM_E_EXISTS;
	}
	return memcmp(last->value, prime, SPLIT_LEN) < 0 ? HSM_OK : HSM_E_BAD_PARAM;
}

hsm_rc split_combine(
        const uint8_t *prime, const struct split_share *share, size_t n, struct secret *out)
{
	hsm_rc rc;

	secret_wipe(out);
	if (n < SPLIT_THRESHOLD_MIN || n > SPLIT_TOTAL_MAX)
		return HSM_E_BAD_PARAM;
	TRY(split_prime_check(prime));
	for (size_t i = 1; i <= n; i++) {
		if (split_share_check(prime, share, i) != HSM_OK)
			return HSM_E_BAD_DATA;
	}
	rc = poly_at_zero(prime, share, n, out->p);
	if (rc == HSM_OK)
		out->n = SPLIT_LEN;
	else
		secret_wipe(out);
	return rc;
}

struct rd split_minimal(const struct secret *secret)
{
	struct rd r = secret_rd(secret);

	while (r.n != 0 && r.p[0] == 0) {
		r.p++;
		r.n--;
	}
	return r;
}
