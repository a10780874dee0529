/* AES keys, held in an EVP_PKEY like the others: libcrypto keeps raw secrets in one of type HMAC.
 */
#ifndef TWINHSM_EMU_KEY_SECRET_KEY_H
#define TWINHSM_EMU_KEY_SECRET_KEY_H

#include <openssl/evp.h>

#include "base/secret.h"

/* Is this a size of AES keys? */
static inline bool aes_key_size(unsigned bits)
{
	return bits == 128 || bits == 192 || bits == 256;
}

/* The caller frees it. HSM_E_BAD_DATA when it is not as long as an AES key. */
HSM_MUST hsm_rc secret_key_open(struct rd bytes, EVP_PKEY **out);

HSM_MUST hsm_rc secret_key_bytes(EVP_PKEY *pkey, struct secret *out);

/* A key by chance. */
HSM_MUST hsm_rc secret_key_generate(unsigned bits, EVP_PKEY **out);

#endif
