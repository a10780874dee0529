#include "shares.h"

#include <stdio.h>
#include <stdlib.h>

#include "actions.h"
#include "backup/backup.h"
#include "file.h"

enum { FILE_MAX = 1 << 16 };

static int password_of(const struct verify_line *l, size_t i, struct secret *out)
{
	if (i < l->passwords_n)
		return ui_secret_option("--password", l->passwords[i], out);
	fprintf(stderr, "%s:\n", l->shares[i]);
	if (l->parts != 0)
		return split_ask((unsigned)l->parts, out);
	return ui_secret_ask("Enter password to decrypt DKEK share : ", NULL, out) == HSM_OK
	               ? 0
	               : ui_fail("no password was typed on a terminal; give it with --password or "
	                         "--password env:NAME");
}

static hsm_rc open_one(struct rd file, const struct secret *password, struct secret *share)
{
	const struct rd shorter = split_minimal(password);
	hsm_rc rc = sharefile_open(file, secret_rd(password), NULL, share);

	/* the password of sc-hsm-tool's own shares may have lost zeros in front */
	if (rc == HSM_E_PASSWORD_WRONG && shorter.n < password->n)
		rc = sharefile_open(file, shorter, NULL, share);
	return rc;
}

static int add_share(const struct verify_line *l, size_t i, struct secret *sum)
{
	const char *path = l->shares[i];
	AUTO_SECRET password = { 0 };
	AUTO_SECRET share = { 0 };
	AUTO_BUF file = { 0 };
	int status = file_load(path, FILE_MAX, &file);
	hsm_rc rc;

	if (status == 0 && sharefile_check(buf_rd(&file)) != HSM_OK)
		return ui_fail("%s: this is not a DKEK share", path);
	if (status == 0)
		status = password_of(l, i, &password);
	if (status != 0)
		return status;
	fprintf(stderr, "%s: deciphering, please wait...\n", path);
	rc = open_one(buf_rd(&file), &password, &share);
	if (rc == HSM_E_PASSWORD_WRONG)
		return ui_fail("%s: error decrypting DKEK share; is the password correct?", path);
	if (rc != HSM_OK)
		return ui_fail("%s: %s", path, rc_text(rc));
	for (size_t b = 0; b < sum->n; b++)
		sum->p[b] ^= share.p[b];
	return 0;
}

int shares_open(const struct verify_line *l, struct dkek *out)
{
	AUTO_SECRET sum = { .n = DKEK_LEN };
	int status = 0;
	hsm_rc rc;

	for (size_t i = 0; i < l->shares_n && status == 0; i++)
		status = add_share(l, i, &sum);
	if (status != 0)
		return status;
	rc = dkek_derive(secret_rd(&sum), out);
	return rc == HSM_OK ? 0 : ui_fail("%s", rc_text(rc));
}
