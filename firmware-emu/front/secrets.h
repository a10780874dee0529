/* Which commands and answers carry a PIN, a key or a share. */
#ifndef TWINHSM_EMU_FRONT_SECRETS_H
#define TWINHSM_EMU_FRONT_SECRETS_H

#include "apdu/capdu.h"

/* Says whether the data of this command, and of its answer, must not be seen. Instructions that are
 * not known are taken to be secret. `*fid` is the session's memory of the current file, 0 at the
 * beginning: private data is known by its file alone. */
void secrets_in(const struct capdu *c, struct rd rsp, uint16_t *fid, bool *cmd, bool *answer);

#endif
