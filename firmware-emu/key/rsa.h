/* RSA keys from their numbers, as they come in key blobs, and back. */
#ifndef TWINHSM_EMU_KEY_RSA_H
#define TWINHSM_EMU_KEY_RSA_H

#include <openssl/evp.h>

#include "p15/keyblob.h"

/* The key of a blob of type KEYBLOB_RSA or KEYBLOB_RSA_CRT, all of whose numbers must agree;
 * whatever is missing is computed. The caller frees it. HSM_E_BAD_DATA. */
HSM_MUST hsm_rc rsa_key_open(const struct keyblob *blob, EVP_PKEY **out);

/* Private exponent, modulus and public exponent into `room`, whose bytes the parts borrow. */
HSM_MUST hsm_rc rsa_key_parts(EVP_PKEY *pkey, struct wr *room, struct keyblob *out);

#endif
