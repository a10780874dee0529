/* Session objects, and the way from a handle to an object. */
#include <stdlib.h>

#include "p11/p11.h"

/* Odd, and never used twice in a process, whatever the slot. */
static atomic_ulong last_handle = 1;

void store_init(struct store *st) TS(no_thread_safety_analysis)
{
	*st = (struct store){ 0 };
	lock_init(&st->lock);
}

void store_done(struct store *st) TS(no_thread_safety_analysis)
{
	for (size_t i = 0; i < st->n; i++)
		object_free(st->entries[i].object);
	free(st->entries);
	lock_done(&st->lock);
}

/* Ends the entries of one owner, or with owner 0 the private ones. */
static void store_end(struct store *st, CK_SESSION_HANDLE owner)
{
	size_t kept = 0;

	lock(&st->lock);
	for (size_t i = 0; i < st->n; i++) {
		struct store_entry e = st->entries[i];

		if (owner != 0 ? e.owner == owner : e.object->is_private)
			object_free(e.object);
		else
			st->entries[kept++] = e;
	}
	st->n = kept;
	unlock(&st->lock);
}

void store_end_session(struct store *st, CK_SESSION_HANDLE owner)
{
	store_end(st, owner);
}

void store_end_private(struct store *st)
{
	store_end(st, 0);
}

/* The first entry whose handle is not below `handle`. */
static size_t store_place(const struct store *st, CK_OBJECT_HANDLE handle) LOCK_REQUIRES(st->lock)
{
	size_t low = 0, high = st->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (st->entries[mid].object->handle < handle)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct store_entry *store_find(struct store *st, CK_OBJECT_HANDLE handle)
        LOCK_REQUIRES(st->lock)
{
	size_t i = store_place(st, handle);

	return i < st->n && st->entries[i].object->handle == handle ? &st->entries[i] : NULL;
}

bool session_user(struct p11_session *s)
{
	return token_who(s->token) == TOKEN_USER;
}

CK_RV session_may_change(struct p11_session *s, bool on_token, bool is_private)
{
	if (on_token && !s->rw)
		return CKR_SESSION_READ_ONLY;
	if ((on_token || is_private) && !session_user(s))
		return CKR_USER_NOT_LOGGED_IN;
	return CKR_OK;
}

static struct object *session_object(struct store *st, CK_OBJECT_HANDLE handle)
{
	struct store_entry *e;
	struct object *o = NULL;

	lock(&st->lock);
	e = store_find(st, handle);
	if (e != NULL)
		o = object_ref(e->object);
	unlock(&st->lock);
	return o;
}

static CK_RV token_object(
        struct p11_session *s, CK_OBJECT_HANDLE handle, struct object **out, bool *user)
{
	enum token_user who;
	struct objset *set;
	struct object *o;

	TRY_RC(token_view(s->token, &set, &who));
	*user = who == TOKEN_USER;
	o = objset_by_handle(set, handle);
	*out = o == NULL ? NULL : object_ref(o);
	objset_free(set);
	return CKR_OK;
}

CK_RV store_get(struct p11_session *s, CK_OBJECT_HANDLE handle, struct object **out)
{
	struct object *o;
	bool user = false;

	if (handle % 2 == 0)
		TRY_RV(token_object(s, handle, &o, &user));
	else
		o = session_object(&s->slot->store, handle);
	if (o == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	if (o->is_private && !user && !session_user(s)) {
		object_free(o);
		return CKR_OBJECT_HANDLE_INVALID;
	}
	*out = o;
	return CKR_OK;
}

static CK_RV store_append(struct store *st, struct store_entry e) LOCK_REQUIRES(st->lock)
{
	size_t cap = st->cap == 0 ? 8 : 2 * st->cap;
	struct store_entry *entries;

	if (st->n == st->cap) {
		entries = reallocarray(st->entries, cap, sizeof(*entries));
		if (entries == NULL)
			return CKR_HOST_MEMORY;
		st->entries = entries;
		st->cap = cap;
	}
	e.object->handle = atomic_fetch_add(&last_handle, 2) + 2;
	st->entries[st->n++] = e;
	return CKR_OK;
}

CK_RV store_add(struct p11_session *s, struct object *o, CK_OBJECT_HANDLE *handle)
{
	struct store *st = &s->slot->store;
	CK_RV rv;

	lock(&st->lock);
	rv = store_append(st, (struct store_entry){ o, s->handle });
	if (rv == CKR_OK)
		*handle = o->handle;
	unlock(&st->lock);
	if (rv != CKR_OK)
		object_free(o);
	return rv;
}

CK_RV store_replace(struct p11_session *s, CK_OBJECT_HANDLE handle, struct object *o)
{
	struct store *st = &s->slot->store;
	struct object *old = o;
	struct store_entry *e;

	lock(&st->lock);
	e = store_find(st, handle);
	if (e != NULL) {
		old = e->object;
		o->handle = handle;
		e->object = o;
	}
	unlock(&st->lock);
	object_free(old);
	return e == NULL ? CKR_OBJECT_HANDLE_INVALID : CKR_OK;
}

CK_RV store_remove(struct p11_session *s, CK_OBJECT_HANDLE handle)
{
	struct store *st = &s->slot->store;
	struct object *old = NULL;
	struct store_entry *e;

	lock(&st->lock);
	e = store_find(st, handle);
	if (e != NULL) {
		old = e->object;
		st->n--;
		memmove(e, e + 1, (size_t)(&st->entries[st->n] - e) * sizeof(*e));
	}
	unlock(&st->lock);
	object_free(old);
	return old == NULL ? CKR_OBJECT_HANDLE_INVALID : CKR_OK;
}

/* The entry at or after `handle`, as the caller's reference. */
static struct object *store_after(struct store *st, CK_OBJECT_HANDLE handle)
{
	struct object *o = NULL;
	size_t i;

	lock(&st->lock);
	i = store_place(st, handle);
	if (i < st->n)
		o = object_ref(st->entries[i].object);
	unlock(&st->lock);
	return o;
}

CK_RV store_each(struct p11_session *s, CK_RV (*visit)(void *arg, struct object *o), void *arg)
{
	CK_OBJECT_HANDLE next = 0;
	struct object *o;
	CK_RV rv = CKR_OK;

	while (rv == CKR_OK && (o = store_after(&s->slot->store, next)) != NULL) {
		next = o->handle + 1;
		rv = visit(arg, o);
		object_free(o);
	}
	return rv;
}
