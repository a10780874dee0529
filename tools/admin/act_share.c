#include <openssl/crypto.h>
#include <stdio.h>

#include "actions.h"
#include "backup/backup.h"
#include "base/text.h"
#include "file.h"
#include "share_open.h"

enum { PASSWORD_MIN = 6 };

/* ---- passwords ---- */

static int ask_new_password(struct secret *out)
{
	for (;;) {
		const hsm_rc rc = ui_secret_ask("Enter password to encrypt DKEK share : ",
		        "Please retype password to confirm : ", out);

		if (rc == HSM_E_NOT_ALLOWED)
			return share_no_password();
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

/* ---- making ---- */

static hsm_rc seal(struct session *s, const struct secret *password, struct wr *file)
{
	AUTO_SECRET share = { .n = SHARE_LEN };
	uint8_t salt[SHAREFILE_SALT];
	hsm_rc rc;

	TRY(card_random(s->lane, salt, sizeof(salt)));
	TRY(card_random(s->lane, share.p, share.n));
	share_progress_begin("Enciphering");
	rc = sharefile_seal(secret_rd(&share), rd_of(salt, sizeof(salt)), secret_rd(password),
	        share_progress(), file);
	share_progress_end();
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
	const int status = share_open(r->file[ACT_IMPORT_SHARE], &r->password, r->total, &share);
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
	const int status = share_open(r->file[ACT_PRINT_SHARE], &r->password, r->total, &share);

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
