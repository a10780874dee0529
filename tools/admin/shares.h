/* DKEK share files opened without a card. */
#ifndef TWINHSM_TOOLS_ADMIN_SHARES_H
#define TWINHSM_TOOLS_ADMIN_SHARES_H

#include "p15/keyblob.h"
#include "verify_line.h"

/* Opens all shares of the command line, asking for the passwords that are not there, and puts the
 * key together. 0, or the exit status after a message. */
int shares_open(const struct verify_line *l, struct dkek *out);

#endif
