/* Our own OpenSSL library context, so that the host's configuration, engines and providers
 * (which may lead back to us) never serve our cryptography. Algorithms are fetched once. */
#ifndef TWINHSM_BASE_OSSL_H
#define TWINHSM_BASE_OSSL_H

#include <openssl/evp.h>

#include "base/rc.h"

/* Types of keys for EVP_PKEY_CTX_new_from_name, as object identifiers: to the names "RSA" and "EC"
 * an engine that the host made its default answers first, in every library context. */
#define OSSL_TYPE_RSA "1.2.840.113549.1.1.1"
#define OSSL_TYPE_EC  "1.2.840.10045.2.1"

/* Counted: the first call makes the context, the last ossl_release frees it, unless other threads
 * that have used it still run: libcrypto keeps a random generator of each thread in the context and
 * frees it when the thread ends. Such a context is kept for the next ossl_acquire. */
HSM_MUST hsm_rc ossl_acquire(void);
void ossl_release(void);

/* A thread that did not call ossl_acquire itself says that it is about to use the context. */
void ossl_thread(void);

/* In a forked child: forget the parent's context without touching it. */
void ossl_forget(void);

/* Borrowed; valid between ossl_acquire and ossl_release. */
OSSL_LIB_CTX *ossl_ctx(void);

/* A digest fetched once, borrowed: "SHA1", "SHA224", "SHA256", "SHA384" or "SHA512";
 * NULL for any other name. */
const EVP_MD *ossl_md(const char *name);

/* Random bytes from the context's private generator; HSM_E_FAIL when it has none to give. */
HSM_MUST hsm_rc ossl_random(void *out, size_t n);

#endif
