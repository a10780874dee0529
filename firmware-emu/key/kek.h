/* The device key encryption key (DKEK) of key domain 0: made of shares, sealed in the token. */
#ifndef TWINHSM_EMU_KEY_KEK_H
#define TWINHSM_EMU_KEY_KEK_H

#include "core/core.h"

/* A domain that waits for `shares` shares, or, for none, one with a DKEK by chance. */
HSM_MUST hsm_rc kek_make(const struct emu_image *image, const struct secret *token_key,
        uint8_t shares, struct emu_kek *out);

/* Adds a share; no login is needed. HSM_E_BAD_LEN, HSM_E_NOT_ALLOWED when all are there. */
HSM_MUST hsm_rc kek_import(const struct emu_image *image, struct rd share, struct emu_kek *kek);

/* The DKEK at work. HSM_E_NO_REF while there is none, HSM_E_NOT_AUTH without a login. */
HSM_MUST hsm_rc kek_open(struct emu_lane *lane, struct dkek *out);

#endif
