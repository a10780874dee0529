/* Files that people keep: whole ones, read and written in one go. */
#ifndef TWINHSM_TOOLS_FILE_H
#define TWINHSM_TOOLS_FILE_H

#include "base/buf.h"

/* Replaces `out` by the whole file. HSM_E_BAD_LEN when it has more than `max` bytes, HSM_E_IO with
 * errno set when it cannot be read. */
HSM_MUST hsm_rc file_read(const char *path, size_t max, struct buf *out);

/* Writes a file complete and durable, or leaves things as they were. Only its owner may read it.
 * HSM_E_EXISTS unless it may `replace` what is there, HSM_E_IO with errno set. */
HSM_MUST hsm_rc file_write(const char *path, struct rd content, bool replace);

/* Both with a message: 0, or the exit status. */
int file_load(const char *path, size_t max, struct buf *out);
int file_save(const char *path, struct rd content, bool replace);

#endif
