/* What twinhsm-pkcs11.so has beyond PKCS#11. Include a PKCS#11 header first. */
#ifndef TWINHSM_PKCS11_H
#define TWINHSM_PKCS11_H

/* C_WrapKey and C_UnwrapKey under the key of the token's key domain, the device key encryption key
 * (DKEK), which never leaves the token and has no object: the handle of the (un)wrapping key is
 * CK_INVALID_HANDLE. No parameter. The wrapped key is a file as sc-hsm-tool --wrap-key writes it:
 * key, description, and certificate or request. */
#define CKM_TWINHSM_DKEK_WRAP (CKM_VENDOR_DEFINED | 0x54575701UL)

#endif
