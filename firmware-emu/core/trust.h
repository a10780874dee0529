/* Public keys that certificates are verified with: known roots, the card's own chain, and those of
 * certificates that were verified since the last reset. */
#ifndef TWINHSM_EMU_CORE_TRUST_H
#define TWINHSM_EMU_CORE_TRUST_H

#include "p15/cvc.h"
#include "p15/limits.h"

struct emu_lane;

enum { TRUST_MAX = 16, TRUST_POINT_LEN = 65 };

/* On brainpoolP256r1, for ECDSA with SHA-256, as all of these certificates. */
struct trust_key {
	uint8_t chr[P15_CHR_MAX];
	size_t chr_n;
	uint8_t point[TRUST_POINT_LEN];
	bool may_issue; /* sign certificates: not the keys of devices */
};

struct trust {
	struct trust_key keys[TRUST_MAX];
	size_t n;
	struct trust_key selected; /* chr_n 0: none */
};

/* Selects the key of a holder; HSM_E_NO_REF, and none is selected, when it is not known. */
HSM_MUST hsm_rc trust_select(struct emu_lane *lane, struct rd chr);

/* Verifies a certificate (7F21) with the selected key and remembers the one in it. HSM_E_NO_REF:
 * none selected; HSM_E_BAD_DATA, HSM_E_BAD_ALG; HSM_E_NOT_ALLOWED: not signed by that key, or that
 * key may not; HSM_E_FULL. */
HSM_MUST hsm_rc trust_verify(struct emu_lane *lane, struct rd cert);

#endif
