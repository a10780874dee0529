/* The set of objects as an application needs it: read from the card as far as it was asked for,
 * kept until something changes, replaced as a whole. */
#include "token/login.h"
#include "token/state.h"

enum { RELOADS_MAX = 4 }; /* while others keep changing the card */

static hsm_rc look(struct token *t, struct load_mark *out, uint64_t *security)
{
	struct tp_epoch epoch;

	out->changes = atomic_load(&t->changes);
	TRY(card_look(t->card, &epoch));
	out->content = epoch.content;
	*security = epoch.security;
	return HSM_OK;
}

hsm_rc token_mark(struct token *t, struct load_mark *out)
{
	uint64_t security;

	return look(t, out, &security);
}

bool load_mark_same(struct load_mark a, struct load_mark b)
{
	return a.content == b.content && a.changes == b.changes;
}

/* ---- handles ---- */

/* Equal, or not known on one side. */
static bool same_public(const struct pubkey *a, const struct pubkey *b)
{
	if (a->type != b->type || a->bits != b->bits)
		return false;
	if (a->type == PUBKEY_EC)
		return a->point.n == 0 || b->point.n == 0 || rd_equal(a->point, b->point);
	return a->modulus.n == 0 || b->modulus.n == 0 || rd_equal(a->modulus, b->modulus);
}

static bool public_known(const struct pubkey *key)
{
	return key->point.n != 0 || key->modulus.n != 0;
}

/* Is this the same key? Where a public half is not known, the name helps. */
static bool same_key(const struct object *a, const struct object *b)
{
	if (!same_public(&a->key, &b->key))
		return false;
	if (public_known(&a->key) && public_known(&b->key))
		return true;
	return rd_equal(a->id, b->id) || rd_equal(a->label, b->label);
}

static bool same_object(const struct object *a, const struct object *b)
{
	if (a->kind != b->kind || a->fid != b->fid)
		return false;
	if (a->kind == OBJECT_CERTIFICATE)
		return rd_equal(a->value, b->value);
	return a->kind == OBJECT_DATA || same_key(a, b);
}

static unsigned long former_handle(const struct source *former, const struct object *o)
{
	for (size_t i = 0; former != NULL && i < former->n; i++) {
		if (same_object(former->objects[i], o))
			return former->objects[i]->handle;
	}
	return 0;
}

/* Objects that were there before (`former`, may be NULL) keep their handles. */
static void give_handles(struct token *t, const struct source *former, struct source *s)
        LOCK_REQUIRES(t->reload)
{
	for (size_t i = 0; i < s->n; i++) {
		struct object *o = s->objects[i];

		if (o->handle == 0)
			o->handle = former_handle(former, o);
		if (o->handle != 0)
			continue;
		o->handle = t->next_handle;
		t->next_handle += 2;
	}
}

/* ---- after a change ---- */

/* What is known to have changed since the last time, and is then forgotten. */
struct changed {
	bool all;
	uint8_t numbers[TOUCHED_MAX];
};

static void take_changed(struct token *t, struct load_mark mark, struct changed *out)
{
	lock(&t->lock);
	out->all = mark.content != t->loaded.content; /* by whom is not known */
	memcpy(out->numbers, t->touched, sizeof(out->numbers));
	memset(t->touched, 0, sizeof(t->touched));
	unlock(&t->lock);
}

static bool may_differ(const struct changed *c, const struct source *old, const struct source *s)
{
	return c->all || (c->numbers[s->nn / 8] & 1 << s->nn % 8) != 0 ||
	       old->has_key != s->has_key || old->has_record != s->has_record ||
	       old->has_value != s->has_value;
}

/* The source of the same files in `all`; `*hint` is where it should be, as the order seldom
 * changes. */
static struct source *find_former(const struct sources *all, const struct source *s, size_t *hint)
{
	for (size_t i = 0; i < all->n; i++) {
		struct source *former = &all->v[(*hint + i) % all->n];

		if (former->type != s->type || former->nn != s->nn)
			continue;
		*hint = (*hint + i + 1) % all->n;
		return former;
	}
	return NULL;
}

