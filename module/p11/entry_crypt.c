/* C_Encrypt, C_Decrypt and their parts. */
#include "p11/op.h"

CK_RV C_EncryptInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE key)
{
	return call_init(session, OP_ENCRYPT, m, key);
}

CK_RV C_Encrypt(
        CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	return call_whole(session, OP_ENCRYPT, in, n, out, out_n);
}

CK_RV C_EncryptUpdate(
        CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	return call_part_out(session, OP_ENCRYPT, in, n, out, out_n);
}

CK_RV C_EncryptFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	return call_last(session, OP_ENCRYPT, out, out_n);
}

CK_RV C_DecryptInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE key)
{
	return call_init(session, OP_DECRYPT, m, key);
}

CK_RV C_Decrypt(
        CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	return call_whole(session, OP_DECRYPT, in, n, out, out_n);
}

CK_RV C_DecryptUpdate(
        CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	return call_part_out(session, OP_DECRYPT, in, n, out, out_n);
}

CK_RV C_DecryptFinal(CK_SESSION_HANDLE session, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	return call_last(session, OP_DECRYPT, out, out_n);
}
