#include "token/token.h"

#include <stdlib.h>

#include "base/ossl.h"
#include "token/state.h"

hsm_rc token_open(struct card *card, struct token **out)
{
	struct token *t = calloc(1, sizeof(*t));
	hsm_rc rc = t == NULL ? HSM_E_MEMORY : ossl_acquire();

	if (rc != HSM_OK) {
		card_close(card);
		free(t);
		return rc;
	}
	t->card = card;
	t->next_handle = 2;
	lock_init(&t->reload);
	lock_init(&t->lock);
	lock_init(&t->login);
	*out = t;
	return HSM_OK;
}

void token_close(struct token *t)
{
	if (t == NULL)
		return;
	objset_free(t->set);
	sources_free(&t->sources);
	card_close(t->card);
	secret_wipe(&t->so_pin);
	lock_done(&t->login);
	lock_done(&t->lock);
	lock_done(&t->reload);
	free(t);
	ossl_release();
}

struct card *token_card(struct token *t)
{
	return t->card;
}

static hsm_rc read_label(struct card_lane *lane, struct token_info *out)
{
	AUTO_BUF file = { 0 };
	hsm_rc rc = card_read_file(lane, EF_TOKENINFO, &file);
	struct rd label;

	if (rc == HSM_E_NO_FILE)
		return HSM_OK;
	TRY(rc);
	if (p15_tokeninfo_parse(buf_rd(&file), &label) != HSM_OK || label.n > P15_LABEL_MAX)
		return HSM_OK;
	memcpy(out->label, label.p, label.n);
	out->label_n = label.n;
	return HSM_OK;
}

/* What only changes with the contents is asked for once. */
static hsm_rc read_rest(struct token *t, struct card_lane *lane, struct token_info *out)
{
	struct load_mark now;
	bool known;

	TRY(token_mark(t, &now));
	lock(&t->lock);
	known = t->info_known && load_mark_same(now, t->info_mark);
	if (known) {
		memcpy(out->label, t->info.label, sizeof(out->label));
		out->label_n = t->info.label_n;
		out->free_memory = t->info.free_memory;
	}
	unlock(&t->lock);
	if (known)
		return HSM_OK;
	if (card_free_memory(lane, &out->free_memory) != HSM_OK)
		out->free_memory = 0;
	TRY(read_label(lane, out));
	lock(&t->lock);
	t->info = *out;
	t->info_mark = now;
	t->info_known = true;
	unlock(&t->lock);
	return HSM_OK;
}

hsm_rc token_info(struct token *t, struct token_info *out)
{
	AUTO_LANE *lane = NULL;

	*out = (struct token_info){ .card = card_identity(t->card) };
	TRY(card_take(t->card, &lane));
	TRY(card_pin_status(lane, REF_USER_PIN, &out->user));
	TRY(card_pin_status(lane, REF_SO_PIN, &out->so));
	return read_rest(t, lane, out);
}

hsm_rc token_read_value(struct token *t, const struct object *o, struct buf *out)
{
	AUTO_LANE *lane = NULL;

	TRY(card_take(t->card, &lane));
	return card_read_file(lane, o->fid, out);
}
