/* The message calls of PKCS#11 3.0 are made for AEAD ciphers; no mechanism here is one. */
#include "p11/op.h"

#pragma GCC diagnostic ignored "-Wunused-parameter" /* a refusal looks at none */

CK_RV C_MessageEncryptInit(
        CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_EncryptMessage(CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len,
        CK_BYTE_PTR associated, CK_ULONG associated_len, CK_BYTE_PTR plaintext,
        CK_ULONG plaintext_len, CK_BYTE_PTR ciphertext, CK_ULONG_PTR ciphertext_len)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_EncryptMessageBegin(CK_SESSION_HANDLE session, CK_VOID_PTR parameter,
        CK_ULONG parameter_len, CK_BYTE_PTR associated, CK_ULONG associated_len)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_EncryptMessageNext(CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len,
        CK_BYTE_PTR part, CK_ULONG part_len, CK_BYTE_PTR ciphertext, CK_ULONG_PTR ciphertext_len,
        CK_FLAGS flags)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_MessageEncryptFinal(CK_SESSION_HANDLE session)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_MessageDecryptInit(
        CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_DecryptMessage(CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len,
        CK_BYTE_PTR associated, CK_ULONG associated_len, CK_BYTE_PTR ciphertext,
        CK_ULONG ciphertext_len, CK_BYTE_PTR plaintext, CK_ULONG_PTR plaintext_len)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_DecryptMessageBegin(CK_SESSION_HANDLE session, CK_VOID_PTR parameter,
        CK_ULONG parameter_len, CK_BYTE_PTR associated, CK_ULONG associated_len)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_DecryptMessageNext(CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len,
        CK_BYTE_PTR part, CK_ULONG part_len, CK_BYTE_PTR plaintext, CK_ULONG_PTR plaintext_len,
        CK_FLAGS flags)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_MessageDecryptFinal(CK_SESSION_HANDLE session)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_MessageSignInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_SignMessage(CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len,
        CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR signature, CK_ULONG_PTR signature_len)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_SignMessageBegin(CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_SignMessageNext(CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len,
        CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR signature, CK_ULONG_PTR signature_len)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_MessageSignFinal(CK_SESSION_HANDLE session)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_MessageVerifyInit(
        CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_VerifyMessage(CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len,
        CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR signature, CK_ULONG signature_len)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_VerifyMessageBegin(CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_VerifyMessageNext(CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len,
        CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR signature, CK_ULONG signature_len)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV C_MessageVerifyFinal(CK_SESSION_HANDLE session)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}
