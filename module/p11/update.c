/* C_CopyObject and C_SetAttributeValue. A published object never changes: a session object that is
 * changed makes room for a changed copy. */
#include "p11/attr.h"

CK_RV object_own(struct object *o)
{
	struct rd *views[] = { &o->label, &o->id, &o->value, &o->application, &o->oid,
		&o->key.modulus, &o->key.exponent, &o->key.point };
	struct buf *store = &o->bytes[0];
	size_t total = 0;

	if (o->kind == OBJECT_CERTIFICATE)
		o->key = (struct pubkey){ 0 };
	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++)
		total += views[i]->n;
	TRY_RC(buf_reserve(store, total + 1)); /* never NULL, and nothing moves below */
	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
		size_t start = store->n;

		TRY_RC(buf_append(store, *views[i]));
		*views[i] = rd_of(store->p + start, views[i]->n);
	}
	if (o->kind != OBJECT_CERTIFICATE)
		return CKR_OK;
	TRY_RC(x509_parse(o->value, &o->x509));
	if (pubkey_from_spki(o->x509.spki, &o->key) != HSM_OK)
		o->key = (struct pubkey){ 0 };
	return CKR_OK;
}

/* A session object that still borrows from `from`; `value` receives what is read from the card. */
static CK_RV borrow(
        struct p11_session *s, const struct object *from, struct buf *value, struct object **out)
{
	struct object *o = object_new(from->kind);

	if (o == NULL)
		return CKR_HOST_MEMORY;
	*out = o;
	o->is_private = from->is_private;
	o->label = from->label;
	o->id = from->id;
	o->usage = from->usage;
	o->access = from->access;
	o->key = from->key;
	o->application = from->application;
	o->oid = from->oid;
	o->value = from->x509.whole.n != 0 ? from->x509.whole : from->value;
	if (from->kind == OBJECT_DATA && from->on_token) {
		TRY_RC(token_read_value(s->token, from, value));
		o->value = buf_rd(value);
	}
	return CKR_OK;
}

/* What a copy may differ in; everything else can only be repeated. */
static CK_RV check_copy(struct p11_session *s, const struct object *from, const struct tmpl *t)
{
	bool on_token = false, is_private = from->is_private;

	for (CK_ULONG i = 0; i < t->n; i++) {
		const CK_ATTRIBUTE *a = &t->a[i];
		const struct attr_row *row = attr_row(a->type, from->kind);

		if (row == NULL)
			return CKR_ATTRIBUTE_TYPE_INVALID;
		if (a->type == CKA_LABEL || a->type == CKA_ID || a->type == CKA_TOKEN ||
		        a->type == CKA_PRIVATE)
			continue;
		if (!attr_match(s, from, a))
			return CKR_ATTRIBUTE_READ_ONLY;
	}
	TRY_RV(tmpl_bool(t, CKA_TOKEN, &on_token));
	TRY_RV(tmpl_bool(t, CKA_PRIVATE, &is_private));
	if (on_token)
		return CKR_ACTION_PROHIBITED;
	if (from->is_private && !is_private)
		return CKR_TEMPLATE_INCONSISTENT;
	return session_may_change(s, false, is_private);
}

CK_RV object_copy(struct p11_session *s, const struct object *from, const struct tmpl *t,
        CK_OBJECT_HANDLE *handle)
{
	AUTO_BUF value = { 0 };
	struct object *o = NULL;
	CK_RV rv;

	if (from->kind == OBJECT_PRIVATE_KEY)
		return CKR_ACTION_PROHIBITED;
	TRY_RV(check_copy(s, from, t));
	rv = borrow(s, from, &value, &o);
	if (rv == CKR_OK)
		rv = object_name(t, o);
	if (rv == CKR_OK)
		rv = object_own(o);
	if (rv == CKR_OK)
		rv = store_add(s, object_ref(o), handle);
	object_free(o);
	return rv;
}

/* ---- C_SetAttributeValue ---- */

static CK_RV check_update(const struct object *o, const struct tmpl *t)
{
	for (CK_ULONG i = 0; i < t->n; i++) {
		const struct attr_row *row = attr_row(t->a[i].type, o->kind);

		if (row == NULL)
			return CKR_ATTRIBUTE_TYPE_INVALID;
		if ((row->rules & ATTR_SET) == 0)
			return CKR_ATTRIBUTE_READ_ONLY;
	}
	return CKR_OK;
}

/* The new value of an attribute, with p == NULL when it stays as it is. */
static struct rd new_value(const struct tmpl *t, CK_ATTRIBUTE_TYPE type)
{
	const CK_ATTRIBUTE *a = tmpl_find(t, type);

	if (a == NULL)
		return (struct rd){ 0 };
	return a->ulValueLen == 0 ? RD_LIT("") : rd_of(a->pValue, a->ulValueLen);
}

static CK_RV update_token(struct p11_session *s, const struct object *o, const struct tmpl *t)
{
	struct rd label = new_value(t, CKA_LABEL), id = new_value(t, CKA_ID);
	struct rd value = new_value(t, CKA_VALUE);

	if (label.n > P15_LABEL_MAX || id.n > P15_ID_MAX)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (label.p != NULL || id.p != NULL)
		TRY_RC(token_rename(s->token, o, label, id));
	if (value.p != NULL)
		TRY_RC(token_set_value(s->token, o, value));
	return CKR_OK;
}

static CK_RV update_session(struct p11_session *s, const struct object *old, const struct tmpl *t)
{
	AUTO_BUF unused = { 0 };
	struct object *o = NULL;
	CK_RV rv = borrow(s, old, &unused, &o);

	if (rv == CKR_OK)
		rv = object_name(t, o);
	if (rv == CKR_OK && o->kind == OBJECT_DATA)
		rv = tmpl_bytes(t, CKA_VALUE, &o->value);
	if (rv == CKR_OK)
		rv = object_own(o);
	if (rv == CKR_OK)
		rv = store_replace(s, old->handle, object_ref(o));
	object_free(o);
	return rv;
}

CK_RV object_update(struct p11_session *s, struct object *o, const struct tmpl *t)
{
	TRY_RV(check_update(o, t));
	TRY_RV(session_may_change(s, o->on_token, o->is_private));
	return o->on_token ? update_token(s, o, t) : update_session(s, o, t);
}
