/* Command and response APDUs in short and extended form (ISO/IEC 7816-3 section 12.1). */
#ifndef TWINHSM_APDU_CAPDU_H
#define TWINHSM_APDU_CAPDU_H

#include "base/wr.h"

enum {
	APDU_DATA_MAX = 0xFFFF,
	APDU_NE_MAX = 0x10000,
	CAPDU_MAX = 4 + 3 + APDU_DATA_MAX + 2, /* the longest command, bytes */
	RAPDU_MAX = APDU_NE_MAX + 2,
	CLA_CHAIN = 0x10,
};

struct capdu {
	uint8_t cla, ins, p1, p2;
	struct rd data; /* borrowed */
	size_t ne;      /* expected answer bytes: 0 for none, up to 65536 */
	bool extended;  /* came, or shall travel, in extended form */
};

/* Parses one command in any of the seven forms; HSM_E_BAD_LEN when it is none of them. */
HSM_MUST hsm_rc capdu_parse(struct rd bytes, struct capdu *out);

/* Writes the command; the extended form is taken when `extended` is set or lengths ask for it. */
HSM_MUST hsm_rc capdu_build(const struct capdu *c, struct wr *w);

struct rapdu {
	struct rd data; /* borrowed */
	uint16_t sw;
};

/* Splits an answer; HSM_E_CARD_DATA when it has no status word. */
HSM_MUST hsm_rc rapdu_parse(struct rd bytes, struct rapdu *out);

/* What a status word means where the command gives it no meaning of its own: 9000 is HSM_OK, 6282
 * HSM_E_END_OF_FILE (the data is there), an unknown word HSM_E_CARD_SW. For 63Cx `*tries` (may be
 * NULL) is x. */
HSM_MUST hsm_rc sw_to_rc(uint16_t sw, unsigned *tries);

#endif
