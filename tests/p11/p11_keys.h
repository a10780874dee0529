/* Key pairs made through the module, and the same public keys in the hands of libcrypto, which is
 * the independent judge of what the module computes. */
#ifndef TWINHSM_TESTS_P11_KEYS_H
#define TWINHSM_TESTS_P11_KEYS_H

#include <openssl/evp.h>

#include "base/rd.h"
#include "p11_fixture.h"

/* Group fixture: the token, the module initialised, a read-write session with the user logged in.
 */
int keys_setup(void **state);
int keys_teardown(void **state);

/* The session of the group fixture. */
CK_SESSION_HANDLE session(void **state);

/* Text as the arguments of C_ functions want it. */
CK_BYTE_PTR bytes(const char *text);

/* Decodes hex digits, returns the number of bytes. */
size_t unhex(const char *hex, uint8_t *out);

struct key {
	char name[32];
	bool is_rsa;
	CK_ULONG bits;
	size_t width; /* bytes of the modulus or of a field element */
	CK_OBJECT_HANDLE pub, priv;
	EVP_PKEY *pkey; /* from CKA_PUBLIC_KEY_INFO, in libcrypto's default context */
};

/* The curves of the card, as libcrypto calls them; NULL at the end. */
extern const char *const key_curves[];

/* The modulus sizes of the card; 0 at the end. */
extern const CK_ULONG key_rsa_sizes[];

void key_rsa(CK_SESSION_HANDLE s, CK_ULONG bits, struct key *out);
void key_ec(CK_SESSION_HANDLE s, const char *curve, struct key *out);
void key_done(struct key *key);

/* The DER of CKA_EC_PARAMS for a curve, into `out` (at least 16 bytes). */
size_t key_ec_params(const char *curve, uint8_t *out);

/* The digest a mechanism makes, as libcrypto calls it; NULL when it makes none. */
const char *mech_md(CK_MECHANISM_TYPE type);

#endif
