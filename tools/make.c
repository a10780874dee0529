#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "card/config.h"
#include "twinhsm-emu.h"

int kdf_parse(const char *name, enum emu_kdf *out)
{
	static const char *const names[] = {
		[EMU_KDF_STRONG] = "strong",
		[EMU_KDF_CHEAP] = "cheap",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0) {
			*out = (enum emu_kdf)i;
			return 0;
		}
	return ui_usage("--kdf is strong or cheap, not '%s'", name);
}

bool token_unlink(const char *path)
{
	char journal[ADDRESS_MAX];

	snprintf(journal, sizeof(journal), "%s-journal", path);
	if (unlink(path) != 0)
		return false;
	return unlink(journal) == 0 || errno == ENOENT;
}

/* Makes the folder of the user's tokens if `path` is going to be in it. */
static void make_token_dir(const char *path)
{
	char dir[PATH_MAX];
	size_t n;

	if (config_token_dir(dir, sizeof(dir)) != HSM_OK)
		return;
	n = strlen(dir);
	if (strncmp(path, dir, n) != 0 || path[n] != '/')
		return;
	for (size_t i = 1; i <= n; i++)
		if (dir[i] == '/' || dir[i] == '\0') {
			char c = dir[i];

			dir[i] = '\0';
			(void)mkdir(dir, 0700);
			dir[i] = c;
		}
}

int token_make(const char *path, enum emu_kdf kdf, const struct setup *s)
{
	char address[ADDRESS_MAX];
	hsm_rc rc;
	int status;

	if (strlen(path) >= PATH_MAX)
		return ui_fail("the path of the token file is too long");
	make_token_dir(path);
	rc = emu_create(path, kdf);
	if (rc == HSM_E_TOKEN_MISSING)
		return ui_fail("%s: there is no such folder", path);
	if (rc != HSM_OK)
		return token_fail(path, rc);
	if (s->pin.n == 0)
		return 0;
	snprintf(address, sizeof(address), "emu:%s", path);
	status = setup_apply_to(address, s);
	if (status != 0)
		(void)token_unlink(path);
	return status;
}
