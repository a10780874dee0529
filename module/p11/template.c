#include "p11/p11.h"

enum { VALUE_MAX = 1 << 20 }; /* more is a length that was never set */

static struct rd value_of(const CK_ATTRIBUTE *a)
{
	return rd_of(a->pValue, a->pValue == NULL ? 0 : a->ulValueLen);
}

static CK_RV check_attribute(const struct tmpl *earlier, const CK_ATTRIBUTE *a)
{
	const CK_ATTRIBUTE *twin;

	if ((a->pValue == NULL && a->ulValueLen != 0) || a->ulValueLen > VALUE_MAX)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	twin = tmpl_find(earlier, a->type);
	if (twin != NULL && !rd_equal(value_of(twin), value_of(a)))
		return CKR_TEMPLATE_INCONSISTENT;
	return CKR_OK;
}

CK_RV tmpl_open(CK_ATTRIBUTE_PTR a, CK_ULONG n, struct tmpl *out)
{
	if ((a == NULL && n != 0) || n > TMPL_MAX)
		return CKR_ARGUMENTS_BAD;
	*out = (struct tmpl){ a, 0 };
	for (; out->n < n; out->n++)
		TRY_RV(check_attribute(out, &a[out->n]));
	return CKR_OK;
}

const CK_ATTRIBUTE *tmpl_find(const struct tmpl *t, CK_ATTRIBUTE_TYPE type)
{
	for (CK_ULONG i = 0; i < t->n; i++) {
		if (t->a[i].type == type)
			return &t->a[i];
	}
	return NULL;
}

CK_RV tmpl_bool(const struct tmpl *t, CK_ATTRIBUTE_TYPE type, bool *out)
{
	const CK_ATTRIBUTE *a = tmpl_find(t, type);
	CK_BBOOL v;

	if (a == NULL)
		return CKR_OK;
	if (a->ulValueLen != sizeof(v))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	memcpy(&v, a->pValue, sizeof(v));
	if (v != CK_TRUE && v != CK_FALSE)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	*out = v == CK_TRUE;
	return CKR_OK;
}

CK_RV tmpl_ulong(const struct tmpl *t, CK_ATTRIBUTE_TYPE type, CK_ULONG *out)
{
	const CK_ATTRIBUTE *a = tmpl_find(t, type);

	if (a == NULL)
		return CKR_OK;
	if (a->ulValueLen != sizeof(*out))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	memcpy(out, a->pValue, sizeof(*out));
	return CKR_OK;
}

CK_RV tmpl_bytes(const struct tmpl *t, CK_ATTRIBUTE_TYPE type, struct rd *out)
{
	const CK_ATTRIBUTE *a = tmpl_find(t, type);

	if (a != NULL)
		*out = value_of(a);
	return CKR_OK;
}
