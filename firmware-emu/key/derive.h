/* EC keys derived from others on the card. */
#ifndef TWINHSM_EMU_KEY_DERIVE_H
#define TWINHSM_EMU_KEY_DERIVE_H

#include "core/core.h"

/* The key whose scalar is that of key `kid` plus `parameter` (big-endian, as long as the order at
 * most), modulo the order. It has the rules of its source but for the use counter, of which it has
 * none; `meta->kid` is the caller's to set. The caller frees `out`. HSM_E_BAD_DATA when the sum is
 * 0; HSM_E_BAD_LEN; HSM_E_NO_REF, HSM_E_BAD_ALG and HSM_E_KEY_REFUSED as key_sign. */
HSM_MUST hsm_rc key_derive(struct emu_lane *lane, uint8_t kid, struct rd parameter,
        struct emu_key_meta *meta, EVP_PKEY **out);

#endif
