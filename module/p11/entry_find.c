#include "p11/p11.h"

static CK_RV find_init(struct p11_session *s, CK_ATTRIBUTE *a, CK_ULONG n)
{
	struct tmpl t;

	if (s->find.active)
		return CKR_OPERATION_ACTIVE;
	TRY_RV(tmpl_open(a, n, &t));
	return find_start(s, &t);
}

CK_RV C_FindObjectsInit(CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR template, CK_ULONG count)
{
	struct p11_session *s;
	CK_RV rv = p11_enter(session, &s);

	if (rv == CKR_OK)
		rv = find_init(s, template, count);
	return p11_leave(s, rv);
}

static CK_RV find(struct p11_session *s, CK_OBJECT_HANDLE *out, CK_ULONG max, CK_ULONG *count)
{
	if (count == NULL || (out == NULL && max != 0))
		return CKR_ARGUMENTS_BAD;
	if (!s->find.active)
		return CKR_OPERATION_NOT_INITIALIZED;
	return find_next(s, out, max, count);
}

CK_RV C_FindObjects(
        CK_SESSION_HANDLE session, CK_OBJECT_HANDLE_PTR object, CK_ULONG max, CK_ULONG_PTR count)
{
	struct p11_session *s;
	CK_RV rv = p11_enter(session, &s);

	if (rv == CKR_OK)
		rv = find(s, object, max, count);
	return p11_leave(s, rv);
}

CK_RV C_FindObjectsFinal(CK_SESSION_HANDLE session)
{
	struct p11_session *s;
	CK_RV rv = p11_enter(session, &s);

	if (rv == CKR_OK && !s->find.active)
		rv = CKR_OPERATION_NOT_INITIALIZED;
	if (rv == CKR_OK)
		s->find.active = false;
	return p11_leave(s, rv);
}
