/* Searches. What the card has to be read for is read when the application asks for more; answers
 * are handles, which are checked again when they are used. */
#include <stdlib.h>

#include "p11/attr.h"

struct search {
	struct p11_session *s;
	const struct tmpl *t;
	CK_OBJECT_HANDLE after; /* token objects up to this one were looked at before */
	bool user;              /* may see private objects */
};

static CK_RV find_add(struct find *f, CK_OBJECT_HANDLE handle)
{
	size_t cap = f->cap == 0 ? 16 : 2 * f->cap;
	CK_OBJECT_HANDLE *handles;

	if (f->n == f->cap) {
		handles = reallocarray(f->handles, cap, sizeof(*handles));
		if (handles == NULL)
			return CKR_HOST_MEMORY;
		f->handles = handles;
		f->cap = cap;
	}
	f->handles[f->n++] = handle;
	return CKR_OK;
}

static CK_RV consider(void *arg, struct object *o)
{
	const struct search *search = arg;

	if ((o->is_private && !search->user) || (o->on_token && o->handle <= search->after))
		return CKR_OK;
	for (CK_ULONG i = 0; i < search->t->n; i++) {
		if (!attr_match(search->s, o, &search->t->a[i]))
			return CKR_OK;
	}
	return find_add(&search->s->find, o->handle);
}

typedef struct object *next_by(const struct objset *set, struct rd key, size_t *cursor);

static CK_RV look_indexed(
        struct search *search, const struct objset *set, next_by *next, const CK_ATTRIBUTE *a)
{
	struct rd key = rd_of(a->pValue, a->ulValueLen);
	size_t cursor = 0;
	struct object *o;

	while ((o = next(set, key, &cursor)) != NULL)
		TRY_RV(consider(search, o));
	return CKR_OK;
}

static CK_RV look_everywhere(struct search *search, const struct objset *set)
{
	for (size_t i = 0; i < objset_count(set); i++)
		TRY_RV(consider(search, objset_at(set, i)));
	return CKR_OK;
}

/* A label or an id leads straight to its objects. */
static CK_RV look_on_token(struct search *search, const struct objset *set)
{
	const CK_ATTRIBUTE *label = tmpl_find(search->t, CKA_LABEL);
	const CK_ATTRIBUTE *id = tmpl_find(search->t, CKA_ID);

	if (label != NULL && label->ulValueLen != 0)
		return look_indexed(search, set, objset_by_label, label);
	if (id != NULL && id->ulValueLen != 0)
		return look_indexed(search, set, objset_by_id, id);
	return look_everywhere(search, set);
}

/* Can an object of this kind match, as far as its class and the names of the attributes tell? */
static bool may_be(const struct tmpl *t, enum object_kind kind)
{
	const CK_ATTRIBUTE *class = tmpl_find(t, CKA_CLASS);

	if (class != NULL && !attr_is_class(class, kind))
		return false;
	for (CK_ULONG i = 0; i < t->n; i++) {
		if (attr_row(t->a[i].type, kind) == NULL)
			return false;
	}
	return true;
}

/* What of the token has to be known for this search. */
static struct wanted wanted_for(const struct tmpl *t)
{
	struct wanted w = { 0 };

	(void)tmpl_bytes(t, CKA_LABEL, &w.label);
	(void)tmpl_bytes(t, CKA_ID, &w.id);
	for (enum object_kind kind = 0; kind < OBJECT_SECRET_KEY; kind++)
		w.kinds |= may_be(t, kind) ? 1U << kind : 0;
	for (CK_ULONG i = 0; i < t->n; i++)
		w.whole |= attr_of_value(t->a[i].type);
	return w;
}

/* Adds what matches in this set and was not looked at before. */
static CK_RV look_again(
        struct p11_session *s, const struct tmpl *t, const struct objset *set, enum token_user who)
{
	struct search search = { s, t, s->find.last, who == TOKEN_USER };

	s->find.last = objset_last_handle(set);
	return look_on_token(&search, set);
}

static void template_free(struct find *f)
{
	free(f->a);
	buf_free(&f->values);
	f->a = NULL;
	f->a_n = 0;
}

/* The application's template is only good until the search has begun. */
static CK_RV template_keep(struct find *f, const struct tmpl *t)
{
	size_t total = 0;

	template_free(f);
	for (CK_ULONG i = 0; i < t->n; i++)
		total += t->a[i].ulValueLen;
	f->a = calloc(t->n + 1, sizeof(*f->a));
	if (f->a == NULL)
		return CKR_HOST_MEMORY;
	TRY_RC(buf_reserve(&f->values, total + 1)); /* nothing moves below */
	for (; f->a_n < t->n; f->a_n++) {
		const CK_ATTRIBUTE *a = &t->a[f->a_n];

		f->a[f->a_n] = (CK_ATTRIBUTE){ a->type, f->values.p + f->values.n, a->ulValueLen };
		TRY_RC(buf_append(&f->values, rd_of(a->pValue, a->ulValueLen)));
	}
	return CKR_OK;
}

static CK_RV look_at_known(struct p11_session *s, const struct tmpl *t, bool *user)
{
	struct wanted w = wanted_for(t);
	enum token_user who;
	struct objset *set;
	CK_RV rv;

	TRY_RC(token_view(s->token, &set, &who));
	*user = who == TOKEN_USER;
	if (!*user) /* who does not see them */
		w.kinds &= ~(1U << OBJECT_PRIVATE_KEY);
	s->find.kinds = w.kinds;
	s->find.all = token_knows(set, &w);
	rv = look_again(s, t, set, who);
	objset_free(set);
	return rv == CKR_OK && !s->find.all ? template_keep(&s->find, t) : rv;
}

CK_RV find_start(struct p11_session *s, const struct tmpl *t)
{
	struct search search = { .s = s, .t = t };
	CK_RV rv;

	s->find.n = s->find.next = 0;
	s->find.last = 0;
	TRY_RV(look_at_known(s, t, &search.user));
	rv = store_each(s, consider, &search);
	s->find.active = rv == CKR_OK;
	return rv;
}

/* Reads on: what has `limit` matching names. */
static CK_RV find_more(struct p11_session *s, size_t limit)
{
	const struct tmpl t = { s->find.a, s->find.a_n };
	struct wanted w = wanted_for(&t);
	struct token_found found;
	CK_RV rv;

	w.kinds = s->find.kinds;
	w.limit = limit < P15_FILES_MAX ? limit : 0;
	TRY_RC(token_search(s->token, &w, &found));
	s->find.all = found.all;
	rv = look_again(s, &t, found.set, found.who);
	objset_free(found.set);
	return rv;
}

CK_RV find_next(struct p11_session *s, CK_OBJECT_HANDLE *out, CK_ULONG max, CK_ULONG *count)
{
	struct find *f = &s->find;
	size_t limit = max < P15_FILES_MAX ? max + f->next : P15_FILES_MAX;
	CK_ULONG n;

	/* A search that goes on is likely to want everything: more at a time. */
	for (; !f->all && f->n - f->next < max; limit *= 2)
		TRY_RV(find_more(s, limit));
	n = f->n - f->next;
	if (n > max)
		n = max;
	if (n != 0)
		memcpy(out, f->handles + f->next, n * sizeof(*out));
	f->next += n;
	*count = n;
	return CKR_OK;
}

void find_free(struct find *f)
{
	free(f->handles);
	template_free(f);
	*f = (struct find){ 0 };
}
