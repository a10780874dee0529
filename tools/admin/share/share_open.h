/* DKEK share files and the passwords that open them. */
#ifndef TWINHSM_TOOLS_ADMIN_SHARE_OPEN_H
#define TWINHSM_TOOLS_ADMIN_SHARE_OPEN_H

#include "backup/backup.h"

/* Opens a share file with `password`, or when that is empty with `parts` parts of a split one, or
 * when that is 0 with one that is asked for. 0, or the exit status after a message. */
int share_open(const char *path, const struct secret *password, long parts, struct secret *share);

/* Before and after what takes seconds: says so on standard error. Between them share_progress shows
 * how far it is; NULL when there is no terminal. */
void share_progress_begin(const char *what);
const struct progress *share_progress(void);
void share_progress_end(void);

/* There is no password, and no terminal to ask for one. Answers EXIT_FAILURE. */
int share_no_password(void);

#endif