/* Reads what was known and may have changed: only so it can be told whether it is the same. */
static hsm_rc read_again(struct token *t, struct card_lane *lane, const struct changed *c,
        struct sources *now) LOCK_REQUIRES(t->reload)
{
	size_t hint = 0;

	for (size_t i = 0; i < now->n; i++) {
		struct source *s = &now->v[i];
		const struct source *former = find_former(&t->sources, s, &hint);

		if (former == NULL || !may_differ(c, former, s))
			continue;
		while (s->stage < former->stage)
			TRY(source_advance(lane, s));
		give_handles(t, former, s);
	}
	return HSM_OK;
}

/* Takes over what cannot have changed. */
static void take_over(struct token *t, const struct changed *c, struct sources *now)
        LOCK_REQUIRES(t->reload)
{
	size_t hint = 0;

	for (size_t i = 0; i < now->n; i++) {
		struct source *s = &now->v[i], unread = *s;
		struct source *former = find_former(&t->sources, s, &hint);

		if (former == NULL || may_differ(c, former, s))
			continue;
		*s = *former;
		*former = unread;
	}
	sources_free(&t->sources);
	t->sources = *now;
}

static hsm_rc list_again(struct token *t, struct card_lane *lane, struct load_mark mark)
        LOCK_REQUIRES(t->reload)
{
	struct sources now = { 0 };
	struct changed changed;
	hsm_rc rc;

	take_changed(t, mark, &changed);
	rc = sources_list(lane, &now);
	if (rc == HSM_OK)
		rc = read_again(t, lane, &changed, &now);
	if (rc != HSM_OK) {
		sources_free(&now);
		token_changed(t, TOUCHED_ALL);
		return rc;
	}
	take_over(t, &changed, &now);
	return HSM_OK;
}

/* ---- sets ---- */

/* A reference to the set if it is that of `now`, else NULL. */
static struct objset *current_set(struct token *t, struct load_mark now)
{
	struct objset *s = NULL;

	lock(&t->lock);
	if (t->set != NULL && load_mark_same(t->loaded, now))
		s = objset_ref(t->set);
	unlock(&t->lock);
	return s;
}

/* The set of all that is known now; `*out` is the caller's reference. */
static hsm_rc publish(struct token *t, struct load_mark mark, struct objset **out)
        LOCK_REQUIRES(t->reload)
{
	enum stage stage = STAGE_READ;
	struct objlist l = { 0 };
	struct objset *old;
	hsm_rc rc = HSM_OK;

	for (size_t i = 0; i < t->sources.n; i++) {
		const struct source *s = &t->sources.v[i];

		stage = s->stage < stage ? s->stage : stage;
		for (size_t k = 0; k < s->n && rc == HSM_OK; k++)
			rc = objlist_add(&l, object_ref(s->objects[k]));
	}
	if (rc == HSM_OK)
		rc = objset_new(&l, stage, out);
	objlist_done(&l);
	TRY(rc);
	lock(&t->lock);
	old = t->set;
	t->set = objset_ref(*out);
	t->loaded = mark;
	unlock(&t->lock);
	objset_free(old);
	t->more = false;
	return HSM_OK;
}

static hsm_rc read_wanted(struct token *t, const struct wanted *w, bool *all)
        LOCK_REQUIRES(t->reload)
{
	AUTO_LANE *lane = NULL;
	size_t matches = 0;

	for (size_t i = 0; i < t->sources.n; i++) {
		struct source *s = &t->sources.v[i];
		bool was_read = s->stage >= source_needed(s, w);

		while (s->stage < source_needed(s, w)) {
			if (lane == NULL)
				TRY(card_take(t->card, &lane));
			TRY(source_advance(lane, s));
			give_handles(t, NULL, s);
			t->more = true;
		}
		matches += !was_read && source_matches(s, w);
		if (w->limit != 0 && matches == w->limit)
			return HSM_OK;
	}
	*all = true;
	return HSM_OK;
}

