/* The command line of the sub-commands: one table of options, of which each command takes some. */
#ifndef TWINHSM_TOOLS_ADMIN_LINE_H
#define TWINHSM_TOOLS_ADMIN_LINE_H

#include "session.h"

enum { LINE_FILES_MAX = 255 };

struct line {
	const char *reader; /* NULL: none named */
	bool wait, json, force;
	bool so;                                      /* the SO-PIN is meant */
	long shares;                                  /* negative: not given */
	const char *out;                              /* file; NULL: not given */
	struct secret pin, new_pin, so_pin, password; /* empty: not given */
	struct secret file_password;                  /* of a key file */
	struct secret passwords[LINE_FILES_MAX];      /* each --password; `password` is the first */
	size_t passwords_n;
	const char *share[LINE_FILES_MAX]; /* each --share */
	size_t share_n;
	const char *label, *id, *ca; /* NULL: not given */
	bool aes;
	long key_reference, threshold, total; /* 0: not given */
	char **args;                          /* what is no option */
	int args_n;
};

/* What a command takes. `options` has the letters of line.c's table; --help and --verbose are
 * always taken. */
struct line_form {
	const char *help;
	const char *options;
	int args_min, args_max;
};

/* Takes the command line apart. -1 to go on, otherwise the exit status, after a message or the
 * help. The caller wipes the line. */
int line_parse(const struct line_form *form, int argc, char **argv, struct line *out);
void line_wipe(struct line *l);
#define AUTO_LINE __attribute__((cleanup(line_wipe))) struct line

/* Opens the card that the line names. 0, or the exit status after a message. */
int line_open(const struct line *l, struct session *s);

/* Runs the command of the table that argv[1] names, "CMD --help" or a name that there is not
 * answered from `help`. The table ends with a name NULL. */
int line_dispatch(const struct command *table, const char *help, int argc, char **argv);

/* The options that all commands with a card have, for their help. */
#define LINE_HELP_CARD                                                                             \
	"  -r, --reader CARD   number, address (emu:FILE) or part of it\n"                         \
	"  -w, --wait          wait for the card\n"                                                \
	"      --json          answer as JSON\n"                                                   \
	"  -v, --verbose       say what is done, twice: each command\n"                            \
	"  -h, --help          this text\n"

#endif
