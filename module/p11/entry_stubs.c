/* Functions that no operation of this token has: refused, with the session checked as ever. */
#include "p11/op.h"

/* Legacy functions of parallel sessions (PKCS#11 2.40 section 5.15). */
CK_RV C_GetFunctionStatus(CK_SESSION_HANDLE session)
{
	return call_refuse(session, CKR_FUNCTION_NOT_PARALLEL);
}

CK_RV C_CancelFunction(CK_SESSION_HANDLE session)
{
	return call_refuse(session, CKR_FUNCTION_NOT_PARALLEL);
}

#define UNUSED __attribute__((unused))

CK_RV C_GetOperationState(
        CK_SESSION_HANDLE session, CK_BYTE_PTR state UNUSED, CK_ULONG_PTR state_len UNUSED)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_SetOperationState(CK_SESSION_HANDLE session, CK_BYTE_PTR state UNUSED,
        CK_ULONG state_len UNUSED, CK_OBJECT_HANDLE encryption_key UNUSED,
        CK_OBJECT_HANDLE authentication_key UNUSED)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_DigestEncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR part UNUSED,
        CK_ULONG part_len UNUSED, CK_BYTE_PTR out UNUSED, CK_ULONG_PTR out_len UNUSED)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_DecryptDigestUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR part UNUSED,
        CK_ULONG part_len UNUSED, CK_BYTE_PTR out UNUSED, CK_ULONG_PTR out_len UNUSED)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_SignEncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR part UNUSED,
        CK_ULONG part_len UNUSED, CK_BYTE_PTR out UNUSED, CK_ULONG_PTR out_len UNUSED)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_DecryptVerifyUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR part UNUSED,
        CK_ULONG part_len UNUSED, CK_BYTE_PTR out UNUSED, CK_ULONG_PTR out_len UNUSED)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}
