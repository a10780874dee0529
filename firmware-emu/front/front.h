/* Serving a token file to other programs: as cards in virtual readers of pcscd, and on a Unix
 * socket. Each reader and each client of the socket has a card of its own on the file. What happens
 * is said through base/log.h: connections and refusals at LOG_INFO and LOG_ERROR, each command's
 * header, lengths and status word at LOG_TRACE. */
#ifndef TWINHSM_EMU_FRONT_FRONT_H
#define TWINHSM_EMU_FRONT_FRONT_H

#include "base/rc.h"

struct front;

/* Serves the token file `token` (borrowed until front_stop); `trace` (may be NULL) is a file that
 * is made, or emptied, for the commands and answers with secrets blanked. Nothing is served yet.
 * HSM_E_IO after a message; HSM_E_MEMORY. */
HSM_MUST hsm_rc front_new(const char *token, const char *trace, struct front **out);

/* Puts the card into the virtual reader whose driver listens at `host` and `port`, as often as the
 * driver comes back. The strings are borrowed until front_stop. HSM_E_MEMORY; that nobody listens
 * is only said, and tried again. */
HSM_MUST hsm_rc front_vpcd(struct front *f, const char *host, const char *port);

/* Listens at a Unix socket for its owner only; what a dead server left there is replaced. `path` is
 * borrowed until front_stop. HSM_E_IO after a message; HSM_E_MEMORY. */
HSM_MUST hsm_rc front_socket(struct front *f, const char *path);

/* Ends all connections after the commands they are in, removes the sockets, frees. Accepts NULL. */
void front_stop(struct front *f);

#endif
