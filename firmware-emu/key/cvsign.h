/* Signatures of card-verifiable certificates (BSI TR-03110-3 appendix A.7.3 and D). */
#ifndef TWINHSM_EMU_KEY_CVSIGN_H
#define TWINHSM_EMU_KEY_CVSIGN_H

#include <openssl/evp.h>

#include "base/alg.h"
#include "base/wr.h"

/* Writes tag 5F37 with the signature over the SHA-256 of `data`: for an EC key (`curve` set)
 * plain r and s, for an RSA key (`curve` NULL) PKCS#1 v1.5. */
HSM_MUST hsm_rc cvsign_put(
        EVP_PKEY *pkey, const struct curve *curve, struct rd data, struct wr *out);

#endif
