#include "verify_line.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "backup/backup.h"
#include "ui.h"

static const struct option options[] = {
	{ "reader", required_argument, NULL, 'r' },
	{ "share", required_argument, NULL, 's' },
	{ "password", required_argument, NULL, 'W' },
	{ "pwd-shares-total", required_argument, NULL, 'n' },
	{ "json", no_argument, NULL, 'J' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static int add_share(struct verify_line *l)
{
	if (l->shares_n == VERIFY_SHARES_MAX)
		return ui_usage("at most %d --share", VERIFY_SHARES_MAX);
	l->shares[l->shares_n++] = optarg;
	return 0;
}

static int add_password(struct verify_line *l)
{
	if (l->passwords_n == VERIFY_SHARES_MAX)
		return ui_usage("at most %d --password", VERIFY_SHARES_MAX);
	l->passwords[l->passwords_n++] = optarg;
	return 0;
}

static int take(struct verify_line *l, int code)
{
	switch (code) {
	case 'r':
		l->reader = optarg;
		return 0;
	case 's':
		return add_share(l);
	case 'W':
		return add_password(l);
	case 'n':
		return ui_number_option("--pwd-shares-total", optarg, SPLIT_THRESHOLD_MIN,
		        SPLIT_TOTAL_MAX, &l->parts);
	case 'J':
		l->json = true;
		return 0;
	default:
		return EXIT_USAGE; /* unknown: getopt has said so */
	}
}

static int check(const struct verify_line *l)
{
	if (l->passwords_n > l->shares_n)
		return ui_usage("there are more --password than --share");
	if (l->passwords_n != 0 && l->parts != 0)
		return ui_usage("--password and --pwd-shares-total exclude each other");
	return -1;
}

int verify_line_parse(struct verify_line *l, const char *help, int argc, char **argv)
{
	int code, status = 0;

	*l = (struct verify_line){ 0 };
	while (status == 0 && (code = getopt_long(argc, argv, "r:h", options, NULL)) != -1) {
		if (code == 'h') {
			fputs(help, stdout);
			return EXIT_SUCCESS;
		}
		status = take(l, code);
	}
	if (status != 0)
		return status;
	if (optind + 1 != argc)
		return ui_usage("one DIR is needed");
	l->dir = argv[optind];
	return check(l);
}
