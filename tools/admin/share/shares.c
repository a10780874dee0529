#include "shares.h"

#include <stdio.h>

#include "share_open.h"

static int open_nth(const struct line *l, const char *path, size_t i, struct secret *out)
{
	static const struct secret none = { .n = 0 };

	if (i < l->passwords_n)
		return share_open(path, &l->passwords[i], 0, out);
	fprintf(stderr, "%s:\n", path);
	return share_open(path, &none, l->total, out);
}

/* A share that comes twice would take itself away. */
static int check_new(
        const char *const *file, const struct secret *shares, size_t i, const struct secret *share)
{
	for (size_t k = 0; k < i; k++) {
		if (secret_equal(secret_rd(&shares[k]), secret_rd(share)))
			return ui_fail("%s and %s are the same share", file[k], file[i]);
	}
	return 0;
}

static int open_all(const struct line *l, const char *const *file, size_t n, struct secret *shares,
        struct secret *sum)
{
	for (size_t i = 0; i < n; i++) {
		int status = open_nth(l, file[i], i, &shares[i]);

		if (status == 0)
			status = check_new(file, shares, i, &shares[i]);
		if (status != 0)
			return status;
		for (size_t b = 0; b < sum->n; b++)
			sum->p[b] ^= shares[i].p[b];
	}
	return 0;
}

int shares_open(const struct line *l, const char *const *file, size_t n, struct dkek *out)
{
	struct secret shares[LINE_FILES_MAX];
	AUTO_SECRET sum = { .n = DKEK_LEN };
	int status;
	hsm_rc rc;

	if (l->passwords_n > n)
		return ui_usage("there are more passwords than shares");
	if (l->json && l->total != 0)
		return ui_usage("parts of passwords are typed by people: --pwd-shares-total "
		                "excludes --json");
	memset(shares, 0, sizeof(shares));
	status = open_all(l, file, n, shares, &sum);
	for (size_t i = 0; i < n; i++)
		secret_wipe(&shares[i]);
	if (status != 0)
		return status;
	rc = dkek_derive(secret_rd(&sum), out);
	return rc == HSM_OK ? 0 : ui_fail("%s", rc_text(rc));
}
