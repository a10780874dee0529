/* twinhsm-tool: looks after SmartCard-HSMs, emulated or real, with sc-hsm-tool's options. */
#include "twinhsm-tool.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/ossl.h"

/* Codes of options beside those of setup.h and their short letters. */
enum { HELP = 'h', INITIALIZE = 'X', READER = 'r', VERSION = 'V' };

static const char help_text[] =
        "usage: twinhsm-tool [--reader CARD]\n"
        "\tshow the status of one card, or of all\n"
        "   or: twinhsm-tool -X [--reader CARD] [--so-pin HEX] [--pin PIN] [--label TEXT]\n"
        "                    [--pin-retry N] [--dkek-shares N]\n"
        "\tinitialise a card; this deletes all its keys and files\n"
        "\n"
        "  -X, --initialize     initialise\n"
        "  -r, --reader CARD    number, address (emu:FILE) or part of the address of a card\n"
        "      --so-pin HEX     SO-PIN, 16 hexadecimal digits; asked for when missing\n"
        "      --pin PIN        user PIN, 6 to 16 characters; asked for when missing\n"
        "      --label TEXT     name of the token, up to 32 bytes\n"
        "      --pin-retry N    tries of the user PIN, 3 by default\n"
        "  -s, --dkek-shares N  number of shares of the device key encryption key\n"
        "  -h, --help           this text\n"
        "      --version        version of TwinHSM\n"
        "\n"
        "A PIN may be given as env:NAME. More in twinhsm-tool(1).";

static const struct option options[] = {
	SETUP_OPTIONS,
	{ "initialize", no_argument, NULL, INITIALIZE },
	{ "reader", required_argument, NULL, READER },
	{ "help", no_argument, NULL, HELP },
	{ "version", no_argument, NULL, VERSION },
	{ 0 },
};

/* Takes the command line apart. Answers -1 to go on, otherwise the exit status. */
static int parse(struct request *r, int argc, char **argv)
{
	int code, status = 0;

	while (status == 0 && (code = getopt_long(argc, argv, "hr:s:X", options, NULL)) != -1) {
		switch (code) {
		case HELP:
			puts(help_text);
			return EXIT_SUCCESS;
		case VERSION:
			puts("twinhsm-tool " TWINHSM_VERSION);
			return EXIT_SUCCESS;
		case INITIALIZE:
			r->initialize = true;
			break;
		case READER:
			r->reader = optarg;
			break;
		default:
			status = setup_option(&r->setup, code == 's' ? SETUP_DKEK : code, optarg);
		}
	}
	if (status == 0 && optind < argc)
		status = ui_usage("'%s' is not an option", argv[optind]);
	if (status == 0 && !r->initialize && setup_given(&r->setup))
		status = ui_usage("PINs, label and numbers need --initialize as well");
	return status == 0 ? -1 : status;
}

static int run(struct request *r)
{
	hsm_rc rc = ossl_acquire();
	int status;

	if (rc != HSM_OK)
		return ui_fail("OpenSSL cannot be used: %s", rc_text(rc));
	rc = config_load(NULL, &r->config);
	r->setup.secure = r->config.secure;
	if (rc != HSM_OK)
		status = ui_fail("which cards there are is not clear: %s", rc_text(rc));
	else
		status = r->initialize ? tool_cmd_initialize(r) : tool_cmd_status(r);
	config_done(&r->config);
	ossl_release();
	return status;
}

int main(int argc, char **argv)
{
	static char name[] = "twinhsm-tool";
	struct request r = { .setup = SETUP_DEFAULT };
	int status;

	ui_begin(name);
	if (argc > 0)
		argv[0] = name;
	status = parse(&r, argc, argv);
	if (status < 0)
		status = run(&r);
	setup_wipe(&r.setup);
	return status;
}
