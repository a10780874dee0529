/* The key encryption keys (KEK) of the key domains, sealed in the token: DKEKs made of shares,
 * XKEKs agreed with another card. */
#ifndef TWINHSM_EMU_KEY_KEK_H
#define TWINHSM_EMU_KEY_KEK_H

#include "core/core.h"

/* A domain that waits for `shares` shares, or, for none, one with a DKEK by chance. */
HSM_MUST hsm_rc kek_make(const struct emu_image *image, const struct secret *token_key,
        uint8_t domain, uint8_t shares, struct emu_kek *out);

/* A domain with this UID (KEK_UID_MAX bytes at most) that waits for an agreement, which counts as
 * its only share. */
HSM_MUST hsm_rc kek_make_xkek(const struct emu_image *image, const struct secret *token_key,
        uint8_t domain, struct rd uid, struct emu_kek *out);

/* Adds a share to a DKEK; no login is needed. HSM_E_BAD_LEN, HSM_E_NOT_ALLOWED when all are there
 * or it is none. */
HSM_MUST hsm_rc kek_import(
        const struct emu_image *image, uint8_t domain, struct rd share, struct emu_kek *kek);

/* This is the KEK (DKEK_LEN bytes). */
HSM_MUST hsm_rc kek_complete(
        const struct emu_image *image, uint8_t domain, struct rd value, struct emu_kek *kek);

/* Back to the state of a new domain of the same kind; one by chance gets another DKEK. */
HSM_MUST hsm_rc kek_forget(const struct emu_image *image, uint8_t domain, struct emu_kek *kek);

/* The domain whose KEK has this check value. HSM_E_NO_REF while no KEK is complete, HSM_E_BAD_DATA
 * when it is of none of them. */
HSM_MUST hsm_rc kek_find(const struct emu_image *image, struct rd kcv, uint8_t *domain);

/* The KEK of a domain at work. HSM_E_NO_REF while there is none, HSM_E_NOT_AUTH without a login. */
HSM_MUST hsm_rc kek_open(struct emu_lane *lane, uint8_t domain, struct dkek *out);

#endif
