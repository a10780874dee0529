/* What the files of the device share. All of it is called with the device's lock, unless it says
 * otherwise. */
#ifndef TWINHSM_EMU_FRONT_CCID_DEV_INT_H
#define TWINHSM_EMU_FRONT_CCID_DEV_INT_H

#include <time.h>

#include "apdu/capdu.h"
#include "base/buf.h"
#include "base/lock.h"
#include "emu.h"
#include "front/ccid_dev.h"
#include "front/ccid_fault.h"
#include "front/trace.h"
#include "front/usb_desc.h"
#include "wire/atr.h"
#include "wire/ccid_chain.h"
#include "wire/ccid_msg.h"
#include "wire/t1_card.h"

enum { CCID_DEV_MESSAGE_MAX = 271, CCID_DEV_QUEUE_MAX = 8 };

/* A message on its way. */
struct frame {
	struct frame *next;
	size_t n, at;        /* at: bytes that have gone out */
	size_t unplug_at;    /* SIZE_MAX: never */
	bool late;           /* not to be had */
	struct timespec due; /* before this */
	uint8_t bytes[];
};

struct queue {
	struct frame *first;
	size_t n;
	bool halted;
};

enum work_state {
	WORK_NONE,
	WORK_READY, /* a command waits for the worker */
	WORK_BUSY,  /* the worker has it */
	WORK_DONE,  /* its answer waits for the host's consent to S(WTX) */
};

/* The card's command. While WORK_BUSY the worker alone looks at `cmd` and `rsp`. */
struct work {
	enum work_state state;
	bool discard; /* nobody wants the answer any more */
	hsm_rc rc;
	struct buf cmd, rsp;
};

struct ccid_dev {
	const struct usb_model *model;
	struct ccid_dev_setup setup; /* without the path */
	struct ccid_dev_facts facts;
	char serial[17];

	struct emu_card *card;
	struct emu_lane *lane;
	struct trace_from from;
	struct atr atr;
	unsigned pace_ms;

	struct lock lock;
	pthread_cond_t wake; /* something changed */
	pthread_t worker, pacer;
	bool has_worker, has_pacer;
	bool stop, gone;
	bool news; /* `ready` is to be called */

	/* USB */
	uint8_t configuration;
	struct queue in, notice, out;       /* out: whole messages that wait */
	uint8_t part[CCID_DEV_MESSAGE_MAX]; /* of a message that comes in */
	size_t part_n;                      /* all bytes of it, also those without room */
	size_t out_unplug;                  /* SIZE_MAX: never */

	/* CCID */
	bool powered;
	struct ccid_t1 params;
	struct ccid_msg cmd; /* without data: the one that waits for its answer */
	bool active;
	bool abort_control, abort_bulk; /* one half of an ABORT has come */
	uint8_t abort_seq;              /* of the control request */
	struct ccid_msg abort;          /* the message */

	/* T=1, or the chain of an extended APDU */
	struct t1_card t1;
	struct ccid_gather gather;
	struct ccid_cut cut;
	struct wr gathered;
	struct buf room; /* of both */
	struct work work;
	struct timespec pace_due; /* while there is work */
};

/* ---- ccid_dev.c ---- */

/* The second calls `ready` when there is news. */
void dev_lock(struct ccid_dev *d) TS(acquire_capability(d->lock));
void dev_unlock(struct ccid_dev *d) TS(release_capability(d->lock));

/* Everything that waits is given up. */
void dev_flush(struct ccid_dev *d);
void dev_unplug(struct ccid_dev *d);

/* Handles the messages that wait, as far as it is their turn. */
void dev_proceed(struct ccid_dev *d);

/* ---- ccid_queue.c ---- */

/* Adds a message. NULL: no memory, it is lost. */
struct frame *queue_add(struct queue *q, struct rd bytes);
void frame_free(struct frame *f); /* wipes: it may have held a PIN */
void queue_pop(struct queue *q);
void queue_clear(struct queue *q);

/* Puts an answer into the bulk IN endpoint, with what faults make of it. */
void dev_emit(struct ccid_dev *d, const struct ccid_msg *m);

/* ---- usb_control.c ---- */

enum ccid_dev_status usb_control(struct ccid_dev *d, const uint8_t *setup, struct wr *in);

/* ---- ccid_slot.c ---- */

/* As without power, with the parameters of the ATR. */
void slot_off(struct ccid_dev *d);

/* Can a message of this type be handled now, or must it wait for the card or for the host? */
bool slot_takes(struct ccid_dev *d, uint8_t type);
void slot_message(struct ccid_dev *d, struct rd bytes);

/* The class request ABORT. */
void slot_abort(struct ccid_dev *d, uint8_t slot, uint8_t seq);

enum ccid_card slot_card(const struct ccid_dev *d);

/* Answers the command that waits. */
void slot_answer(struct ccid_dev *d, const struct ccid_msg *m);

/* ---- ccid_xfr.c: blocks and APDUs for the card ---- */

/* As after power on. */
void xfr_reset(struct ccid_dev *d);
void xfr_block(struct ccid_dev *d, const struct ccid_msg *m);

/* The card has done its command. */
void xfr_done(struct ccid_dev *d);

/* The command at work takes longer. */
void xfr_more_time(struct ccid_dev *d);

/* ---- ccid_work.c ---- */

HSM_MUST hsm_rc work_start_threads(struct ccid_dev *d);
void work_stop_threads(struct ccid_dev *d); /* without the lock */

/* Hands a command to the worker, who must have none. */
void work_begin(struct ccid_dev *d, struct rd command);

/* Nobody wants the answer. */
void work_discard(struct ccid_dev *d);

/* The time before more of it is asked for begins anew. */
void work_pace(struct ccid_dev *d);

bool time_is_due(const struct timespec *due);
struct timespec time_after(unsigned ms);

#endif
