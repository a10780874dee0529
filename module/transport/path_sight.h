/* Cards that have a place in the file system: a token file, a socket. */
#ifndef TWINHSM_TRANSPORT_PATH_SIGHT_H
#define TWINHSM_TRANSPORT_PATH_SIGHT_H

#include "transport/transport.h"

/* tp_ops.sight of a path. HSM_E_TOKEN_MISSING, HSM_E_TOKEN_ACCESS. */
HSM_MUST hsm_rc path_sight(const char *path, uint64_t *stamp);

#endif
