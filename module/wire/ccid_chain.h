/* An APDU in several CCID blocks, at the extended APDU level (CCID 1.10, sections 6.1.4, 6.2.1 and
 * annex examples of chaining). The same for both ends: the host cuts commands and gathers answers,
 * the reader the other way round. */
#ifndef TWINHSM_WIRE_CCID_CHAIN_H
#define TWINHSM_WIRE_CCID_CHAIN_H

#include "wire/ccid_msg.h"

/* What is still to be sent. */
struct ccid_cut {
	struct rd rest; /* borrowed */
	size_t piece;   /* most bytes in one block, not 0: dwMaxCCIDMessageLength - 10 */
	bool begun, ended;
};

/* The next piece and where in the APDU it is. Each but the last is answered by an empty block
 * (CCID_GO_ON) before the next is sent. Not to be called after `ended`. */
enum ccid_chain ccid_cut_next(struct ccid_cut *cut, struct rd *piece);

/* What has come. */
struct ccid_gather {
	struct wr *to; /* borrowed, empty at the beginning */
	bool begun;
};

/* Adds a block; `*complete` says whether it was the last. Not complete: answer with an empty block
 * of CCID_GO_ON. HSM_E_BAD_DATA: a block that does not fit the chain; HSM_E_SMALL: no room. The
 * gatherer begins anew after either. */
HSM_MUST hsm_rc ccid_gather_add(
        struct ccid_gather *g, enum ccid_chain chain, struct rd piece, bool *complete);

#endif
