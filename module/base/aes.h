/* AES as the card uses it: CBC without padding (NIST SP 800-38A) and CMAC (SP 800-38B). */
#ifndef TWINHSM_BASE_AES_H
#define TWINHSM_BASE_AES_H

#include "base/wr.h"

enum { AES_BLOCK = 16, AES_KEY_MAX = 32 };

/* Appends as many bytes as `in` has; IV of zeros, key of 16, 24 or 32 bytes. HSM_E_BAD_LEN when
 * `in` is empty or not whole blocks, HSM_E_SMALL. */
HSM_MUST hsm_rc aes_cbc_encrypt(struct rd key, struct rd in, struct wr *out);
HSM_MUST hsm_rc aes_cbc_decrypt(struct rd key, struct rd in, struct wr *out);

/* The whole code of AES_BLOCK bytes. */
HSM_MUST hsm_rc aes_cmac(struct rd key, struct rd in, uint8_t *mac);

#endif
