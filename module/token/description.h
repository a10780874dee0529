/* The description of a key, EF C4kk, and what stands in for it where there is none. */
#ifndef TWINHSM_TOKEN_DESCRIPTION_H
#define TWINHSM_TOKEN_DESCRIPTION_H

#include "base/buf.h"
#include "card/card.h"
#include "p15/p15.h"
#include "p15/pubkey.h"

enum { KEY_ID_LEN = 20 };

/* The identifier of a key that was given none: SHA-1 of an RSA modulus or of an uncompressed EC
 * point, as other PKCS#11 programs choose it. */
HSM_MUST hsm_rc key_id(const struct pubkey *key, uint8_t out[KEY_ID_LEN]);

/* What keys of this type can do, as p15_usage. */
uint16_t usage_default(enum p15_key_type type);

/* Fills a description from a public key. */
void description_from_key(const struct pubkey *key, struct p15_key *out);

/* Reads EF C4kk, or makes a description without label from EF CEkk and the number of the key;
 * `*out` borrows from `bytes`. HSM_E_CARD_DATA when there is neither. */
HSM_MUST hsm_rc description_read(
        struct card_lane *lane, uint8_t kid, struct buf *bytes, struct p15_key *out);

/* The contents of EF C4kk; a subject that is too long is left out. HSM_E_BAD_LEN. */
HSM_MUST hsm_rc description_build(const struct p15_key *key, struct wr *w);

/* Writes EF C4kk; a subject that is too long is left out. HSM_E_BAD_LEN. */
HSM_MUST hsm_rc description_write(struct card_lane *lane, uint8_t kid, const struct p15_key *key);

/* Is the key behind a description that is missing or unreadable with this outcome still to be
 * shown? False when the card itself failed. */
bool description_lost(hsm_rc rc);

#endif
