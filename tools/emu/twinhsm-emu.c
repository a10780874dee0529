/* twinhsm-emu: emulated SmartCard-HSMs, each in a file. */
#include "twinhsm-emu.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/ossl.h"

static const struct command commands[] = {
	{ "create", "FILE [SETUP] [MODEL]\tmake a card; factory new without PINs", emu_cmd_create },
	{ "list", "[FOLDER]\tthe cards in a folder, yours by default", emu_cmd_list },
	{ "info", "FILE\twhat can be said of a card without a PIN", emu_cmd_info },
	{ "delete", "[--force] FILE\tdelete a card with all its keys", emu_cmd_delete },
	{ "run",
	        "[SETUP] [MODEL] [--file FILE] -- COMMAND...\n"
	        "\trun a command with a throw-away card",
	        emu_cmd_run },
	{ "serve",
	        "TOKEN [--vpcd [HOST:PORT]] [--socket PATH] [--trace FILE] [--verbose]\n"
	        "\tthe card for pcscd's virtual reader, and for others on a Unix socket",
	        emu_cmd_serve },
	{ "replay",
	        "TRANSCRIPT (TOKEN | --fresh [--profile NAME])\tplay recorded commands, report the "
	        "first difference",
	        emu_cmd_replay },
	{ NULL, NULL, NULL },
};

static int help(void)
{
	char names[NAMES_MAX];

	puts("usage: twinhsm-emu COMMAND ...\n");
	for (const struct command *c = commands; c->name != NULL; c++) {
		const char *text = strchr(c->summary, '\t');

		printf("  %s %.*s\n\t%s\n", c->name, (int)(text - c->summary), c->summary,
		        text + 1);
	}
	puts("\nSETUP is [--label TEXT] [--pin PIN --so-pin HEX] [--pin-retry N] "
	     "[--dkek-shares N | --key-domains N].\nMODEL is [--kdf strong|cheap] [--profile "
	     "NAME].");
	profile_names(names, sizeof(names));
	printf("Profiles: %s.\n", names);
	puts("A PIN may be given as env:NAME. "
	     "More in twinhsm-emu(1).");
	return EXIT_SUCCESS;
}

static bool is_help(const char *arg)
{
	return strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0;
}

static int run(const struct command *c, int argc, char **argv)
{
	char name[64];
	int status;
	hsm_rc rc;

	if (argc > 1 && is_help(argv[1]))
		return help();
	snprintf(name, sizeof(name), "twinhsm-emu %s", c->name);
	ui_name(name);
	rc = ossl_acquire();
	if (rc != HSM_OK)
		return ui_fail("OpenSSL cannot be used: %s", rc_text(rc));
	argv[0] = name;
	status = c->run(argc, argv);
	ossl_release();
	return status;
}

int main(int argc, char **argv)
{
	ui_begin("twinhsm-emu");
	if (argc < 2)
		return ui_usage("which command?");
	if (is_help(argv[1]))
		return help();
	if (strcmp(argv[1], "--version") == 0) {
		puts("twinhsm-emu " TWINHSM_VERSION);
		return EXIT_SUCCESS;
	}
	for (const struct command *c = commands; c->name != NULL; c++)
		if (strcmp(argv[1], c->name) == 0)
			return run(c, argc - 1, argv + 1);
	return ui_usage("there is no command '%s'", argv[1]);
}
