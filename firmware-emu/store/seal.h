/* Sealing: AES-256-GCM (NIST SP 800-38D) with associated data; keys from PINs by scrypt (RFC 7914).
 */
#ifndef TWINHSM_EMU_STORE_SEAL_H
#define TWINHSM_EMU_STORE_SEAL_H

#include "base/buf.h"
#include "base/secret.h"

enum { SEAL_KEY_LEN = 32, SEAL_NONCE_LEN = 12, SEAL_TAG_LEN = 16, SEAL_SALT_LEN = 16 };

/* What sealing adds to the plain bytes. */
enum { SEAL_OVERHEAD = SEAL_NONCE_LEN + SEAL_TAG_LEN };

/* The cost of EMU_KDF_CHEAP. */
enum { SEAL_CHEAP_LOG2_N = 4 };

/* Appends nonce, ciphertext and tag to `out`. */
HSM_MUST hsm_rc seal(struct rd key, struct rd aad, struct rd plain, struct buf *out);

/* Replaces `plain`. HSM_E_TOKEN_DAMAGED when the tag does not fit. */
HSM_MUST hsm_rc unseal(struct rd key, struct rd aad, struct rd sealed, struct buf *plain);

/* A 32-byte key from a PIN; r = 8, p = 1, N = 2^log2_n with log2_n of 4 to 20. */
HSM_MUST hsm_rc seal_stretch(struct rd pin, struct rd salt, uint8_t log2_n, struct secret *key);

/* The log2_n that takes 50 to 100 ms on this machine, never below 14. */
uint8_t seal_strong_cost(void);

#endif
