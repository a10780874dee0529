/* Messages to a CCID reader and their answers, one at a time (CCID 1.10, section 6), and the way
 * back to a reader that is out of step. */
#ifndef TWINHSM_TRANSPORT_CCID_LINK_H
#define TWINHSM_TRANSPORT_CCID_LINK_H

#include "base/buf.h"
#include "transport/usb_pipe.h"
#include "wire/ccid_msg.h"

struct ccid_link {
	struct usb_pipe *pipe; /* borrowed */
	struct buf out, in;    /* the message; room for the longest answer */
	uint8_t seq;           /* of the next message */
	bool pending;          /* a message was sent and not answered */
	uint32_t extension;    /* what a time extension of 1 means, milliseconds */
	uint64_t limit;        /* when to give up, on the clock of the pipe */
};

/* The longest that one answer is waited for when the card says nothing else, milliseconds. */
enum { CCID_ANSWER_MS = 3000 };

/* HSM_E_MEMORY; ccid_link_done then, too. */
HSM_MUST hsm_rc ccid_link_init(struct ccid_link *l, struct usb_pipe *pipe);
void ccid_link_done(struct ccid_link *l);

/* Sets the limit to `ms` from now. */
void ccid_link_allow(struct ccid_link *l, uint32_t ms);
bool ccid_link_late(const struct ccid_link *l);

/* Sends a message (`slot` and `seq` are the link's matter) and waits for its answer, `wait_ms` and
 * as often again as the reader asks for, up to the limit. `a->data` is valid until the next
 * message. HSM_OK; the outcome of the reader's error, logged; HSM_E_CARD_DATA for an answer that is
 * none; HSM_E_TIMEOUT, HSM_E_STALL, HSM_E_GONE, HSM_E_IO. What was not answered leaves the reader
 * out of step: l->pending. */
HSM_MUST hsm_rc ccid_ask(
        struct ccid_link *l, struct ccid_msg m, uint32_t wait_ms, struct ccid_answer *a);

/* Gives up what is pending, throws away what the reader still has to say, and asks for the state of
 * the card until there is an answer to that. Also after opening: the one before us may have been
 * killed in the middle of a command. */
HSM_MUST hsm_rc ccid_resync(struct ccid_link *l, enum ccid_card *card);

/* Wipes the last message and its answer. */
void ccid_link_wipe(struct ccid_link *l);

#endif
