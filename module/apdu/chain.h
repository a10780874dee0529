/* Command chaining, card side (ISO/IEC 7816-4 section 5.1.1): commands with bit 10 of CLA set
 * are parts of the one that follows without it. */
#ifndef TWINHSM_APDU_CHAIN_H
#define TWINHSM_APDU_CHAIN_H

#include "apdu/capdu.h"
#include "base/buf.h"

struct chain {
	struct buf data;
	uint8_t cla, ins, p1, p2;
	bool open;
};

/* Takes the next command. `*complete` says whether `*c` now is a whole command (its data then
 * borrowed from the chain until the next call); otherwise the part was kept and is to be answered
 * with 9000. A part that does not fit the open chain ends it: HSM_E_BAD_DATA. More than
 * APDU_DATA_MAX bytes: HSM_E_BAD_LEN. */
HSM_MUST hsm_rc chain_add(struct chain *ch, struct capdu *c, bool *complete);

void chain_done(struct chain *ch);

#endif
