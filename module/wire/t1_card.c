#include "wire/t1_card.h"

static struct t1_card_step send(struct t1_card *c, unsigned pcb, struct rd inf)
{
	struct wr w = WR_ARRAY(c->block);

	if (t1_put(&w, &(struct t1_block){ 0, (uint8_t)pcb, inf }, c->crc) != HSM_OK)
		return (struct t1_card_step){ .todo = T1_CARD_SILENT };
	return (struct t1_card_step){ .todo = T1_CARD_SEND, .block = wr_rd(&w) };
}

static struct t1_card_step send_r(struct t1_card *c, unsigned why)
{
	return send(c, T1_R | (c->nr != 0 ? T1_R_NUMBER : 0) | why, (struct rd){ 0 });
}

/* The current I-block, for the first time or again. */
static struct t1_card_step send_i(struct t1_card *c)
{
	return send(c, (c->ns != 0 ? T1_I_NUMBER : 0) | (c->more ? T1_I_MORE : 0), c->sent);
}

static struct t1_card_step send_next(struct t1_card *c)
{
	size_t n = c->rest.n < c->ifsd ? c->rest.n : c->ifsd;

	if (!rd_take(&c->rest, n, &c->sent))
		return (struct t1_card_step){ .todo = T1_CARD_SILENT };
	c->more = c->rest.n != 0;
	c->unacknowledged = true;
	return send_i(c);
}

static struct t1_card_step run(struct t1_card *c)
{
	c->state = T1_CARD_WORKING;
	return (struct t1_card_step){ .todo = T1_CARD_RUN, .command = wr_rd(&c->command) };
}

static void reset(struct t1_card *c)
{
	c->state = T1_CARD_LISTENING;
	c->unacknowledged = c->more = false;
	c->ns = 1; /* the next one has the other number */
	c->nr = 0;
	c->ifsd = T1_IFS_DEFAULT;
	c->command.n = 0;
	c->command.bad = false;
	c->rest = c->sent = (struct rd){ 0 };
}

void t1_card_init(struct t1_card *c, uint8_t ifsc, bool crc, struct wr room)
{
	*c = (struct t1_card){ .crc = crc, .ifsc = ifsc, .command = room };
	reset(c);
}

static struct t1_card_step request(struct t1_card *c)
{
	return c->state == T1_CARD_WTX ? send(c, T1_S_WTX, rd_of(&c->multiplier, 1))
	                               : send(c, T1_S_ABORT, (struct rd){ 0 });
}

/* A block that makes no sense: the request again, rule 7.3, otherwise R, rules 7.1 and 7.2. */
static struct t1_card_step invalid(struct t1_card *c, unsigned why)
{
	return c->state != T1_CARD_LISTENING ? request(c) : send_r(c, why);
}

/* A part of the command. Its last one ends the chance to ask for the answer before. */
static struct t1_card_step on_i(struct t1_card *c, const struct t1_block *b)
{
	if (c->state != T1_CARD_LISTENING || t1_number(b) != c->nr || c->more || b->inf.n > c->ifsc)
		return invalid(c, T1_R_OTHER);
	if (c->unacknowledged) {
		c->unacknowledged = false;
		c->command.n = 0;
	}
	c->nr ^= 1;
	wr_rd_put(&c->command, b->inf);
	if (c->command.bad) {
		c->command.n = 0;
		c->command.bad = false;
		c->state = T1_CARD_ABORTING;
		return request(c);
	}
	return (b->pcb & T1_I_MORE) != 0 ? send_r(c, 0) : run(c);
}

/* Asks for the last I-block again, or for the next one: rules 2.2, 5 and 7.6. Any other R tells
 * that the host has not understood what came last. */
static struct t1_card_step on_r(struct t1_card *c, const struct t1_block *b)
{
	if (c->state != T1_CARD_LISTENING || !c->unacknowledged)
		return invalid(c, 0);
	if (t1_number(b) == c->ns)
		return send_i(c);
	if (!c->more)
		return send_r(c, 0);
	c->ns ^= 1;
	return send_next(c);
}

static struct t1_card_step on_s(struct t1_card *c, const struct t1_block *b)
{
	switch (b->pcb) {
	case T1_S_RESYNCH:
		reset(c);
		return send(c, T1_S_RESYNCH | T1_S_RESPONSE, (struct rd){ 0 });
	case T1_S_IFS:
		if (c->state != T1_CARD_LISTENING || b->inf.p[0] == 0 || b->inf.p[0] > T1_INF_MAX)
			return invalid(c, T1_R_OTHER);
		c->ifsd = b->inf.p[0];
		return send(c, T1_S_IFS | T1_S_RESPONSE, b->inf);
	case T1_S_ABORT:
		c->rest = (struct rd){ 0 };
		c->more = false;
		return c->state != T1_CARD_LISTENING
		               ? invalid(c, T1_R_OTHER)
		               : send(c, T1_S_ABORT | T1_S_RESPONSE, (struct rd){ 0 });
	case T1_S_WTX | T1_S_RESPONSE:
		if (c->state != T1_CARD_WTX || b->inf.p[0] != c->multiplier)
			return invalid(c, T1_R_OTHER);
		return run(c);
	case T1_S_ABORT | T1_S_RESPONSE:
		if (c->state != T1_CARD_ABORTING)
			return invalid(c, T1_R_OTHER);
		c->state = T1_CARD_LISTENING;
		return send_r(c, 0);
	default:
		return invalid(c, T1_R_OTHER);
	}
}

struct t1_card_step t1_card_block(struct t1_card *c, struct rd block)
{
	static struct t1_card_step (*const on[])(struct t1_card *, const struct t1_block *) = {
		[T1_KIND_I] = on_i,
		[T1_KIND_R] = on_r,
		[T1_KIND_S] = on_s,
	};
	struct t1_block b;
	hsm_rc rc = t1_get(block, c->crc, &b);

	if (c->state == T1_CARD_WORKING && (rc != HSM_OK || b.pcb != T1_S_RESYNCH))
		return (struct t1_card_step){ .todo = T1_CARD_SILENT };
	if (rc != HSM_OK || b.nad != 0)
		return invalid(c, rc == HSM_E_CARD_DATA ? T1_R_EDC : T1_R_OTHER);
	return on[t1_kind(&b)](c, &b);
}

struct t1_card_step t1_card_answer(struct t1_card *c, struct rd answer)
{
	if (c->state != T1_CARD_WORKING)
		return (struct t1_card_step){ .todo = T1_CARD_SILENT };
	c->state = T1_CARD_LISTENING;
	c->rest = answer;
	c->ns ^= 1;
	return send_next(c);
}

struct t1_card_step t1_card_wtx(struct t1_card *c, uint8_t multiplier)
{
	if (c->state != T1_CARD_WORKING)
		return (struct t1_card_step){ .todo = T1_CARD_SILENT };
	c->state = T1_CARD_WTX;
	c->multiplier = multiplier;
	return request(c);
}
