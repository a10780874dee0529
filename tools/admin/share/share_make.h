/* Making files of DKEK shares. All answer 0, or the exit status after a message. */
#ifndef TWINHSM_TOOLS_ADMIN_SHARE_MAKE_H
#define TWINHSM_TOOLS_ADMIN_SHARE_MAKE_H

#include "backup/backup.h"

/* Asks for a new password, twice. */
int share_password_new(struct secret *out);

/* Writes a share of SHARE_LEN bytes with a salt of SHAREFILE_SALT; takes seconds. */
int share_make(const char *path, const struct secret *share, const uint8_t *salt,
        const struct secret *password, bool replace);

#endif
