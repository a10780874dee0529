#include "p11/attr.h"

/* The public half of a private key is read from the card when it is first asked for. */
static CK_RV make_whole(struct p11_session *s, const struct object **o, struct attr_value *v)
{
	hsm_rc rc = token_whole(s->token, *o, &v->whole);

	if (rc == HSM_E_NO_FILE)
		return CKR_OBJECT_HANDLE_INVALID;
	TRY_RC(rc);
	*o = v->whole;
	return CKR_OK;
}

/* To be freed with value_done, whatever comes of it. */
static CK_RV read_value(
        struct p11_session *s, const struct object *o, CK_ATTRIBUTE_TYPE type, struct attr_value *v)
{
	const struct attr_row *row = attr_row(type, o->kind);

	v->bytes = (struct rd){ 0 };
	v->read = (struct buf){ 0 };
	v->whole = NULL;
	if (row == NULL)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	if (o->partial && (row->rules & ATTR_VALUE) != 0)
		TRY_RV(make_whole(s, &o, v));
	return row->get(s, o, row->arg, v);
}

static void value_done(struct attr_value *v)
{
	buf_free(&v->read);
	object_free(v->whole);
}

/* PKCS#11 2.40 section 5.7, C_GetAttributeValue: the five cases. */
static CK_RV hand_out(struct rd value, CK_ATTRIBUTE *a)
{
	CK_ULONG room = a->ulValueLen;

	a->ulValueLen = value.n;
	if (a->pValue == NULL)
		return CKR_OK;
	if (room < value.n) {
		a->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		return CKR_BUFFER_TOO_SMALL;
	}
	if (value.n != 0)
		memcpy(a->pValue, value.p, value.n);
	return CKR_OK;
}

CK_RV attr_get(struct p11_session *s, const struct object *o, CK_ATTRIBUTE *a)
{
	struct attr_value v;
	CK_RV rv;

	rv = read_value(s, o, a->type, &v);
	if (rv == CKR_OK)
		rv = hand_out(v.bytes, a);
	else
		a->ulValueLen = CK_UNAVAILABLE_INFORMATION;
	value_done(&v);
	return rv;
}

bool attr_match(struct p11_session *s, const struct object *o, const CK_ATTRIBUTE *a)
{
	struct attr_value v;
	bool same;

	same = read_value(s, o, a->type, &v) == CKR_OK &&
	       rd_equal(v.bytes, rd_of(a->pValue, a->ulValueLen));
	value_done(&v);
	return same;
}
