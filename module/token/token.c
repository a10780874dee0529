#include "token/token.h"

#include <stdlib.h>

#include "base/ossl.h"
#include "token/login.h"

enum { RELOADS_MAX = 4 }; /* while others keep changing the card */

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

hsm_rc token_info(struct token *t, struct token_info *out)
{
	AUTO_LANE *lane = NULL;

	*out = (struct token_info){ .card = card_identity(t->card) };
	TRY(card_take(t->card, &lane));
	TRY(card_pin_status(lane, REF_USER_PIN, &out->user));
	TRY(card_pin_status(lane, REF_SO_PIN, &out->so));
	if (card_free_memory(lane, &out->free_memory) != HSM_OK)
		out->free_memory = 0;
	return read_label(lane, out);
}

/* ---- the set of objects ---- */

static hsm_rc look(struct token *t, struct load_mark *out, uint64_t *security)
{
	struct tp_epoch epoch;

	out->changes = atomic_load(&t->changes);
	TRY(card_look(t->card, &epoch));
	out->content = epoch.content;
	*security = epoch.security;
	return HSM_OK;
}

static hsm_rc mark_now(struct token *t, struct load_mark *out)
{
	uint64_t security;

	return look(t, out, &security);
}

static bool same_mark(struct load_mark a, struct load_mark b)
{
	return a.content == b.content && a.changes == b.changes;
}

/* A reference to the set if it is that of `now`, else NULL. */
static struct objset *current_set(struct token *t, struct load_mark now)
{
	struct objset *s = NULL;

	lock(&t->lock);
	if (t->set != NULL && same_mark(t->loaded, now))
		s = objset_ref(t->set);
	unlock(&t->lock);
	return s;
}

/* Equal, or not known on one side. */
static bool same_public(const struct pubkey *a, const struct pubkey *b)
{
	if (a->type != b->type || a->bits != b->bits)
		return false;
	if (a->type == PUBKEY_EC)
		return a->point.n == 0 || b->point.n == 0 || rd_equal(a->point, b->point);
	return a->modulus.n == 0 || b->modulus.n == 0 || rd_equal(a->modulus, b->modulus);
}

static bool same_object(const struct object *a, const struct object *b)
{
	if (a->kind != b->kind || a->fid != b->fid)
		return false;
	if (a->kind == OBJECT_CERTIFICATE)
		return rd_equal(a->value, b->value);
	return a->kind == OBJECT_DATA || same_public(&a->key, &b->key);
}

/* The object's former self; `*hint` is where it should be, as the order seldom changes. */
static const struct object *find_former(
        const struct objset *old, const struct object *o, size_t *hint)
{
	size_t n = old == NULL ? 0 : objset_count(old);

	for (size_t i = 0; i < n; i++) {
		size_t at = (*hint + i) % n;
		struct object *former = objset_at(old, at);

		if (same_object(former, o)) {
			*hint = at + 1;
			return former;
		}
	}
	return NULL;
}

/* Objects that were there before keep their handles. */
static void give_handles(struct token *t, const struct objset *old, struct objlist *l)
{
	size_t hint = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct object *former = find_former(old, l->v[i], &hint);

		if (former != NULL) {
			l->v[i]->handle = former->handle;
			continue;
		}
		l->v[i]->handle = t->next_handle;
		t->next_handle += 2;
	}
}

static hsm_rc load_set(struct token *t, struct objset **out)
{
	struct objlist l = { 0 };
	AUTO_LANE *lane = NULL;
	hsm_rc rc;

	TRY(card_take(t->card, &lane));
	rc = load_objects(lane, &l);
	if (rc == HSM_OK) {
		give_handles(t, t->set, &l); /* only a reload replaces the set */
		rc = objset_new(&l, out);
	}
	objlist_done(&l);
	return rc;
}

static void publish(struct token *t, struct objset *s, struct load_mark mark)
{
	struct objset *old;

	lock(&t->lock);
	old = t->set;
	t->set = s;
	t->loaded = mark;
	unlock(&t->lock);
	objset_free(old);
}

/* Loads until nothing changed meanwhile, or often enough: the next look then loads again. */
static hsm_rc reload(struct token *t, struct objset **out)
{
	struct load_mark mark, after;
	struct objset *s = NULL;

	TRY(mark_now(t, &mark));
	*out = current_set(t, mark);
	if (*out != NULL) /* another thread was first */
		return HSM_OK;
	for (unsigned i = 0; i < RELOADS_MAX; i++) {
		TRY(load_set(t, &s));
		publish(t, s, mark);
		TRY(mark_now(t, &after));
		if (same_mark(mark, after))
			break;
		mark = after;
	}
	*out = objset_ref(s);
	return HSM_OK;
}

hsm_rc token_objects(struct token *t, struct objset **out)
{
	enum token_user who;

	return token_view(t, out, &who);
}

hsm_rc token_view(struct token *t, struct objset **out, enum token_user *who)
{
	struct load_mark now;
	uint64_t security;
	hsm_rc rc;

	TRY(look(t, &now, &security));
	*who = login_who(t, security);
	*out = current_set(t, now);
	if (*out != NULL)
		return HSM_OK;
	lock(&t->reload);
	rc = reload(t, out);
	unlock(&t->reload);
	return rc;
}

hsm_rc token_read_value(struct token *t, const struct object *o, struct buf *out)
{
	AUTO_LANE *lane = NULL;

	TRY(card_take(t->card, &lane));
	return card_read_file(lane, o->fid, out);
}
