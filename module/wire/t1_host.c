#include "wire/t1_host.h"

#include <openssl/crypto.h>

/* Transmissions of a block before something else is tried: rule 7.4 */
enum { ATTEMPTS = 3 };

static struct t1_step failed(struct t1_host *h, hsm_rc rc, enum t1_host_state state)
{
	h->state = state;
	h->answer = NULL;
	h->rest = h->sent = (struct rd){ 0 };
	OPENSSL_cleanse(h->block, sizeof(h->block)); /* may have been a PIN */
	return (struct t1_step){ .todo = T1_FAILED, .rc = rc };
}

static struct t1_step send(struct t1_host *h, unsigned pcb, struct rd inf, uint8_t bwi)
{
	struct wr w = WR_ARRAY(h->block);
	hsm_rc rc = t1_put(&w, &(struct t1_block){ 0, (uint8_t)pcb, inf }, h->setup.crc);

	if (rc != HSM_OK)
		return failed(h, rc, T1_HOST_DEAD);
	return (struct t1_step){ .todo = T1_SEND, .block = wr_rd(&w), .bwi = bwi };
}

/* The current I-block, for the first time or again. */
static struct t1_step send_i(struct t1_host *h)
{
	bool more = h->rest.n != 0;

	h->state = more ? T1_HOST_SENDING : T1_HOST_WAITING;
	return send(h, (h->ns != 0 ? T1_I_NUMBER : 0) | (more ? T1_I_MORE : 0), h->sent, 0);
}

static struct t1_step send_next(struct t1_host *h)
{
	size_t n = h->rest.n < h->ifsc ? h->rest.n : h->ifsc;

	if (!rd_take(&h->rest, n, &h->sent))
		return failed(h, HSM_E_FAIL, T1_HOST_DEAD);
	return send_i(h);
}

static struct t1_step send_r(struct t1_host *h, unsigned why)
{
	return send(h, T1_R | (h->nr != 0 ? T1_R_NUMBER : 0) | why, (struct rd){ 0 }, 0);
}

static struct t1_step send_ifs(struct t1_host *h)
{
	h->state = T1_HOST_IFS;
	return send(h, T1_S_IFS, rd_of(&h->setup.ifsd, 1), 0);
}

static struct t1_step send_resynch(struct t1_host *h)
{
	h->state = T1_HOST_RESYNCH;
	return send(h, T1_S_RESYNCH, (struct rd){ 0 }, 0);
}

static void reset_numbers(struct t1_host *h)
{
	h->ns = h->nr = 0;
	h->ifsc = h->setup.ifsc;
	h->ifs_due = h->setup.ifsd != 0;
}

void t1_host_init(struct t1_host *h, const struct t1_host_setup *setup)
{
	*h = (struct t1_host){ .setup = *setup };
	if (h->setup.ifsc == 0 || h->setup.ifsc > T1_INF_MAX)
		h->setup.ifsc = T1_IFS_DEFAULT;
	reset_numbers(h);
}

struct t1_step t1_host_start(struct t1_host *h, struct rd command, struct wr *answer)
{
	if (h->state != T1_HOST_IDLE)
		return failed(h, HSM_E_GONE, T1_HOST_DEAD);
	if (command.n == 0)
		return failed(h, HSM_E_BAD_LEN, T1_HOST_IDLE);
	h->rest = command;
	h->answer = answer;
	h->answering = false;
	h->attempts = 1;
	return h->ifs_due ? send_ifs(h) : send_next(h);
}

/* No further retransmission: rule 7.4.1 at the start of a session, rule 7.4.2 later. */
static struct t1_step give_up(struct t1_host *h)
{
	if (!h->heard || h->state == T1_HOST_RESYNCH)
		return failed(h, h->cause, T1_HOST_DEAD);
	h->attempts = 1;
	return send_resynch(h);
}

/* Nothing that helps has come: rules 7.1 to 7.3. */
static struct t1_step again(struct t1_host *h, hsm_rc cause, unsigned why)
{
	h->cause = cause;
	if (++h->attempts > ATTEMPTS)
		return give_up(h);
	switch (h->state) {
	case T1_HOST_IFS:
		return send_ifs(h);
	case T1_HOST_RESYNCH:
		return send_resynch(h);
	default:
		return send_r(h, why);
	}
}

static struct t1_step invalid(struct t1_host *h)
{
	return again(h, HSM_E_IO, T1_R_OTHER);
}

/* An I-block of the answer. An empty one that announces more would bring nothing. */
static struct t1_step on_i(struct t1_host *h, const struct t1_block *b)
{
	bool more = (b->pcb & T1_I_MORE) != 0;

