/* T=1 as the card does it: ISO/IEC 7816-3:2006, clause 11.6. The counterpart of t1_host.h.
 *
 *     step = t1_card_block(&c, block);
 *     while (step.todo == T1_CARD_RUN) {
 *             work on step.command;
 *             step = ready ? t1_card_answer(&c, answer) : t1_card_wtx(&c, n);
 *     }
 *     if (step.todo == T1_CARD_SEND) send step.block;
 *
 * After t1_card_wtx and the host's consent t1_card_block says T1_CARD_RUN again, with the same
 * command. */
#ifndef TWINHSM_WIRE_T1_CARD_H
#define TWINHSM_WIRE_T1_CARD_H

#include "wire/t1_block.h"

enum t1_card_todo {
	T1_CARD_SEND,   /* `block` */
	T1_CARD_RUN,    /* the card has the right to send: work on `command` */
	T1_CARD_SILENT, /* nothing: a block came while the card works, or the work was for nothing
	                 */
};

struct t1_card_step {
	enum t1_card_todo todo;
	struct rd block;   /* valid until the next call */
	struct rd command; /* valid until t1_card_answer */
};

enum t1_card_state {
	T1_CARD_LISTENING, /* to a command, or for the acknowledgement of its answer */
	T1_CARD_WORKING,
	T1_CARD_WTX,      /* S(WTX request) sent */
	T1_CARD_ABORTING, /* S(ABORT request) sent: the command has no room */
};

struct t1_card {
	enum t1_card_state state;
	bool crc;
	bool unacknowledged; /* an I-block was sent that the host may ask for again */
	bool more;           /* and the answer goes on behind it */
	unsigned ns, nr;     /* number of that I-block; of the host's next one */
	size_t ifsc, ifsd;   /* ours; the host's */
	uint8_t multiplier;  /* of the last S(WTX request) */
	struct wr command;   /* over the caller's room */
	struct rd rest, sent;
	uint8_t block[T1_BLOCK_MAX];
};

/* As after reset: numbers 0, IFSD 32. `room` takes the command, borrowed for good. `ifsc` is what
 * the ATR says, 1 to 254. */
void t1_card_init(struct t1_card *c, uint8_t ifsc, bool crc, struct wr room);

/* A block came from the host. */
struct t1_card_step t1_card_block(struct t1_card *c, struct rd block);

/* The answer to the command, borrowed until the next command is there. T1_CARD_SILENT when nobody
 * waits for it any more (RESYNCH). */
struct t1_card_step t1_card_answer(struct t1_card *c, struct rd answer);

/* The work takes `multiplier` (not 0) block waiting times more. */
struct t1_card_step t1_card_wtx(struct t1_card *c, uint8_t multiplier);

#endif
