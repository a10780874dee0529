#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "card/config.h"
#include "twinhsm-emu.h"

static int is_token(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 6 && strcmp(e->d_name + n - 6, ".token") == 0;
}

static void print_row(const char *dir, const char *name)
{
	char path[PATH_MAX + NAME_MAX + 2];
	struct emu_info info;
	hsm_rc rc;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	rc = emu_inspect(path, &info);
	ui_print(rd_str(name));
	if (rc != HSM_OK) {
		printf("\t%s\n", rc_text(rc));
		return;
	}
	printf("\t%s\t", info.serial);
	ui_print(rd_str(info.label));
	printf("\t%s\t%s\n", info_state(&info), info.profile);
}

static int list(const char *dir, bool may_be_missing)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, is_token, alphasort);

	if (n < 0 && errno == ENOENT && may_be_missing)
		n = 0;
	if (n < 0)
		return ui_fail("%s: %s", dir, strerror(errno));
	if (n == 0)
		return ui_fail(
		        "no token in %s; make one with: twinhsm-emu create %s/my.token", dir, dir);
	for (int i = 0; i < n; i++) {
		print_row(dir, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return EXIT_SUCCESS;
}

int emu_cmd_list(int argc, char **argv)
{
	static const struct option options[] = { { 0 } };
	char dir[PATH_MAX];

	if (getopt_long(argc, argv, "", options, NULL) != -1)
		return EXIT_USAGE;
	if (argc - optind > 1)
		return ui_usage("one FOLDER at most");
	if (optind < argc)
		return list(argv[optind], false);
	if (config_token_dir(dir, sizeof(dir)) != HSM_OK)
		return ui_fail("no home folder is known; name a FOLDER");
	return list(dir, true);
}
