#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "common/ui.h"
#include "request.h"

/* Codes of options beside those of setup.h: the letters of sc-hsm-tool, and some without one. */
enum code {
	HELP = 'h',
	READER = 'r',
	WAIT = 'w',
	VERBOSE = 'v',
	FORCE = 'f',
	KEY_REFERENCE = 'i',
	VERSION = 0x200,
	PASSWORD,
	THRESHOLD,
	TOTAL,
};

enum { KEY_REFERENCE_MAX = 255 };

static const char help_text[] =
        "usage: twinhsm-tool [OPTIONS]            as sc-hsm-tool; without an action: status\n"
        "   or: twinhsm-tool COMMAND [ARGUMENTS]  see 'twinhsm-tool help'\n"
        "\n"
        "Actions, done in this order:\n"
        "  -X, --initialize                  initialise; deletes all keys and files\n"
        "  -C, --create-dkek-share FILE      make a DKEK share\n"
        "  -I, --import-dkek-share FILE      give a DKEK share to the card\n"
        "  -P, --print-dkek-share FILE       show a DKEK share in clear\n"
        "  -W, --wrap-key FILE               write a key to a file, wrapped under the DKEK\n"
        "  -U, --unwrap-key FILE             bring a wrapped key to the card\n"
        "  -e, --export-for-pub-key-auth FILE  write a public key for authentication\n"
        "  -g, --register-public-key FILE    register such a key\n"
        "  -S, --public-key-auth-status      status of public key authentication\n"
        "\n"
        "With --initialize:\n"
        "      --so-pin HEX                  SO-PIN, 16 hexadecimal digits\n"
        "      --pin PIN                     user PIN, 6 to 16 characters\n"
        "      --pin-retry N                 tries of the user PIN, 3 by default\n"
        "  -s, --dkek-shares N               number of DKEK shares; 0: a DKEK by chance\n"
        "      --key-domains N               number of key domains, empty at first, instead\n"
        "                                    of -s; see 'twinhsm-tool domain'\n"
        "  -l, --label TEXT                  name of the token, up to 32 bytes\n"
        "  -K, --public-key-auth N           log in with N public keys\n"
        "  -n, --required-pub-keys M         of which M are needed, 1 by default\n"
        "\n"
        "With the others:\n"
        "      --password TEXT               password of the share\n"
        "      --pwd-shares-threshold T      people needed for a split password\n"
        "      --pwd-shares-total N          people who get a part of it; with\n"
        "                                    --import-dkek-share: parts to be typed\n"
        "  -i, --key-reference N             number of the key on the card, 1 to 255\n"
        "      --pin PIN                     user PIN\n"
        "  -f, --force                       replace a key that is there\n"
        "\n"
        "  -r, --reader CARD                 number, address (emu:FILE) or part of it\n"
        "  -w, --wait                        wait for the card\n"
        "  -v, --verbose                     say what is done, twice: each command\n"
        "  -h, --help                        this text\n"
        "      --version                     version of TwinHSM\n"
        "\n"
        "A PIN or password may be given as env:NAME. More in twinhsm-tool(1).";

/* The options that are actions. */
static const struct action_row {
	char letter;
	enum action action;
} action_rows[] = {
	{ 'X', ACT_INITIALIZE },
	{ 'C', ACT_CREATE_SHARE },
	{ 'I', ACT_IMPORT_SHARE },
	{ 'P', ACT_PRINT_SHARE },
	{ 'W', ACT_WRAP },
	{ 'U', ACT_UNWRAP },
	{ 'e', ACT_EXPORT_PUBLIC },
	{ 'g', ACT_REGISTER_PUBLIC },
	{ 'S', ACT_PUBLIC_STATUS },
};

static const struct option options[] = {
	{ "initialize", no_argument, NULL, 'X' },
	{ "create-dkek-share", required_argument, NULL, 'C' },
	{ "import-dkek-share", required_argument, NULL, 'I' },
	{ "print-dkek-share", required_argument, NULL, 'P' },
	{ "wrap-key", required_argument, NULL, 'W' },
	{ "unwrap-key", required_argument, NULL, 'U' },
	{ "export-for-pub-key-auth", required_argument, NULL, 'e' },
	{ "register-public-key", required_argument, NULL, 'g' },
	{ "public-key-auth-status", no_argument, NULL, 'S' },
	{ "public-key-auth", required_argument, NULL, 'K' },
	{ "required-pub-keys", required_argument, NULL, 'n' },
	SETUP_OPTIONS,
	{ "bio-server1", required_argument, NULL, SETUP_BIO },
	{ "bio-server2", required_argument, NULL, SETUP_BIO },
	{ "password", required_argument, NULL, PASSWORD },
	{ "pwd-shares-threshold", required_argument, NULL, THRESHOLD },
	{ "pwd-shares-total", required_argument, NULL, TOTAL },
	{ "key-reference", required_argument, NULL, KEY_REFERENCE },
	{ "force", no_argument, NULL, FORCE },
	{ "reader", required_argument, NULL, READER },
	{ "wait", no_argument, NULL, WAIT },
	{ "verbose", no_argument, NULL, VERBOSE },
	{ "help", no_argument, NULL, HELP },
	{ "version", no_argument, NULL, VERSION },
	{ 0 },
};

