#include "transport/ccid_link.h"

#include <openssl/crypto.h>

#include "base/log.h"

enum {
	SLOT = 0,
	OUT_MS = 5000,
	DRAIN_MS = 20,
	DRAIN_MAX = 64,   /* transfers thrown away at once */
	STALE_MAX = 64,   /* transfers that do not belong to us, while waiting for one that does */
	READ_LEAST = 512, /* the Nitrokey's reader stops when it cannot send its last packet */
	RESYNCH_ATTEMPTS = 3,
};

/* Room for one byte more than the longest message, in whole packets. */
static size_t read_size(const struct ccid_function *f)
{
	const size_t packet = f->packet_in;
	size_t n = CCID_HEAD + ccid_piece_max(&f->class_desc) + 1;

	if (n < READ_LEAST)
		n = READ_LEAST;
	return (n + packet - 1) / packet * packet;
}

hsm_rc ccid_link_init(struct ccid_link *l, struct usb_pipe *pipe)
{
	const size_t size = read_size(&pipe->function);

	*l = (struct ccid_link){ .pipe = pipe, .extension = CCID_ANSWER_MS };
	TRY(buf_reserve(&l->out, CCID_HEAD + ccid_piece_max(&pipe->function.class_desc)));
	TRY(buf_reserve(&l->in, size));
	l->in.n = size;
	return HSM_OK;
}

void ccid_link_done(struct ccid_link *l)
{
	buf_free(&l->out);
	buf_free(&l->in);
}

static uint64_t now(const struct ccid_link *l)
{
	return l->pipe->ops->now(l->pipe);
}

void ccid_link_allow(struct ccid_link *l, uint32_t ms)
{
	l->limit = now(l) + ms;
}

bool ccid_link_late(const struct ccid_link *l)
{
	return now(l) >= l->limit;
}

void ccid_link_wipe(struct ccid_link *l)
{
	OPENSSL_cleanse(l->out.p, l->out.cap);
	OPENSSL_cleanse(l->in.p, l->in.cap);
}

/* What is left until then, and until the limit; 0: nothing. */
static unsigned left(const struct ccid_link *l, uint64_t until)
{
	const uint64_t end = until < l->limit ? until : l->limit, at = now(l);

	return end > at ? (unsigned)(end - at) : 0;
}

static hsm_rc send(struct ccid_link *l, const struct ccid_msg *m)
{
	struct wr w = wr_of(l->out.p, l->out.cap);
	const unsigned ms = left(l, now(l) + OUT_MS);

	TRY(ccid_put(&w, m));
	if (ms == 0)
		return HSM_E_TIMEOUT;
	l->pending = true;
	return l->pipe->ops->out(l->pipe, wr_rd(&w), ms);
}

/* One transfer. What is longer than the longest message is none. */
static hsm_rc receive(struct ccid_link *l, uint64_t until, struct rd *bytes)
{
	struct wr w = wr_of(l->in.p, l->in.n);
	const unsigned ms = left(l, until);
	hsm_rc rc = ms == 0 ? HSM_E_TIMEOUT : l->pipe->ops->in(l->pipe, &w, ms);

	*bytes = wr_rd(&w);
	return rc == HSM_E_SMALL ? HSM_E_CARD_DATA : rc;
}

static hsm_rc judged(hsm_rc rc, const struct ccid_answer *a)
{
	if (rc != HSM_OK)
		log_say(LOG_INFO, "USB reader: %s",
		        rc == HSM_E_CARD_DATA && a->error == 0 ? "a message that makes no sense"
		                                               : ccid_error_text(a->error));
	return rc;
}

static hsm_rc await(
        struct ccid_link *l, const struct ccid_msg *cmd, uint32_t wait_ms, struct ccid_answer *a)
{
	uint64_t until = now(l) + wait_ms;
	unsigned stale = 0;
	struct rd bytes;
	hsm_rc rc;

	do {
		TRY(receive(l, until, &bytes));
		rc = ccid_judge(cmd, bytes, a);
		if (a->next == CCID_DONE) {
			l->pending = rc == HSM_E_CARD_DATA && a->error == 0;
			return judged(rc, a);
		}
		if (a->next == CCID_LATER) {
			until = now(l) + (uint64_t)a->multiplier * l->extension;
			stale = 0;
		}
	} while (a->next == CCID_LATER || ++stale < STALE_MAX);
	return HSM_E_CARD_DATA;
}

hsm_rc ccid_ask(struct ccid_link *l, struct ccid_msg m, uint32_t wait_ms, struct ccid_answer *a)
{
	hsm_rc rc;

	*a = (struct ccid_answer){ 0 };
	m.slot = SLOT;
	m.seq = l->seq++;
	rc = send(l, &m);
	if (rc == HSM_OK)
		rc = await(l, &m, wait_ms, a);
	if (rc == HSM_E_STALL && l->pipe->ops->clear(l->pipe) == HSM_E_GONE)
		return HSM_E_GONE;
	return rc;
}

/* ---- out of step ---- */

static hsm_rc drain(struct ccid_link *l)
{
	struct rd bytes;
	hsm_rc rc = HSM_OK;

	for (unsigned i = 0; i < DRAIN_MAX && rc != HSM_E_TIMEOUT; i++) {
		rc = receive(l, now(l) + DRAIN_MS, &bytes);
		if (rc == HSM_E_STALL)
			rc = l->pipe->ops->clear(l->pipe);
		if (rc == HSM_E_GONE)
			return rc;
	}
	return HSM_OK;
}

/* ABORT: first the request, then the message of the same bSeq (5.3.1). Readers that do not know the
 * request stall it. */
static hsm_rc abort_pending(struct ccid_link *l)
{
	struct ccid_answer a;
	hsm_rc rc = l->pipe->ops->abort(l->pipe, SLOT, l->seq);

	if (rc == HSM_OK)
		rc = ccid_ask(l, (struct ccid_msg){ .type = CCID_ABORT }, CCID_ANSWER_MS, &a);
	return rc == HSM_E_GONE ? rc : HSM_OK;
}

static hsm_rc settle(struct ccid_link *l)
{
	if (l->pending) {
		if (l->pipe->ops->clear(l->pipe) == HSM_E_GONE)
			return HSM_E_GONE;
		TRY(abort_pending(l));
	}
	return drain(l);
}

hsm_rc ccid_resync(struct ccid_link *l, enum ccid_card *card)
{
	struct ccid_answer a;
	hsm_rc rc = HSM_E_TIMEOUT;

	for (unsigned i = 0; i < RESYNCH_ATTEMPTS; i++) {
		TRY(settle(l));
		rc = ccid_ask(l, (struct ccid_msg){ .type = CCID_SLOT_STATUS }, CCID_ANSWER_MS, &a);
		*card = a.card;
		if (rc == HSM_E_GONE)
			return rc;
		if (!l->pending) /* whatever the answer was, it was one to this */
			return HSM_OK;
	}
	return rc;
}
