/* Certificates of issuers on their way to a card. */
#ifndef TWINHSM_TOOLS_ADMIN_IMPORT_CHAIN_H
#define TWINHSM_TOOLS_ADMIN_IMPORT_CHAIN_H

#include <openssl/x509.h>

#include "admin/session.h"

/* Writes the certificates that the card does not have yet, each with its description. The user is
 * logged in. `*written` of them are new. 0, or the exit status after a message. */
int import_chain(struct session *s, const STACK_OF(X509) * chain, int *written);

#endif
