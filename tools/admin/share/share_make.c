#include "share_make.h"

#include "common/file.h"
#include "common/ui.h"
#include "share_open.h"

enum { PASSWORD_MIN = 6 };

int share_password_new(struct secret *out)
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

int share_make(const char *path, const struct secret *share, const uint8_t *salt,
        const struct secret *password, bool replace)
{
	uint8_t bytes[SHAREFILE_LEN];
	struct wr file = WR_ARRAY(bytes);
	hsm_rc rc;

	share_progress_begin("Enciphering");
	rc = sharefile_seal(secret_rd(share), rd_of(salt, SHAREFILE_SALT), secret_rd(password),
	        share_progress(), &file);
	share_progress_end();
	return rc == HSM_OK ? file_save(path, wr_rd(&file), replace)
	                    : ui_fail("%s: no share was made: %s", path, rc_text(rc));
}
