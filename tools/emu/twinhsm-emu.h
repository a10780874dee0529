/* What the sub-commands of twinhsm-emu share. */
#ifndef TWINHSM_TOOLS_TWINHSM_EMU_H
#define TWINHSM_TOOLS_TWINHSM_EMU_H

#include <limits.h>

#include "common/setup.h"
#include "common/ui.h"
#include "emu.h"

enum { ADDRESS_MAX = PATH_MAX + 8, NAMES_MAX = 256 };

int emu_cmd_create(int argc, char **argv);
int emu_cmd_list(int argc, char **argv);
int emu_cmd_info(int argc, char **argv);
int emu_cmd_delete(int argc, char **argv);
int emu_cmd_run(int argc, char **argv);
int emu_cmd_serve(int argc, char **argv);
int emu_cmd_replay(int argc, char **argv);

/* ---- make.c ---- */

/* Rows for getopt_long: --kdf and --profile. */
enum make_code { MAKE_KDF = 'k', MAKE_PROFILE = 'p' };
#define MAKE_OPTIONS                                                                               \
	{ "kdf", required_argument, NULL, MAKE_KDF },                                              \
	{                                                                                          \
		"profile", required_argument, NULL, MAKE_PROFILE                                   \
	}

/* Takes one of them. 0, or the exit status after a message; unknown codes are EXIT_USAGE. */
int make_option(struct emu_make *make, int code, const char *arg);

/* The names of the profiles, parted by ", ". */
void profile_names(char *out, size_t cap);

/* Makes a token file, initialised when the setup has PINs. 0, or the exit status after a message;
 * then there is no file. */
int token_make(const char *path, const struct emu_make *make, const struct setup *s);

/* Removes a token file and its journal; false with errno set. */
bool token_unlink(const char *path);

/* ---- describe.c ---- */

/* What can be done with the card: "ready", "factory new" and so on. */
const char *info_state(const struct emu_info *info);

/* The PKCS#11 URI (RFC 7512) of the token: malloced, NULL without memory. */
char *info_uri(const struct emu_info *info);

/* Says why a token file cannot be used. Answers EXIT_FAILURE. */
int token_fail(const char *path, hsm_rc rc);

/* ---- run_place.c, run_child.c: parts of run ---- */

/* Where the token of one run lives: a private folder, or the file that was asked for. */
struct place {
	char dir[PATH_MAX]; /* empty: the file only */
	char file[PATH_MAX];
};

/* `file` may be NULL. 0, or the exit status after a message. */
int place_make(struct place *p, const char *file);
void place_remove(const struct place *p);

/* Signals that are passed on are blocked from here on; child_run restores them for the command. */
void child_prepare(void);

/* Has a signal come that would have ended this program? Its number, or 0. */
int child_interrupted(void);

/* Runs the command and answers its exit status: 128 and the number of the signal that killed it,
 * 127 when it was not found, 126 when it could not be run. */
int child_run(char **argv);

/* The module's path, looked up beside this program; false when it is not there. */
bool module_path(char out[PATH_MAX]);

#endif
