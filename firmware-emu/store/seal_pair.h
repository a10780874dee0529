/* Sealing to a key pair: who seals needs only the public half. X25519 (RFC 7748), HKDF-SHA256
 * (RFC 5869), then as seal.h. */
#ifndef TWINHSM_EMU_STORE_SEAL_PAIR_H
#define TWINHSM_EMU_STORE_SEAL_PAIR_H

#include "store/seal.h"

enum { SEAL_HALF_LEN = 32, SEAL_TO_OVERHEAD = SEAL_HALF_LEN + SEAL_OVERHEAD };

/* A new pair; `public` has room for SEAL_HALF_LEN bytes. */
HSM_MUST hsm_rc seal_pair_make(uint8_t *public, struct secret *private);

/* Appends an ephemeral public half, nonce, ciphertext and tag. */
HSM_MUST hsm_rc seal_to(const uint8_t *public, struct rd aad, struct rd plain, struct buf *out);

/* Replaces `plain`. HSM_E_TOKEN_DAMAGED when the tag does not fit. */
HSM_MUST hsm_rc seal_opened(const uint8_t *public, const struct secret *private, struct rd aad,
        struct rd sealed, struct buf *plain);

#endif
