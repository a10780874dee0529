/* PKCS#11: the 2.40 names from p11-kit's header, and of 3.0 what that header lacks and we use
 * (OASIS PKCS#11 Base Specification 3.0). All C_ functions are visible outside, nothing else is. */
#ifndef TWINHSM_P11_CRYPTOKI_H
#define TWINHSM_P11_CRYPTOKI_H

#pragma GCC visibility push(default)

#define CRYPTOKI_COMPAT       1
#define CK_DISABLE_TRUE_FALSE 1
#include <p11-kit/pkcs11.h>

#ifndef CKF_INTERFACE_FORK_SAFE

#define CKF_INTERFACE_FORK_SAFE (1UL << 0)

/* C_SessionCancel; the other kinds are named by the flags of mechanisms. */
#define CKF_FIND_OBJECTS (1UL << 6)

#define CKA_UNIQUE_ID (0x4UL)

typedef struct ck_interface {
	CK_UTF8CHAR *pInterfaceName;
	CK_VOID_PTR pFunctionList;
	CK_FLAGS flags;
} CK_INTERFACE;
typedef CK_INTERFACE *CK_INTERFACE_PTR;
typedef CK_INTERFACE_PTR *CK_INTERFACE_PTR_PTR;

#define P11_DECLARE(name, args)                                                                    \
	typedef CK_RV(*CK_##name) args;                                                            \
	CK_RV name args

P11_DECLARE(C_GetInterfaceList, (CK_INTERFACE_PTR list, CK_ULONG_PTR count));
P11_DECLARE(C_GetInterface, (CK_UTF8CHAR_PTR name, CK_VERSION_PTR version,
                                    CK_INTERFACE_PTR_PTR interface, CK_FLAGS flags));
P11_DECLARE(
        C_LoginUser, (CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin,
                             CK_ULONG pin_len, CK_UTF8CHAR_PTR username, CK_ULONG username_len));
P11_DECLARE(C_SessionCancel, (CK_SESSION_HANDLE session, CK_FLAGS flags));

P11_DECLARE(C_MessageEncryptInit,
        (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key));
P11_DECLARE(C_EncryptMessage,
        (CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len,
                CK_BYTE_PTR associated, CK_ULONG associated_len, CK_BYTE_PTR plaintext,
                CK_ULONG plaintext_len, CK_BYTE_PTR ciphertext, CK_ULONG_PTR ciphertext_len));
P11_DECLARE(C_EncryptMessageBegin,
        (CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len,
                CK_BYTE_PTR associated, CK_ULONG associated_len));
P11_DECLARE(C_EncryptMessageNext,
        (CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len, CK_BYTE_PTR part,
                CK_ULONG part_len, CK_BYTE_PTR ciphertext, CK_ULONG_PTR ciphertext_len,
                CK_FLAGS flags));
P11_DECLARE(C_MessageEncryptFinal, (CK_SESSION_HANDLE session));

P11_DECLARE(C_MessageDecryptInit,
        (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key));
P11_DECLARE(C_DecryptMessage,
        (CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len,
                CK_BYTE_PTR associated, CK_ULONG associated_len, CK_BYTE_PTR ciphertext,
                CK_ULONG ciphertext_len, CK_BYTE_PTR plaintext, CK_ULONG_PTR plaintext_len));
P11_DECLARE(C_DecryptMessageBegin,
        (CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len,
                CK_BYTE_PTR associated, CK_ULONG associated_len));
P11_DECLARE(C_DecryptMessageNext,
        (CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len, CK_BYTE_PTR part,
                CK_ULONG part_len, CK_BYTE_PTR plaintext, CK_ULONG_PTR plaintext_len,
                CK_FLAGS flags));
P11_DECLARE(C_MessageDecryptFinal, (CK_SESSION_HANDLE session));

P11_DECLARE(C_MessageSignInit,
        (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key));
P11_DECLARE(C_SignMessage,
        (CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len, CK_BYTE_PTR data,
                CK_ULONG data_len, CK_BYTE_PTR signature, CK_ULONG_PTR signature_len));
P11_DECLARE(C_SignMessageBegin,
        (CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len));
P11_DECLARE(C_SignMessageNext,
        (CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len, CK_BYTE_PTR data,
                CK_ULONG data_len, CK_BYTE_PTR signature, CK_ULONG_PTR signature_len));
P11_DECLARE(C_MessageSignFinal, (CK_SESSION_HANDLE session));

P11_DECLARE(C_MessageVerifyInit,
        (CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key));
P11_DECLARE(C_VerifyMessage,
        (CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len, CK_BYTE_PTR data,
                CK_ULONG data_len, CK_BYTE_PTR signature, CK_ULONG signature_len));
P11_DECLARE(C_VerifyMessageBegin,
        (CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len));
P11_DECLARE(C_VerifyMessageNext,
        (CK_SESSION_HANDLE session, CK_VOID_PTR parameter, CK_ULONG parameter_len, CK_BYTE_PTR data,
                CK_ULONG data_len, CK_BYTE_PTR signature, CK_ULONG signature_len));
P11_DECLARE(C_MessageVerifyFinal, (CK_SESSION_HANDLE session));

typedef struct ck_function_list_3_0 {
	CK_VERSION version;
#define SINCE_2_40(name) CK_##name name;
#define SINCE_3_0(name)  CK_##name name;
#include "p11/functions.def"
#undef SINCE_2_40
#undef SINCE_3_0
} CK_FUNCTION_LIST_3_0;
typedef CK_FUNCTION_LIST_3_0 *CK_FUNCTION_LIST_3_0_PTR;

#endif

#pragma GCC visibility pop

#endif
