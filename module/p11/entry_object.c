#include "p11/p11.h"

static CK_RV create(struct p11_session *s, CK_ATTRIBUTE *a, CK_ULONG n, CK_OBJECT_HANDLE *out)
{
	struct tmpl t;

	if (out == NULL)
		return CKR_ARGUMENTS_BAD;
	TRY_RV(tmpl_open(a, n, &t));
	return object_create(s, &t, out);
}

CK_RV C_CreateObject(CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR template, CK_ULONG count,
        CK_OBJECT_HANDLE_PTR object)
{
	struct p11_session *s;
	CK_RV rv = p11_enter(session, &s);

	if (rv == CKR_OK)
		rv = create(s, template, count, object);
	return p11_leave(s, rv);
}

static CK_RV copy(
        struct p11_session *s, CK_OBJECT_HANDLE handle, const struct tmpl *t, CK_OBJECT_HANDLE *out)
{
	struct object *o;
	CK_RV rv;

	TRY_RV(store_get(s, handle, &o));
	rv = object_copy(s, o, t, out);
	object_free(o);
	return rv;
}

CK_RV C_CopyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_PTR template,
        CK_ULONG count, CK_OBJECT_HANDLE_PTR new_object)
{
	struct p11_session *s;
	struct tmpl t;
	CK_RV rv = p11_enter(session, &s);

	if (rv == CKR_OK && new_object == NULL)
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		rv = tmpl_open(template, count, &t);
	if (rv == CKR_OK)
		rv = copy(s, object, &t, new_object);
	return p11_leave(s, rv);
}

static CK_RV destroy(struct p11_session *s, CK_OBJECT_HANDLE handle)
{
	struct object *o;
	CK_RV rv;

	TRY_RV(store_get(s, handle, &o));
	rv = session_may_change(s, o->on_token, o->is_private);
	if (rv == CKR_OK && o->on_token)
		rv = rc_to_ckr(token_remove(s->token, o));
	else if (rv == CKR_OK)
		rv = store_remove(s, handle);
	object_free(o);
	return rv;
}

CK_RV C_DestroyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	struct p11_session *s;
	CK_RV rv = p11_enter(session, &s);

	if (rv == CKR_OK)
		rv = destroy(s, object);
	return p11_leave(s, rv);
}

/* How much memory an object takes on the card is not known. */
static CK_RV object_size(struct p11_session *s, CK_OBJECT_HANDLE handle, CK_ULONG *size)
{
	struct object *o;

	if (size == NULL)
		return CKR_ARGUMENTS_BAD;
	TRY_RV(store_get(s, handle, &o));
	object_free(o);
	*size = CK_UNAVAILABLE_INFORMATION;
	return CKR_OK;
}

CK_RV C_GetObjectSize(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ULONG_PTR size)
{
	struct p11_session *s;
	CK_RV rv = p11_enter(session, &s);

	if (rv == CKR_OK)
		rv = object_size(s, object, size);
	return p11_leave(s, rv);
}

/* Every attribute is answered, also after one that could not be. */
static CK_RV get_attributes(
        struct p11_session *s, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE *a, CK_ULONG n)
{
	struct object *o;
	CK_RV rv = CKR_OK;

	if ((a == NULL && n != 0) || n > TMPL_MAX)
		return CKR_ARGUMENTS_BAD;
	TRY_RV(store_get(s, handle, &o));
	for (CK_ULONG i = 0; i < n; i++) {
		CK_RV one = attr_get(s, o, &a[i]);

		if (rv == CKR_OK)
			rv = one;
	}
	object_free(o);
	return rv;
}

CK_RV C_GetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
        CK_ATTRIBUTE_PTR template, CK_ULONG count)
{
	struct p11_session *s;
	CK_RV rv = p11_enter(session, &s);

	if (rv == CKR_OK)
		rv = get_attributes(s, object, template, count);
	return p11_leave(s, rv);
}

static CK_RV set_attributes(struct p11_session *s, CK_OBJECT_HANDLE handle, const struct tmpl *t)
{
	struct object *o;
	CK_RV rv;

	TRY_RV(store_get(s, handle, &o));
	rv = object_update(s, o, t);
	object_free(o);
	return rv;
}

CK_RV C_SetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
        CK_ATTRIBUTE_PTR template, CK_ULONG count)
{
	struct p11_session *s;
	struct tmpl t;
	CK_RV rv = p11_enter(session, &s);

	if (rv == CKR_OK)
		rv = tmpl_open(template, count, &t);
	if (rv == CKR_OK)
		rv = set_attributes(s, object, &t);
	return p11_leave(s, rv);
}