static const char letters[] = "C:I:K:P:SU:W:Xe:fg:hi:l:n:r:s:vw";

/* Letters that mean an option of setup.h. */
static int setup_code(int code)
{
	switch (code) {
	case 'l':
		return SETUP_LABEL;
	case 's':
		return SETUP_DKEK;
	case 'K':
		return SETUP_PKA_TOTAL;
	case 'n':
		return SETUP_PKA_NEEDED;
	default:
		return code;
	}
}

static bool take_action(struct request *r, int code)
{
	for (size_t i = 0; i < sizeof(action_rows) / sizeof(action_rows[0]); i++) {
		if (action_rows[i].letter == code) {
			r->wanted[action_rows[i].action] = true;
			r->file[action_rows[i].action] = optarg;
			return true;
		}
	}
	return false;
}

static void more_verbose(void)
{
	static enum log_level level = LOG_INFO;

	log_set(level);
	level = LOG_TRACE;
}

/* 0, or the exit status after a message. */
static int take(struct request *r, int code)
{
	switch (code) {
	case READER:
		r->reader = optarg;
		return 0;
	case WAIT:
		r->wait = true;
		return 0;
	case FORCE:
		r->force = true;
		return 0;
	case VERBOSE:
		more_verbose();
		return 0;
	case KEY_REFERENCE:
		return ui_number_option(
		        "--key-reference", optarg, 1, KEY_REFERENCE_MAX, &r->key_reference);
	case THRESHOLD:
		return ui_number_option("--pwd-shares-threshold", optarg, 1, 255, &r->threshold);
	case TOTAL:
		return ui_number_option("--pwd-shares-total", optarg, 1, 255, &r->total);
	case PASSWORD:
		return ui_secret_option("--password", optarg, &r->password);
	default:
		return setup_option(&r->setup, setup_code(code), optarg);
	}
}

/* What goes with what, in sc-hsm-tool's words. */
static const struct rule {
	char option;
	bool needs; /* otherwise: excludes */
	char other;
} rules[] = {
	{ 'K', true, 'X' },
	{ 'n', true, 'X' },
	{ 'e', true, 'i' },
	{ 'e', false, 'X' },
	{ 'e', false, 'W' },
	{ 'e', false, 'U' },
	{ 'g', false, 'X' },
	{ 'g', false, 'W' },
	{ 'g', false, 'U' },
	{ 'g', false, 'e' },
	{ 'S', false, 'X' },
	{ 'S', false, 'W' },
	{ 'S', false, 'U' },
	{ 'S', false, 'e' },
	{ 'S', false, 'g' },
};

static bool given(const struct request *r, char letter)
{
	for (size_t i = 0; i < sizeof(action_rows) / sizeof(action_rows[0]); i++) {
		if (action_rows[i].letter == letter)
			return r->wanted[action_rows[i].action];
	}
	return letter == 'i'   ? r->key_reference != 0
	       : letter == 'K' ? r->setup.pka_total != 0
	                       : r->setup.pka_needed > 1;
}

static const char *long_name(char letter)
{
	const struct option *o = options;

	while (o->name != NULL && o->val != letter)
		o++;
	return o->name;
}

static int check(const struct request *r)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule *rule = &rules[i];

		if (given(r, rule->option) && given(r, rule->other) != rule->needs)
			return ui_fail("option -%c (--%s) %s option -%c (--%s)", rule->option,
			        long_name(rule->option), rule->needs ? "requires" : "excludes",
			        rule->other, long_name(rule->other));
	}
	return 0;
}

int request_parse(struct request *r, int argc, char **argv)
{
	int code, status = 0;

	*r = (struct request){ .setup = SETUP_DEFAULT };
	while (status == 0 && (code = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		if (code == HELP || code == VERSION) {
			puts(code == HELP ? help_text : "twinhsm-tool " TWINHSM_VERSION);
			return EXIT_SUCCESS;
		}
		status = take_action(r, code) ? 0 : take(r, code);
	}
	if (status == 0 && optind < argc)
		status = ui_usage("'%s' is not an option", argv[optind]);
	if (status == 0)
		status = check(r);
	return status == 0 ? -1 : status;
}

void request_wipe(struct request *r)
{
	secret_wipe(&r->password);
	setup_wipe(&r->setup);
}
