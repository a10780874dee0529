#include "line.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"

enum { ROWS_MAX = 32, NAME_MAX_LEN = 64 };

/* Letters below 'a' have no short form. */
static const struct option rows[] = {
	{ "reader", required_argument, NULL, 'r' },
	{ "wait", no_argument, NULL, 'w' },
	{ "force", no_argument, NULL, 'f' },
	{ "out", required_argument, NULL, 'o' },
	{ "json", no_argument, NULL, 'J' },
	{ "pin", required_argument, NULL, 'P' },
	{ "new-pin", required_argument, NULL, 'N' },
	{ "so-pin", required_argument, NULL, 'Q' },
	{ "so", no_argument, NULL, 'S' },
	{ "password", required_argument, NULL, 'W' },
	{ "shares", required_argument, NULL, 'D' },
	{ "share", required_argument, NULL, 'R' },
	{ "file-password", required_argument, NULL, 'F' },
	{ "key-reference", required_argument, NULL, 'i' },
	{ "label", required_argument, NULL, 'l' },
	{ "id", required_argument, NULL, 'I' },
	{ "ca", required_argument, NULL, 'A' },
	{ "aes", no_argument, NULL, 'E' },
	{ "pwd-shares-threshold", required_argument, NULL, 'T' },
	{ "pwd-shares-total", required_argument, NULL, 'U' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
};

/* ---- which options there are ---- */

static bool has_short_form(int letter)
{
	return letter >= 'a';
}

/* The rows of the form, and its letters as getopt wants them. */
static void choose(const char *wanted, struct option *out, char *letters)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strchr(wanted, rows[i].val) == NULL && strchr("vh", rows[i].val) == NULL)
			continue;
		*out++ = rows[i];
		if (!has_short_form(rows[i].val))
			continue;
		*letters++ = (char)rows[i].val;
		if (rows[i].has_arg == required_argument)
			*letters++ = ':';
	}
	*out = (struct option){ 0 };
	*letters = '\0';
}

/* ---- taking them ---- */

static void more_verbose(void)
{
	static enum log_level level = LOG_INFO;

	log_set(level);
	level = LOG_TRACE;
}

/* 0, or the exit status after a message. */
static int take_secret(struct line *l, int letter)
{
	const struct {
		int letter;
		const char *name;
		struct secret *value;
	} secrets[] = {
		{ 'P', "--pin", &l->pin },
		{ 'N', "--new-pin", &l->new_pin },
		{ 'Q', "--so-pin", &l->so_pin },
		{ 'F', "--file-password", &l->file_password },
	};

	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		if (secrets[i].letter == letter)
			return ui_secret_option(secrets[i].name, optarg, secrets[i].value);
	}
	return EXIT_USAGE; /* unknown: getopt has said so */
}

/* One for each file, in their order. */
static int take_password(struct line *l)
{
	const int status =
	        l->passwords_n == LINE_FILES_MAX
	                ? ui_usage("there are too many passwords")
	                : ui_secret_option("--password", optarg, &l->passwords[l->passwords_n]);

	if (status != 0)
		return status;
	l->passwords_n++;
	l->password = l->passwords[0];
	return 0;
}

static int take_share(struct line *l)
{
	if (l->share_n == LINE_FILES_MAX)
		return ui_usage("there are too many shares");
	l->share[l->share_n++] = optarg;
	return 0;
}

static int take_number(struct line *l, int letter)
{
	switch (letter) {
	case 'D':
		return ui_number_option("--shares", optarg, 0, 255, &l->shares);
	case 'i':
		return ui_number_option("--key-reference", optarg, 1, 255, &l->key_reference);
	case 'T':
		return ui_number_option("--pwd-shares-threshold", optarg, 1, 255, &l->threshold);
	default:
		return ui_number_option("--pwd-shares-total", optarg, 1, 255, &l->total);
	}
}

static int take(struct line *l, int letter)
{
	switch (letter) {
	case 'W':
		return take_password(l);
	case 'R':
		return take_share(l);
	case 'l':
		l->label = optarg;
		return 0;
	case 'I':
		l->id = optarg;
		return 0;
	case 'A':
		l->ca = optarg;
		return 0;
	case 'E':
		l->aes = true;
		return 0;
	case 'r':
		l->reader = optarg;
		return 0;
	case 'w':
		l->wait = true;
		return 0;
	case 'f':
		l->force = true;
		return 0;
	case 'o':
		l->out = optarg;
		return 0;
	case 'J':
		l->json = true;
		return 0;
	case 'S':
		l->so = true;
		return 0;
	case 'D':
	case 'i':
	case 'T':
	case 'U':
		return take_number(l, letter);
	case 'v':
		more_verbose();
		return 0;
	default:
		return take_secret(l, letter);
	}
}

static int take_args(const struct line_form *form, int argc, char **argv, struct line *out)
{
	out->args = argv + optind;
	out->args_n = argc - optind;
	if (out->args_n < form->args_min)
		return ui_usage("something is missing after '%s'", argv[argc - 1]);
	if (out->args_n > form->args_max)
		return ui_usage("'%s' is too much", out->args[form->args_max]);
	return 0;
}

int line_parse(const struct line_form *form, int argc, char **argv, struct line *out)
{
	struct option options[ROWS_MAX];
	char letters[2 * ROWS_MAX];
	int letter, status = 0;

	*out = (struct line){ .shares = -1 };
	choose(form->options, options, letters);
	while (status == 0 && (letter = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		if (letter == 'h') {
			fputs(form->help, stdout);
			return EXIT_SUCCESS;
		}
		status = take(out, letter);
	}
	if (status == 0)
		status = take_args(form, argc, argv, out);
	return status == 0 ? -1 : status;
}

void line_wipe(struct line *l)
{
	secret_wipe(&l->pin);
	secret_wipe(&l->new_pin);
	secret_wipe(&l->so_pin);
	secret_wipe(&l->password);
	secret_wipe(&l->file_password);
	for (size_t i = 0; i < l->passwords_n; i++)
		secret_wipe(&l->passwords[i]);
}

int line_open(const struct line *l, struct session *s)
{
	return session_open(s, l->reader, l->wait);
}

/* ---- commands of commands ---- */

static int run(const struct command *c, int argc, char **argv)
{
	char name[NAME_MAX_LEN];
	int status;

	snprintf(name, sizeof(name), "%s %s", argv[0], c->name);
	ui_name(name);
	argv[1] = name;
	status = c->run(argc - 1, argv + 1);
	ui_name(argv[0]);
	return status;
}

int line_dispatch(const struct command *table, const char *help, int argc, char **argv)
{
	if (argc < 2)
		return ui_usage("say what to do");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		fputs(help, stdout);
		return EXIT_SUCCESS;
	}
	for (const struct command *c = table; c->name != NULL; c++) {
		if (strcmp(c->name, argv[1]) == 0)
			return run(c, argc, argv);
	}
	return ui_usage("there is no '%s'", argv[1]);
}
