#include "backup/backup.h"
#include "base/ossl.h"
#include "fuzz.h"

/* Lines as people type them: the prime, then for each share its id and its value. */

enum { SHARES_MAX = 8 };

static struct rd next_line(struct rd *r)
{
	const uint8_t *end = r->n == 0 ? NULL : memchr(r->p, '\n', r->n);
	struct rd line = *r;

	if (end != NULL)
		line.n = (size_t)(end - r->p);
	r->p += line.n;
	r->n -= line.n;
	if (end != NULL) {
		r->p++;
		r->n--;
	}
	return line;
}

static bool get_number(struct rd *in, uint8_t *number)
{
	uint8_t again[SPLIT_LEN];
	char text[SPLIT_TEXT];

	if (split_text_parse(next_line(in), number) != HSM_OK)
		return false;
	split_text(number, text);
	FUZZ_ASSERT(split_text_parse(rd_str(text), again) == HSM_OK);
	FUZZ_ASSERT(memcmp(number, again, SPLIT_LEN) == 0);
	return true;
}

static bool get_share(struct rd *in, struct split_share *share)
{
	const struct rd line = next_line(in);

	if (split_id_parse(line, &share->id) != HSM_OK)
		return false;
	FUZZ_ASSERT(share->id != 0 && line.n != 0);
	return get_number(in, share->value);
}

/* Their order does not matter. */
static void check_combine(const uint8_t *prime, struct split_share *share, size_t n)
{
	AUTO_SECRET a = { 0 };
	AUTO_SECRET b = { 0 };
	const hsm_rc rc = split_combine(prime, share, n, &a);
	const struct split_share first = share[0];

	FUZZ_ASSERT(a.n == (rc == HSM_OK ? SPLIT_LEN : 0));
	if (rc != HSM_OK)
		return;
	FUZZ_ASSERT(memcmp(a.p, prime, SPLIT_LEN) < 0);
	FUZZ_ASSERT(split_minimal(&a).n <= SPLIT_LEN);
	share[0] = share[n - 1];
	share[n - 1] = first;
	FUZZ_ASSERT(split_combine(prime, share, n, &b) == HSM_OK);
	FUZZ_ASSERT(rd_equal(secret_rd(&a), secret_rd(&b)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in = rd_of(data, size);
	struct split_share share[SHARES_MAX];
	uint8_t prime[SPLIT_LEN];
	size_t n = 0;

	if (ossl_ctx() == NULL)
		FUZZ_ASSERT(ossl_acquire() == HSM_OK);
	if (!get_number(&in, prime))
		return 0;
	while (n < SHARES_MAX && get_share(&in, &share[n]))
		n++;
	if (n != 0)
		check_combine(prime, share, n);
	return 0;
}
