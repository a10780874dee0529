/* Which files and keys a card has. */
#ifndef TWINHSM_TOKEN_LISTING_H
#define TWINHSM_TOKEN_LISTING_H

#include "card/card.h"

struct listing {
	uint16_t fid[P15_FILES_MAX]; /* in the card's order, each once */
	size_t n;
	uint8_t seen[0x10000 / 8]; /* a bit for each identifier */
};

HSM_MUST hsm_rc listing_read(struct card_lane *lane, struct listing *out);
bool listing_has(const struct listing *l, uint16_t fid);

/* Adds an identifier; false when it was there before or the list is full. */
bool listing_add(struct listing *l, uint16_t fid);

/* The smallest number from `first` that none of the `n` file types has; HSM_E_FULL. */
HSM_MUST hsm_rc listing_free(
        const struct listing *l, const uint8_t *types, size_t n, uint8_t first, uint8_t *out);

#endif