static hsm_rc list_if_changed(struct token *t, struct load_mark mark, struct objset **out)
        LOCK_REQUIRES(t->reload)
{
	AUTO_LANE *lane = NULL;

	*out = current_set(t, mark);
	if (*out != NULL)
		return HSM_OK;
	TRY(card_take(t->card, &lane));
	TRY(list_again(t, lane, mark));
	return publish(t, mark, out);
}

static hsm_rc search(struct token *t, const struct wanted *w, struct load_mark mark,
        struct token_found *out) LOCK_REQUIRES(t->reload)
{
	hsm_rc rc;

	out->all = false;
	TRY(list_if_changed(t, mark, &out->set));
	rc = read_wanted(t, w, &out->all);
	if (rc == HSM_OK && !t->more)
		return HSM_OK;
	objset_free(out->set);
	out->set = NULL;
	return rc == HSM_OK ? publish(t, mark, &out->set) : rc;
}

/* Until nothing changed meanwhile, or often enough: the next look then loads again. */
static hsm_rc search_again(struct token *t, const struct wanted *w, struct token_found *out)
        LOCK_REQUIRES(t->reload)
{
	struct load_mark mark, after = { 0 };
	hsm_rc rc = token_mark(t, &mark);

	out->set = NULL;
	for (unsigned i = 0; i < RELOADS_MAX && rc == HSM_OK; i++) {
		objset_free(out->set);
		out->set = NULL;
		rc = search(t, w, mark, out);
		if (rc == HSM_OK)
			rc = token_mark(t, &after);
		if (rc == HSM_OK && load_mark_same(mark, after))
			return HSM_OK;
		mark = after;
	}
	if (rc != HSM_OK)
		objset_free(out->set);
	return rc;
}

bool token_knows(const struct objset *s, const struct wanted *w)
{
	const unsigned by_name = 1U << OBJECT_PRIVATE_KEY | 1U << OBJECT_DATA;
	enum stage needed = STAGE_READ;

	if (w->kinds == 0)
		needed = STAGE_LISTED;
	else if (!w->whole && (w->kinds & ~by_name) == 0)
		needed = STAGE_NAMED;
	return objset_stage(s) >= needed;
}

hsm_rc token_search(struct token *t, const struct wanted *w, struct token_found *out)
{
	struct load_mark now;
	uint64_t security;
	hsm_rc rc;

	TRY(look(t, &now, &security));
	*out = (struct token_found){ .set = current_set(t, now), .who = login_who(t, security) };
	out->all = out->set != NULL && token_knows(out->set, w);
	if (out->all)
		return HSM_OK;
	objset_free(out->set);
	lock(&t->reload);
	rc = search_again(t, w, out);
	unlock(&t->reload);
	return rc;
}

hsm_rc token_view(struct token *t, struct objset **out, enum token_user *who)
{
	struct token_found found;

	TRY(token_search(t, &(struct wanted){ 0 }, &found));
	*out = found.set;
	*who = found.who;
	return HSM_OK;
}

hsm_rc token_objects(struct token *t, struct objset **out)
{
	const struct wanted everything = { .kinds = ~0U, .whole = true };
	struct token_found found;

	TRY(token_search(t, &everything, &found));
	*out = found.set;
	return HSM_OK;
}

hsm_rc token_whole(struct token *t, const struct object *o, struct object **out)
{
	const struct wanted w = { .kinds = 1U << o->kind, .fid = o->fid, .whole = true };
	struct token_found found;
	struct object *whole;

	TRY(token_search(t, &w, &found));
	whole = objset_by_handle(found.set, o->handle);
	if (whole != NULL)
		*out = object_ref(whole);
	objset_free(found.set);
	return whole != NULL ? HSM_OK : HSM_E_NO_FILE;
}
