/* T=1 as the host does it at the TPDU level: ISO/IEC 7816-3:2006, clause 11.6. Bytes in, bytes out;
 * the caller moves the blocks and knows the time.
 *
 *     t1_host_init(&h, &setup);                    after each power on
 *     step = t1_host_start(&h, command, &answer);
 *     while (step.todo == T1_SEND) {
 *             send step.block; wait max(1, step.bwi) block waiting times;
 *             step = got one ? t1_host_block(&h, block) : t1_host_timeout(&h);
 *     }
 *
 * The card may ask for more time without end: how long a command may take is the caller's matter.
 * A command that is given up in between makes the card unusable until it is powered on again. */
#ifndef TWINHSM_WIRE_T1_HOST_H
#define TWINHSM_WIRE_T1_HOST_H

#include "wire/t1_block.h"

struct t1_host_setup {
	uint8_t ifsc; /* of the card, from the ATR */
	uint8_t ifsd; /* to tell the card, 1 to 254; 0: do not, it stays at 32 or the reader told it
	               */
	bool crc;
};

enum t1_todo {
	T1_SEND,   /* `block`, and wait for one */
	T1_DONE,   /* the answer is there */
	T1_FAILED, /* `rc` */
};

struct t1_step {
	enum t1_todo todo;
	struct rd block; /* valid until the next call */
	uint8_t bwi;     /* bBWI: multiplier of the block waiting time, 0 for the usual one */
	hsm_rc rc;
};

enum t1_host_state {
	T1_HOST_IDLE,
	T1_HOST_IFS,     /* S(IFS request) sent */
	T1_HOST_SENDING, /* I-block with more to come sent */
	T1_HOST_WAITING, /* last I-block sent, the answer is the card's */
	T1_HOST_ABORTED, /* S(ABORT response) sent */
	T1_HOST_RESYNCH, /* S(RESYNCH request) sent */
	T1_HOST_DEAD,    /* power on before the next command */
};

struct t1_host {
	struct t1_host_setup setup;
	enum t1_host_state state;
	bool ifs_due;      /* S(IFS) goes first */
	bool heard;        /* a good block came since power on */
	bool answering;    /* the card has begun its answer */
	unsigned ns, nr;   /* number of our current I-block; of the card's next one */
	unsigned attempts; /* without progress */
	size_t ifsc;
	hsm_rc cause;         /* of the last failed attempt */
	struct rd rest, sent; /* command: not yet sent; INF of the current I-block */
	struct wr *answer;
	uint8_t block[T1_BLOCK_MAX];
};

/* Begins a session after power on. An ifsc of 0 or 255 is taken as 32. */
void t1_host_init(struct t1_host *h, const struct t1_host_setup *setup);

/* Begins a command; `command` (not empty) and `answer` (empty) are borrowed until T1_DONE or
 * T1_FAILED. The first command of a session begins with S(IFS), so does the one after RESYNCH.
 *
 * How it fails:
 *   HSM_E_MUTE       no block came, three times, or four with RESYNCH
 *   HSM_E_IO         only broken blocks, or the card took RESYNCH: whether it has done the command
 *                    is not known
 *   HSM_E_CANCELLED  the card gave the command up with S(ABORT)
 *   HSM_E_SMALL      the answer has no room in `answer`
 *   HSM_E_GONE       t1_host_usable was false already
 *   HSM_E_BAD_LEN    empty command */
struct t1_step t1_host_start(struct t1_host *h, struct rd command, struct wr *answer);

/* A block came; an empty one stands for a transfer that the reader could not read (parity,
 * overrun). Only after T1_SEND. */
struct t1_step t1_host_block(struct t1_host *h, struct rd block);

/* None came in time. Only after T1_SEND. */
struct t1_step t1_host_timeout(struct t1_host *h);

/* Can the next command begin without power on? After T1_FAILED it tells whether the card's state,
 * the login with it, is still there. */
bool t1_host_usable(const struct t1_host *h);

#endif
