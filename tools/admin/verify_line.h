/* The command line of verify, whose shares and passwords come in any number. */
#ifndef TWINHSM_TOOLS_ADMIN_VERIFY_LINE_H
#define TWINHSM_TOOLS_ADMIN_VERIFY_LINE_H

#include <stdbool.h>
#include <stddef.h>

enum { VERIFY_SHARES_MAX = 255 };

struct verify_line {
	const char *dir;
	const char *reader; /* NULL: none named */
	bool json;
	const char *shares[VERIFY_SHARES_MAX]; /* files */
	char *passwords[VERIFY_SHARES_MAX];    /* arguments, in the order of the shares */
	size_t shares_n, passwords_n;
	long parts; /* of each password that is split; 0: none is */
};

/* -1 to go on, otherwise the exit status, after a message or `help`. */
int verify_line_parse(struct verify_line *l, const char *help, int argc, char **argv);

#endif
