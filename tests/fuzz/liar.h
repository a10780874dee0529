/* What an attacker makes of right answers, as the bytes of an input say: bytes changed, dropped,
 * doubled, whole answers replaced or repeated, failures of the carrier. Each lie is
 *
 *   how many answers are left as they are before it, how (enum lie), what belongs to that.
 */
#ifndef TWINHSM_TESTS_FUZZ_LIAR_H
#define TWINHSM_TESTS_FUZZ_LIAR_H

#include "base/wr.h"

enum lie {
	LIE_SET,     /* two bytes of where from the end, the byte */
	LIE_FLIP,    /* the same, exclusive or */
	LIE_STATUS,  /* the last two bytes; all others go */
	LIE_CUT,     /* how many bytes go at the end, before the last two */
	LIE_DROP,    /* where, how many */
	LIE_DOUBLE,  /* where, how many */
	LIE_INSERT,  /* where, how many, these bytes */
	LIE_FILL,    /* how many times 16 bytes, which: before the last two */
	LIE_REPLACE, /* how many, these bytes: the whole answer */
	LIE_AGAIN,   /* the answer before this one */
	LIE_FAIL,    /* the transfer fails: which outcome */
	LIE_KINDS,
};

struct liar {
	struct rd all, lies;
	bool forever; /* the lies begin again when they are at an end */
	unsigned wait;
	bool waiting;
	uint8_t before[1 << 17];
	size_t before_n;
};

void liar_start(struct liar *l, struct rd lies, bool forever);

/* Changes the answer in `rsp`. Outcome: how the transfer ends. */
hsm_rc liar_change(struct liar *l, struct wr *rsp);

#endif
