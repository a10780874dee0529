#include <openssl/crypto.h>
#include <stdio.h>
#include <unistd.h>

#include "actions.h"
#include "backup/backup.h"
#include "base/text.h"
#include "file.h"

enum { FILE_MAX = 1 << 16, PASSWORD_MIN = 6 };

/* ---- progress ---- */

static bool tell(void *arg, uint32_t done, uint32_t total)
{
	(void)arg;
	fprintf(stderr, "\r%3u %%", (unsigned)((uint64_t)done * 100 / total));
	return true;
}

static const struct progress *on_terminal(void)
{
	static const struct progress shown = { .tell = tell };

	return isatty(STDERR_FILENO) == 1 ? &shown : NULL;
}

static void say_wait(const char *what)
{
	printf("%s DKEK share, please wait...\n", what);
	fflush(stdout);
}

static void progress_end(void)
{
	if (on_terminal() != NULL)
		fputs("\r     \r", stderr);
}

/* ---- passwords ---- */

static int no_password(void)
{
	return ui_fail("no password was typed on a terminal; give it with --password or "
	               "--password env:NAME");
}

static int ask_new_password(struct secret *out)
{
	for (;;) {
		const hsm_rc rc = ui_secret_ask("Enter password to encrypt DKEK share : ",
		        "Please retype password to confirm : ", out);

		if (rc == HSM_E_NOT_ALLOWED)
			return no_password();
		if (rc == HSM_OK && out->n >= PASSWORD_MIN)
			return 0;
		ui_fail(rc == HSM_OK           ? "the password must have 6 characters at least"
		        : rc == HSM_E_BAD_DATA ? "the passwords do not match; try again"
		                               : "the password is too long; try again");
	}
}

static int new_password(struct session *s, const struct request *r, struct secret *out)
{
	if (r->threshold != 0 || r->total != 0)
		return split_show(s, (unsigned)r->threshold, (unsigned)r->total, out);
	if (r->password.n == 0)
		return ask_new_password(out);
	*out = r->password;
	return 0;
}

static int old_password(const struct request *r, struct secret *out)
{
	if (r->total != 0)
		return split_ask((unsigned)r->total, out);
	if (r->password.n != 0) {
		*out = r->password;
		return 0;
	}
	return ui_secret_ask("Enter password to decrypt DKEK share : ", NULL, out) == HSM_OK
	               ? 0
	               : no_password();
}

/* ---- making ---- */

static hsm_rc seal(struct session *s, const struct secret *password, struct wr *file)
{
	AUTO_SECRET share = { .n = SHARE_LEN };
	uint8_t salt[SHAREFILE_SALT];
	hsm_rc rc;

	TRY(card_random(s->lane, salt, sizeof(salt)));
	TRY(card_random(s->lane, share.p, share.n));
	say_wait("Enciphering");
	rc = sharefile_seal(secret_rd(&share), rd_of(salt, sizeof(salt)), secret_rd(password),
	        on_terminal(), file);
	progress_end();
	return rc;
}

int act_create_share(struct session *s, struct request *r)
{
	const char *path = r->file[ACT_CREATE_SHARE];
	AUTO_SECRET password = { 0 };
	uint8_t bytes[SHAREFILE_LEN];
	struct wr file = WR_ARRAY(bytes);
	int status = new_password(s, r, &password);
	hsm_rc rc;

	if (status != 0)
		return status;
	rc = seal(s, &password, &file);
	if (rc != HSM_OK)
		return session_fail(s, "no share was made", rc);
	status = file_save(path, wr_rd(&file), true);
	if (status == 0)
		printf("DKEK share created and saved to %s\n", path);
	return status;
}

/* ---- opening ---- */

static int open_share(const struct request *r, const char *path, struct secret *share)
{
	AUTO_SECRET password = { 0 };
	AUTO_BUF file = { 0 };
	int status = file_load(path, FILE_MAX, &file);
	hsm_rc rc;

	if (status != 0)
		return status;
	if (sharefile_check(buf_rd(&file)) != HSM_OK)
		return ui_fail("%s: this is not a DKEK share", path);
	status = old_password(r, &password);
	if (status != 0)
		return status;
	say_wait("Deciphering");
	rc = sharefile_open(buf_rd(&file), secret_rd(&password), on_terminal(), share);
	if (rc == HSM_E_PASSWORD_WRONG && r->total != 0) {
		/* sc-hsm-tool's own shares may have lost zeros in front of the password */
		struct rd shorter = split_minimal(&password);

		if (shorter.n < password.n)
			rc = sharefile_open(buf_rd(&file), shorter, on_terminal(), share);
	}
	progress_end();
	if (rc == HSM_E_PASSWORD_WRONG)
		return ui_fail("%s: error decrypting DKEK share; is the password correct?", path);
	return rc == HSM_OK ? 0 : ui_fail("%s: %s", path, rc_text(rc));
}

static int import_failed(struct session *s, hsm_rc rc)
{
	if (rc == HSM_E_UNSUPPORTED)
		return ui_fail("%s: the card takes no shares; it was not initialised with "
		               "--dkek-shares",
		        s->address);
	if (rc == HSM_E_NOT_ALLOWED)
		return ui_fail("%s: all shares are there already; nothing was changed", s->address);
	return session_fail(s, "the share was not imported", rc);
}

int act_import_share(struct session *s, struct request *r)
{
	AUTO_SECRET share = { 0 };
	struct card_domain dkek;
	const int status = open_share(r, r->file[ACT_IMPORT_SHARE], &share);
	hsm_rc rc;

	if (status != 0)
		return status;
	rc = card_import_share(s->lane, 0, secret_rd(&share), &dkek);
	if (rc != HSM_OK)
		return import_failed(s, rc);
	puts("DKEK share imported");
	describe_dkek(&dkek);
	return 0;
}

int act_print_share(struct session *s, struct request *r)
{
	AUTO_SECRET share = { 0 };
	char text[2 * SHARE_LEN + 1];
	const int status = open_share(r, r->file[ACT_PRINT_SHARE], &share);

	(void)s;
	if (status != 0)
		return status;
	if (hex_put(secret_rd(&share), text, sizeof(text)) != HSM_OK)
		return ui_fail("%s", rc_text(HSM_E_FAIL));
	printf("DKEK Share HEX: \n\n%s\n\n", text);
	fflush(stdout);
	OPENSSL_cleanse(text, sizeof(text));
	return 0;
}
