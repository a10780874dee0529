/* Public keys of cards at work, with libcrypto. */
#ifndef TWINHSM_TOOLS_ADMIN_VERIFY_H
#define TWINHSM_TOOLS_ADMIN_VERIFY_H

#include "base/buf.h"
#include "p15/pubkey.h"

/* Replaces `out` by the SubjectPublicKeyInfo of a key. */
HSM_MUST hsm_rc public_spki(const struct pubkey *key, struct buf *out);

enum public_scheme { SCHEME_PKCS1, SCHEME_PSS, SCHEME_ECDSA };

/* Is `sig` a signature over `data` with SHA-256? PSS with a salt as long as the hash; ECDSA as r
 * and s of equal length. */
bool public_verify(
        const struct pubkey *key, enum public_scheme scheme, struct rd data, struct rd sig);

#endif
