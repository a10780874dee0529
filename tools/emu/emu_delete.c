#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "twinhsm-emu.h"

/* Is it a token file, of whatever state? Anything else is not ours to delete. */
static int check(const char *path)
{
	struct emu_info info;
	struct stat st;
	hsm_rc rc = emu_inspect(path, &info);

	if (rc != HSM_OK && rc != HSM_E_TOKEN_DAMAGED && rc != HSM_E_TOKEN_NEWER)
		return token_fail(path, rc);
	if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return ui_fail("%s: a link, not the file itself; delete what it points to", path);
	return 0;
}

static int agree(const char *path)
{
	char question[PATH_MAX + 64];

	if (!ui_has_terminal())
		return ui_fail("%s: not deleted; without a terminal --force is needed", path);
	snprintf(question, sizeof(question), "Delete %s and all its keys for ever?", path);
	return ui_confirm(question) ? 0 : ui_fail("%s: not deleted", path);
}

int emu_cmd_delete(int argc, char **argv)
{
	static const struct option options[] = { { "force", no_argument, NULL, 'f' }, { 0 } };
	bool force = false;
	int code, status;

	while ((code = getopt_long(argc, argv, "f", options, NULL)) != -1) {
		if (code != 'f')
			return EXIT_USAGE;
		force = true;
	}
	if (optind + 1 != argc)
		return ui_usage("one FILE is needed");
	status = check(argv[optind]);
	if (status == 0 && !force)
		status = agree(argv[optind]);
	if (status == 0 && !token_unlink(argv[optind]))
		status = ui_fail("%s: %s", argv[optind], strerror(errno));
	return status;
}
