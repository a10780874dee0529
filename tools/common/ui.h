/* How the tools talk to the person in front of them: messages, questions, secrets. */
#ifndef TWINHSM_TOOLS_UI_H
#define TWINHSM_TOOLS_UI_H

#include "base/secret.h"

/* Exit status beside EXIT_SUCCESS and EXIT_FAILURE: the command line makes no sense. */
enum { EXIT_USAGE = 2 };

/* A sub-command. `run` gets its own arguments, argv[0] is its full name, and answers the exit
 * status. */
struct command {
	const char *name;
	const char *summary; /* for --help: arguments, then what it does after a tab */
	int (*run)(int argc, char **argv);
};

/* For main: keeps secrets out of core dumps, and OpenSSL's out of swap as far as the system
 * allows. `name` begins every message. */
void ui_begin(const char *name);

/* For main, last: writes out what was printed and wipes it from memory. */
void ui_end(void);

/* The name that begins every message from now on; borrowed. */
void ui_name(const char *name);

/* One line on standard error, "name: " in front. `format` as printf. Answers EXIT_FAILURE. */
int ui_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As ui_fail, for a command line that makes no sense; points to --help. Answers EXIT_USAGE. */
int ui_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Text of a stranger (a label) on standard output: control characters, and what is not UTF-8,
 * become
 * '?'. */
void ui_print(struct rd text);

/* The same into `out` with a terminator, cut to `cap` bytes in all. */
void ui_clean(struct rd text, char *out, size_t cap);

/* "yes" or "no" from the terminal; false as well when there is none. */
bool ui_confirm(const char *question);

bool ui_has_terminal(void);

/* The secret in an option's argument, "env:NAME" standing for the environment variable NAME. The
 * argument itself is overwritten, so that it leaves the process list. HSM_E_BAD_PARAM without such
 * a variable, HSM_E_BAD_LEN. */
HSM_MUST hsm_rc ui_secret_arg(char *arg, struct secret *out);

/* The secret in the argument of option `name`. 0, or the exit status after a message. */
int ui_secret_option(const char *name, char *arg, struct secret *out);

/* A decimal number from `min` to `max`. 0, or the exit status after a message. */
int ui_number_option(const char *name, const char *arg, long min, long max, long *out);

/* Asks for a line on standard input, where it may come from a script; what is too long is cut.
 * HSM_E_NOT_ALLOWED at the end of the input. */
HSM_MUST hsm_rc ui_line_ask(const char *prompt, struct secret *out);

/* Asks for a secret on the terminal without echo; `again` (may be NULL) asks a second time for the
 * same. HSM_E_NOT_ALLOWED without a terminal or when the person gave up, HSM_E_BAD_LEN,
 * HSM_E_BAD_DATA when the two differ. */
HSM_MUST hsm_rc ui_secret_ask(const char *prompt, const char *again, struct secret *out);

#endif
