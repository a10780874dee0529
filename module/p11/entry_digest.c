/* C_Digest and its parts. */
#include "p11/op.h"

CK_RV C_DigestInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR m)
{
	return call_init(session, OP_DIGEST, m, CK_INVALID_HANDLE);
}

CK_RV C_Digest(
        CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	return call_whole(session, OP_DIGEST, in, n, out, out_n);
}

CK_RV C_DigestUpdate(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG n)
{
	return call_part(session, OP_DIGEST, in, n);
}

/* Secret keys are results of a key agreement, made to be read: no need to digest them in here. */
CK_RV C_DigestKey(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
	(void)key;
	return call_refuse(session, CKR_KEY_INDIGESTIBLE);
}

CK_RV C_DigestFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	return call_last(session, OP_DIGEST, out, out_n);
}
