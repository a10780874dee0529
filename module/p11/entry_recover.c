/* Signatures that carry their data: no application of the card has asked for them. */
#include "p11/op.h"

#pragma GCC diagnostic ignored "-Wunused-parameter" /* a refusal looks at none */

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
