#include "token/state.h"

void token_changed(struct token *t)
{
	atomic_fetch_add(&t->changes, 1);
}

hsm_rc token_change(struct token *t, token_job *job, void *arg)
{
	AUTO_LANE *lane = NULL;
	hsm_rc rc, kept;

	TRY(card_take(t->card, &lane));
	TRY(card_hold(lane, true));
	rc = job(lane, arg);
	kept = card_hold(lane, false);
	token_changed(t);
	return rc != HSM_OK ? rc : kept;
}

hsm_rc token_find(struct token *t, enum object_kind kind, uint16_t fid, struct object **out)
{
	hsm_rc rc = HSM_E_NO_FILE;
	struct objset *s;

	TRY(token_objects(t, &s));
	for (size_t i = 0; i < objset_count(s) && rc != HSM_OK; i++) {
		struct object *o = objset_at(s, i);

		if (o->kind != kind || o->fid != fid)
			continue;
		*out = object_ref(o);
		rc = HSM_OK;
	}
	objset_free(s);
	return rc;
}
