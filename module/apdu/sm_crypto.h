/* What both directions of secure messaging share. */
#ifndef TWINHSM_APDU_SM_CRYPTO_H
#define TWINHSM_APDU_SM_CRYPTO_H

#include "apdu/sm.h"

enum sm_tag {
	SM_CRYPTOGRAM_TLV = 0x85, /* of data that is BER-TLV: commands with an odd instruction */
	SM_CRYPTOGRAM = 0x87,     /* behind a padding indicator */
	SM_MAC = 0x8E,
	SM_LE = 0x97,
	SM_STATUS = 0x99,
};

/* Increments the send sequence counter. */
void sm_next(struct sm *sm);

/* Writes `plain`, padded and encrypted, as an object. */
HSM_MUST hsm_rc sm_seal(const struct sm *sm, enum sm_tag tag, struct rd plain, struct wr *w);

/* Decrypts the contents of a cryptogram object into `room`; `*plain` is without the padding.
 * HSM_E_SM_WRONG. */
HSM_MUST hsm_rc sm_open(
        const struct sm *sm, enum sm_tag tag, struct rd content, struct wr *room, struct rd *plain);

/* Writes the MAC object over the counter, the header (may be empty) and the objects. */
HSM_MUST hsm_rc sm_mac_put(const struct sm *sm, struct rd header, struct rd objects, struct wr *w);

/* HSM_E_SM_WRONG when `mac` is not theirs. */
HSM_MUST hsm_rc sm_mac_check(
        const struct sm *sm, struct rd header, struct rd objects, struct rd mac);

#endif
