/* C_Sign, C_Verify and their parts. */
#include "p11/op.h"

CK_RV C_SignInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE key)
{
	return call_init(session, OP_SIGN, m, key);
}

CK_RV C_Sign(
        CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	return call_whole(session, OP_SIGN, in, n, out, out_n);
}

CK_RV C_SignUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG n)
{
	return call_part(session, OP_SIGN, in, n);
}

CK_RV C_SignFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	return call_last(session, OP_SIGN, out, out_n);
}

CK_RV C_VerifyInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE key)
{
	return call_init(session, OP_VERIFY, m, key);
}

CK_RV C_Verify(
        CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR sig, CK_ULONG sig_n)
{
	return call_verify(session, &(struct call_data){ in, n }, sig, sig_n);
}

CK_RV C_VerifyUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG n)
{
	return call_part(session, OP_VERIFY, in, n);
}

CK_RV C_VerifyFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR sig, CK_ULONG sig_n)
{
	return call_verify(session, NULL, sig, sig_n);
}
