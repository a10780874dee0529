/* ECDSA signatures: DER on the card's side, plain r and s on PKCS#11's (PKCS#11 2.40 2.3.1). */
#ifndef TWINHSM_P15_ECSIG_H
#define TWINHSM_P15_ECSIG_H

#include "base/wr.h"

/* Writes r and s of `width` bytes each. HSM_E_CARD_DATA when they do not fit. */
HSM_MUST hsm_rc ecsig_to_raw(struct rd der, size_t width, struct wr *out);

/* Writes a DER signature from r and s of half the length each; HSM_E_BAD_LEN on an odd length. */
HSM_MUST hsm_rc ecsig_to_der(struct rd raw, struct wr *out);

#endif
