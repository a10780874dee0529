#include <stdio.h>
#include <stdlib.h>

#include "twinhsm-emu.h"

static void print_info(const char *path, const struct emu_info *info, const char *uri)
{
	printf("File                 : %s\n", path);
	printf("Serial number        : %s\n", info->serial);
	printf("Profile              : %s\n", info->profile);
	printf("Label                : ");
	ui_print(rd_str(info->label[0] != '\0' ? info->label : "(none)"));
	printf("\nState                : %s\n", info_state(info));
	if (info->initialised) {
		printf("User PIN tries left  : %u\n", info->user_tries);
		printf("SO-PIN tries left    : %u\n", info->so_tries);
	}
	printf("Keys                 : %u\n", info->keys);
	printf("Files                : %u\n", info->files);
	printf("Key stretching       : %s\n",
	        info->kdf == EMU_KDF_STRONG ? "strong" : "cheap, for throw-away tokens only");
	printf("Format version       : %u\n", info->schema);
	printf("URI                  : %s\n", uri);
	printf("To use it            : export TWINHSM_CARDS=emu:%s\n", path);
}

int emu_cmd_info(int argc, char **argv)
{
	static const struct option options[] = { { 0 } };
	char path[PATH_MAX];
	struct emu_info info;
	char *uri;
	hsm_rc rc;

	if (getopt_long(argc, argv, "", options, NULL) != -1)
		return EXIT_USAGE;
	if (optind + 1 != argc)
		return ui_usage("one FILE is needed");
	rc = emu_inspect(argv[optind], &info);
	if (rc != HSM_OK)
		return token_fail(argv[optind], rc);
	if (realpath(argv[optind], path) == NULL)
		return token_fail(argv[optind], HSM_E_TOKEN_MISSING);
	uri = info_uri(&info);
	if (uri == NULL)
		return token_fail(path, HSM_E_MEMORY);
	print_info(path, &info, uri);
	free(uri);
	return EXIT_SUCCESS;
}
