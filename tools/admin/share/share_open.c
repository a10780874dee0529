#include "share_open.h"

#include <stdio.h>
#include <unistd.h>

#include "admin/act/actions.h"
#include "common/file.h"

enum { FILE_MAX = 1 << 16 };

/* ---- progress ---- */

static bool tell(void *arg, uint32_t done, uint32_t total)
{
	(void)arg;
	fprintf(stderr, "\r%3u %%", (unsigned)((uint64_t)done * 100 / total));
	return true;
}

const struct progress *share_progress(void)
{
	static const struct progress shown = { .tell = tell };

	return isatty(STDERR_FILENO) == 1 ? &shown : NULL;
}

void share_progress_begin(const char *what)
{
	fprintf(stderr, "%s DKEK share, please wait...\n", what);
}

void share_progress_end(void)
{
	if (share_progress() != NULL)
		fputs("\r     \r", stderr);
}

/* ---- opening ---- */

int share_no_password(void)
{
	return ui_fail("no password was typed on a terminal; give it with --password or "
	               "--password env:NAME");
}

static int ask_password(const struct secret *password, long parts, struct secret *out)
{
	if (parts != 0)
		return split_ask((unsigned)parts, out);
	if (password->n != 0) {
		*out = *password;
		return 0;
	}
	return ui_secret_ask("Enter password to decrypt DKEK share : ", NULL, out) == HSM_OK
	               ? 0
	               : share_no_password();
}

static hsm_rc decrypt(
        struct rd file, const struct secret *password, bool split, struct secret *share)
{
	hsm_rc rc;

	share_progress_begin("Deciphering");
	rc = sharefile_open(file, secret_rd(password), share_progress(), share);
	if (rc == HSM_E_PASSWORD_WRONG && split) {
		/* sc-hsm-tool's own shares may have lost zeros in front of the password */
		struct rd shorter = split_minimal(password);

		if (shorter.n < password->n)
			rc = sharefile_open(file, shorter, share_progress(), share);
	}
	share_progress_end();
	return rc;
}

int share_open(const char *path, const struct secret *password, long parts, struct secret *share)
{
	AUTO_SECRET key = { 0 };
	AUTO_BUF file = { 0 };
	int status = file_load(path, FILE_MAX, &file);
	hsm_rc rc;

	if (status != 0)
		return status;
	if (sharefile_check(buf_rd(&file)) != HSM_OK)
		return ui_fail("%s: this is not a DKEK share", path);
	status = ask_password(password, parts, &key);
	if (status != 0)
		return status;
	rc = decrypt(buf_rd(&file), &key, parts != 0, share);
	if (rc == HSM_E_PASSWORD_WRONG)
		return ui_fail("%s: error decrypting DKEK share; is the password correct?", path);
	return rc == HSM_OK ? 0 : ui_fail("%s: %s", path, rc_text(rc));
}
