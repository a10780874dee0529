#include "apdu/chain.h"

static void start(struct chain *ch, const struct capdu *c)
{
	ch->cla = c->cla & (uint8_t)~CLA_CHAIN;
	ch->ins = c->ins;
	ch->p1 = c->p1;
	ch->p2 = c->p2;
	ch->open = true;
}

static bool fits(const struct chain *ch, const struct capdu *c)
{
	return (c->cla & (uint8_t)~CLA_CHAIN) == ch->cla && c->ins == ch->ins && c->p1 == ch->p1 &&
	       c->p2 == ch->p2;
}

static hsm_rc append(struct chain *ch, const struct capdu *c)
{
	if (!fits(ch, c))
		return HSM_E_BAD_DATA;
	if (c->data.n > APDU_DATA_MAX - ch->data.n)
		return HSM_E_BAD_LEN;
	return buf_append(&ch->data, c->data);
}

hsm_rc chain_add(struct chain *ch, struct capdu *c, bool *complete)
{
	bool last = (c->cla & CLA_CHAIN) == 0;
	hsm_rc rc;

	*complete = last;
	if (!ch->open) {
		buf_free(&ch->data);
		if (last)
			return HSM_OK;
		start(ch, c);
	}
	rc = append(ch, c);
	if (rc != HSM_OK) {
		*complete = false;
		chain_done(ch);
		return rc;
	}
	if (last) {
		c->data = buf_rd(&ch->data);
		ch->open = false;
	}
	return HSM_OK;
}

void chain_done(struct chain *ch)
{
	buf_free(&ch->data);
	ch->open = false;
}
