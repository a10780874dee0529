#include "p11/attr.h"

static CK_RV read_value(
        struct p11_session *s, const struct object *o, CK_ATTRIBUTE_TYPE type, struct attr_value *v)
{
	const struct attr_row *row = attr_row(type, o->kind);

	v->bytes = (struct rd){ 0 };
	return row == NULL ? CKR_ATTRIBUTE_TYPE_INVALID : row->get(s, o, row->arg, v);
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

	v.read = (struct buf){ 0 };
	rv = read_value(s, o, a->type, &v);
	if (rv == CKR_OK)
		rv = hand_out(v.bytes, a);
	else
		a->ulValueLen = CK_UNAVAILABLE_INFORMATION;
	buf_free(&v.read);
	return rv;
}

bool attr_match(struct p11_session *s, const struct object *o, const CK_ATTRIBUTE *a)
{
	struct attr_value v;
	bool same;

	v.read = (struct buf){ 0 };
	same = read_value(s, o, a->type, &v) == CKR_OK &&
	       rd_equal(v.bytes, rd_of(a->pValue, a->ulValueLen));
	buf_free(&v.read);
	return same;
}
