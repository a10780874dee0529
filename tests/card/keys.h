/* Keys on a card, and libcrypto's opinion of what is done with them. */
#ifndef TWINHSM_TESTS_CARD_KEYS_H
#define TWINHSM_TESTS_CARD_KEYS_H

#include <openssl/evp.h>

#include "bench.h"
#include "p15/pubkey.h"

/* libcrypto's form of a public key; the caller frees it. */
EVP_PKEY *pkey_from(const struct pubkey *key);

/* Is r and s the ECDSA signature of the hash? */
bool ecdsa_good(EVP_PKEY *pkey, struct rd hash, struct rd raw);

/* A self-signed certificate for a key pair of our own, or one that says it is of `key` (not NULL)
 * and is signed with that pair; DER, appended. */
void make_cert(EVP_PKEY *pair, EVP_PKEY *key, const char *name, struct buf *der);

#endif