	if ((h->state != T1_HOST_WAITING && h->state != T1_HOST_ABORTED) || t1_number(b) != h->nr ||
	        (more && b->inf.n == 0))
		return invalid(h);
	if (!h->answering)
		h->ns ^= 1; /* which acknowledges our last one: rule 2.1 */
	h->answering = true;
	h->state = T1_HOST_WAITING;
	h->attempts = 1;
	h->nr ^= 1;
	wr_rd_put(h->answer, b->inf);
	if (wr_done(h->answer) != HSM_OK)
		return failed(h, HSM_E_SMALL, T1_HOST_DEAD);
	if (more)
		return send_r(h, 0);
	(void)failed(h, HSM_OK, T1_HOST_IDLE);
	return (struct t1_step){ .todo = T1_DONE };
}

/* Acknowledges a part of the command, or asks for it again: rules 2.2, 5 and 7.6. */
static struct t1_step on_r(struct t1_host *h, const struct t1_block *b)
{
	bool ours = t1_number(b) == h->ns;

	if (h->state == T1_HOST_ABORTED) {
		h->ns = t1_number(b);
		return failed(h, HSM_E_CANCELLED, T1_HOST_IDLE);
	}
	if (h->state == T1_HOST_SENDING && !ours) {
		h->ns ^= 1;
		h->attempts = 1;
		return send_next(h);
	}
	if (!ours || h->answering || h->state == T1_HOST_IFS || h->state == T1_HOST_RESYNCH)
		return invalid(h);
	h->cause = HSM_E_IO;
	return ++h->attempts > ATTEMPTS ? give_up(h) : send_i(h);
}

/* A request of the card: rules 3, 4 and 9. */
static struct t1_step on_request(struct t1_host *h, const struct t1_block *b)
{
	if (h->state == T1_HOST_IFS || h->state == T1_HOST_RESYNCH)
		return invalid(h);
	switch (b->pcb) {
	case T1_S_WTX:
		if (b->inf.p[0] == 0)
			return invalid(h);
		h->attempts = 1;
		return send(h, T1_S_WTX | T1_S_RESPONSE, b->inf, b->inf.p[0]);
	case T1_S_IFS:
		if (b->inf.p[0] == 0 || b->inf.p[0] > T1_INF_MAX || ++h->attempts > ATTEMPTS)
			return invalid(h);
		h->ifsc = b->inf.p[0];
		return send(h, T1_S_IFS | T1_S_RESPONSE, b->inf, 0);
	case T1_S_ABORT:
		if (++h->attempts > ATTEMPTS)
			return give_up(h);
		h->state = T1_HOST_ABORTED;
		h->answer->n = 0;
		return send(h, T1_S_ABORT | T1_S_RESPONSE, (struct rd){ 0 }, 0);
	default:
		return invalid(h);
	}
}

static struct t1_step on_s(struct t1_host *h, const struct t1_block *b)
{
	if ((b->pcb & T1_S_RESPONSE) == 0)
		return on_request(h, b);
	if (h->state == T1_HOST_IFS && b->pcb == (T1_S_IFS | T1_S_RESPONSE) &&
	        b->inf.p[0] == h->setup.ifsd) {
		h->ifs_due = false;
		h->attempts = 1;
		return send_next(h);
	}
	if (h->state == T1_HOST_RESYNCH && b->pcb == (T1_S_RESYNCH | T1_S_RESPONSE)) {
		reset_numbers(h);
		return failed(h, HSM_E_IO, T1_HOST_IDLE);
	}
	return invalid(h);
}

struct t1_step t1_host_block(struct t1_host *h, struct rd block)
{
	static struct t1_step (*const on[])(struct t1_host *, const struct t1_block *) = {
		[T1_KIND_I] = on_i,
		[T1_KIND_R] = on_r,
		[T1_KIND_S] = on_s,
	};
	struct t1_block b;
	hsm_rc rc = t1_get(block, h->setup.crc, &b);

	if (h->answer == NULL)
		return failed(h, HSM_E_GONE, T1_HOST_DEAD);
	if (rc != HSM_OK || b.nad != 0)
		return again(h, HSM_E_IO, rc == HSM_E_CARD_DATA ? T1_R_EDC : T1_R_OTHER);
	h->heard = true;
	return on[t1_kind(&b)](h, &b);
}

struct t1_step t1_host_timeout(struct t1_host *h)
{
	if (h->answer == NULL)
		return failed(h, HSM_E_GONE, T1_HOST_DEAD);
	return again(h, HSM_E_MUTE, T1_R_OTHER);
}

bool t1_host_usable(const struct t1_host *h)
{
	return h->state == T1_HOST_IDLE;
}
