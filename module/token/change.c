#include "token/state.h"

void token_changed(struct token *t, unsigned nn)
{
	lock(&t->lock);
	if (nn == TOUCHED_ALL)
		memset(t->touched, 0xFF, sizeof(t->touched));
	else
		t->touched[nn / 8] |= (uint8_t)(1 << nn % 8);
	unlock(&t->lock);
	atomic_fetch_add(&t->changes, 1);
}

hsm_rc token_change(struct token *t, token_job *job, void *arg, const uint8_t *nn)
{
	AUTO_LANE *lane = NULL;
	hsm_rc rc, kept;

	TRY(card_take(t->card, &lane));
	TRY(card_hold(lane, true));
	rc = job(lane, arg);
	kept = card_hold(lane, false);
	token_changed(t, *nn);
	return rc != HSM_OK ? rc : kept;
}

hsm_rc token_find(struct token *t, enum object_kind kind, uint16_t fid, struct object **out)
{
	const struct wanted w = { .kinds = 1U << kind, .fid = fid };
	hsm_rc rc = HSM_E_NO_FILE;
	struct token_found found;

	TRY(token_search(t, &w, &found));
	for (size_t i = 0; i < objset_count(found.set) && rc != HSM_OK; i++) {
		struct object *o = objset_at(found.set, i);

		if (o->kind != kind || o->fid != fid)
			continue;
		*out = object_ref(o);
		rc = HSM_OK;
	}
	objset_free(found.set);
	return rc;
}
