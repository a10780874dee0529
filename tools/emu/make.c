#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "card/config.h"
#include "twinhsm-emu.h"

static int kdf_parse(const char *name, enum emu_kdf *out)
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

void profile_names(char *out, size_t cap)
{
	const char *name;
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; (name = emu_profile_name(i)) != NULL && n < cap; i++)
		n += (size_t)snprintf(out + n, cap - n, "%s%s", i == 0 ? "" : ", ", name);
}

static int profile_parse(const char *name, const char **out)
{
	const char *known;
	char names[NAMES_MAX];

	for (size_t i = 0; (known = emu_profile_name(i)) != NULL; i++)
		if (strcmp(name, known) == 0) {
			*out = known;
			return 0;
		}
	profile_names(names, sizeof(names));
	return ui_usage("there is no profile '%s'; --profile is one of %s", name, names);
}

int make_option(struct emu_make *make, int code, const char *arg)
{
	switch (code) {
	case MAKE_KDF:
		return kdf_parse(arg, &make->kdf);
	case MAKE_PROFILE:
		return profile_parse(arg, &make->profile);
	default:
		return EXIT_USAGE;
	}
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

int token_make(const char *path, const struct emu_make *make, const struct setup *s)
{
	char address[ADDRESS_MAX];
	hsm_rc rc;
	int status;

	if (strlen(path) >= PATH_MAX)
		return ui_fail("the path of the token file is too long");
	make_token_dir(path);
	rc = emu_create(path, make);
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
