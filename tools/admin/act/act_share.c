#include <openssl/crypto.h>
#include <stdio.h>

#include "actions.h"
#include "admin/share/share_make.h"
#include "admin/share/share_open.h"
#include "backup/backup.h"
#include "base/text.h"

/* ---- making ---- */

static int new_password(struct session *s, const struct request *r, struct secret *out)
{
	if (r->threshold != 0 || r->total != 0)
		return split_show(s, (unsigned)r->threshold, (unsigned)r->total, out);
	if (r->password.n == 0)
		return share_password_new(out);
	*out = r->password;
	return 0;
}

static hsm_rc random_share(struct session *s, struct secret *share, uint8_t *salt)
{
	TRY(card_random(s->lane, salt, SHAREFILE_SALT));
	return card_random(s->lane, share->p, share->n);
}

int act_create_share(struct session *s, struct request *r)
{
	const char *path = r->file[ACT_CREATE_SHARE];
	AUTO_SECRET password = { 0 };
	AUTO_SECRET share = { .n = SHARE_LEN };
	uint8_t salt[SHAREFILE_SALT];
	int status = new_password(s, r, &password);
	hsm_rc rc;

	if (status != 0)
		return status;
	rc = random_share(s, &share, salt);
	if (rc != HSM_OK)
		return session_fail(s, "no share was made", rc);
	status = share_make(path, &share, salt, &password, true);
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
