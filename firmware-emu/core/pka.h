/* Public key authentication: holders of registered keys sign a challenge, and enough of them are
 * the user. Who has signed belongs to the card; challenge and selected key belong to the lane. */
#ifndef TWINHSM_EMU_CORE_PKA_H
#define TWINHSM_EMU_CORE_PKA_H

#include "core/image.h"

struct emu_lane;

enum { PKA_CHALLENGE_LEN = 8 };

struct pka {
	uint64_t selected; /* rev of a registered key, 0: none */
	bool challenged;
	unsigned round; /* emu_card.pka_round when the challenge was given */
	uint8_t challenge[PKA_CHALLENGE_LEN];
};

/* How many of the registered keys have signed since the last logout. */
uint8_t pka_authenticated(const struct emu_lane *lane);

/* Has the one with this number? */
bool pka_has_signed(const struct emu_lane *lane, uint8_t number);

/* Have as many as are required? */
bool pka_reached(const struct emu_lane *lane);

/* Selects a registered key by its holder. HSM_E_NO_REF: not known, and none is selected;
 * HSM_E_NOT_ALLOWED: it has signed already. */
HSM_MUST hsm_rc pka_select(struct emu_lane *lane, struct rd chr);

/* What GET CHALLENGE has given: of the length of a challenge it is the one to be signed, by any
 * number of keys, until the next one or the logout; otherwise there is none. */
void pka_challenge(struct emu_lane *lane, struct rd random);

/* Number of the selected key, and the challenge. HSM_E_NO_REF: none selected; HSM_E_NOT_ALLOWED: no
 * challenge, or it has signed already. */
HSM_MUST hsm_rc pka_pending(const struct emu_lane *lane, uint8_t *number, struct rd *challenge);

/* The key with this number has signed. */
void pka_accept(struct emu_lane *lane, uint8_t number);

#endif
