/* Keys in and out of the card, as blobs under the KEK of their domain. */
#ifndef TWINHSM_EMU_KEY_WRAP_H
#define TWINHSM_EMU_KEY_WRAP_H

#include "core/core.h"

/* Writes the blob of a key. HSM_E_NO_REF: no such key, or no KEK in its domain; HSM_E_KEY_REFUSED:
 * the key's list does not allow it. */
HSM_MUST hsm_rc key_wrap(struct emu_lane *lane, uint8_t kid, struct wr *out);

/* The key of a blob, and what decides about it but its number; the caller frees it. HSM_E_NO_REF:
 * no KEK at all; HSM_E_BAD_DATA: another KEK, or what is inside is no key; HSM_E_BAD_ALG: a size or
 * curve that the card does not have. */
HSM_MUST hsm_rc key_unwrap(
        struct emu_lane *lane, struct rd blob, struct emu_key_meta *meta, EVP_PKEY **out);

#endif
