/* DKEK share files opened without a card. */
#ifndef TWINHSM_TOOLS_ADMIN_SHARES_H
#define TWINHSM_TOOLS_ADMIN_SHARES_H

#include "admin/line.h"
#include "p15/keyblob.h"

/* Opens the shares in these files and puts the key together. The passwords are those of the line,
 * in the order of the files; where there is none the line's number of parts of a split one is asked
 * for, or a whole one. 0, or the exit status after a message. */
int shares_open(const struct line *l, const char *const *file, size_t n, struct dkek *out);

#endif
