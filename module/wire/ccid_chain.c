#include "wire/ccid_chain.h"

enum ccid_chain ccid_cut_next(struct ccid_cut *cut, struct rd *piece)
{
	static const enum ccid_chain where[2][2] = { { CCID_MIDDLE, CCID_END },
		{ CCID_BEGIN, CCID_WHOLE } };
	bool first = !cut->begun, last = cut->rest.n <= cut->piece;

	if (!rd_take(&cut->rest, last ? cut->rest.n : cut->piece, piece))
		*piece = (struct rd){ 0 };
	cut->begun = true;
	cut->ended = last;
	return where[first][last];
}

static hsm_rc add(struct ccid_gather *g, enum ccid_chain chain, struct rd piece)
{
	bool begins = chain == CCID_WHOLE || chain == CCID_BEGIN;

	if (chain > CCID_MIDDLE || begins == g->begun)
		return HSM_E_BAD_DATA;
	wr_rd_put(g->to, piece);
	return wr_done(g->to);
}

hsm_rc ccid_gather_add(
        struct ccid_gather *g, enum ccid_chain chain, struct rd piece, bool *complete)
{
	hsm_rc rc = add(g, chain, piece);

	*complete = rc == HSM_OK && (chain == CCID_WHOLE || chain == CCID_END);
	g->begun = rc == HSM_OK && !*complete;
	if (rc != HSM_OK) {
		g->to->n = 0;
		g->to->bad = false;
	}
	return rc;
}
