/* Searches. The answer is settled when the search begins: handles, which are checked again when
 * they are used. */
#include <stdlib.h>

#include "p11/attr.h"

struct search {
	struct p11_session *s;
	const struct tmpl *t;
	bool user; /* may see private objects */
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

	if (o->is_private && !search->user)
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
	for (CK_ULONG i = 0; i < t->n; i++) {
		if (attr_row(t->a[i].type, kind) == NULL)
			return false;
		if (t->a[i].type == CKA_CLASS && !attr_is_class(&t->a[i], kind))
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

CK_RV find_start(struct p11_session *s, const struct tmpl *t)
{
	struct search search = { .s = s, .t = t };
	const struct wanted w = wanted_for(t);
	enum token_user who;
	struct objset *set;
	CK_RV rv;

	s->find.n = s->find.next = 0;
	TRY_RC(token_search(s->token, &w, &set, &who));
	search.user = who == TOKEN_USER;
	rv = look_on_token(&search, set);
	objset_free(set);
	if (rv == CKR_OK)
		rv = store_each(s, consider, &search);
	s->find.active = rv == CKR_OK;
	return rv;
}

CK_ULONG find_next(struct find *f, CK_OBJECT_HANDLE *out, CK_ULONG max)
{
	CK_ULONG n = f->n - f->next;

	if (n > max)
		n = max;
	if (n != 0)
		memcpy(out, f->handles + f->next, n * sizeof(*out));
	f->next += n;
	return n;
}

void find_free(struct find *f)
{
	free(f->handles);
	*f = (struct find){ 0 };
}
