/* Public keys of public key authentication: the requests they are registered with, and what their
 * holders sign. */
#ifndef TWINHSM_EMU_KEY_PKA_KEY_H
#define TWINHSM_EMU_KEY_PKA_KEY_H

#include "base/buf.h"
#include "core/trust.h"

/* A key to be registered. */
struct pka_candidate {
	struct rd chr;  /* borrowed from the request */
	struct buf key; /* tag 7F49 */
};

/* Verifies the contents of an authenticated request (67): signed by the key in it, which has domain
 * parameters of a known curve or is RSA, with SHA-256, and by the device `by`. HSM_E_BAD_DATA:
 * malformed; HSM_E_BAD_ALG: another curve or algorithm; HSM_E_NOT_ALLOWED: `by` is no device, not
 * the one that is named, or one of the signatures is wrong. The caller frees `out->key`. */
HSM_MUST hsm_rc pka_key_verify(
        const struct trust_key *by, struct rd content, struct pka_candidate *out);

/* Is this the signature of the registered key (tag 7F49) over device and challenge? SHA-256; ECDSA
 * as plain r and s, or RSA PKCS#1 v1.5. */
bool pka_key_signed(struct rd key, const char *device_chr, struct rd challenge, struct rd sig);

#endif
