/* Calls that do two things at once, recovery of signed data, saved operations: the card needs none
 * of them, and what they do the application can do with two calls. */
#include "p11/op.h"

#pragma GCC diagnostic ignored "-Wunused-parameter" /* a refusal looks at none */

CK_RV C_DigestEncryptUpdate(
        CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_DecryptDigestUpdate(
        CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_SignEncryptUpdate(
        CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_DecryptVerifyUpdate(
        CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_SignRecoverInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE key)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_SignRecover(
        CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_VerifyRecoverInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE key)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_VerifyRecover(
        CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_GetOperationState(CK_SESSION_HANDLE session, CK_BYTE_PTR state, CK_ULONG_PTR state_n)
{
	return call_refuse(session, CKR_STATE_UNSAVEABLE);
}

CK_RV C_SetOperationState(CK_SESSION_HANDLE session, CK_BYTE_PTR state, CK_ULONG state_n,
        CK_OBJECT_HANDLE encryption, CK_OBJECT_HANDLE authentication)
{
	return call_refuse(session, CKR_SAVED_STATE_INVALID);
}
