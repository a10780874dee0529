/* Keys that were made elsewhere, on their way into a card as wrapped keys: the only way in that a
 * card has. All that answer int answer 0, or the exit status after a message. */
#ifndef TWINHSM_TOOLS_ADMIN_FOREIGN_H
#define TWINHSM_TOOLS_ADMIN_FOREIGN_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/alg.h"
#include "base/buf.h"
#include "p15/keyblob.h"
#include "p15/p15.h"

struct foreign_key {
	EVP_PKEY *pkey;            /* RSA or EC; NULL: an AES key */
	struct secret aes;         /* 16, 24 or 32 bytes */
	X509 *cert;                /* of this key; NULL: none */
	STACK_OF(X509) * chain;    /* what else was in the file; may be NULL */
	const struct curve *curve; /* EC */
	uint16_t bits;
	enum p15_key_type type;
};

void foreign_wipe(struct foreign_key *k);
#define AUTO_FOREIGN __attribute__((cleanup(foreign_wipe))) struct foreign_key

/* ---- foreign_read.c ---- */

/* A private key with its certificates from PEM, DER or PKCS#12, or with `aes` an AES key in bytes
 * or hex. An encrypted file is opened with `password`, which is asked for when it is empty. */
int foreign_load(const char *path, bool aes, struct secret *password, struct foreign_key *out);

/* Type, size and curve of a key; takes over the reference. What the card has no keys of is
 * HSM_E_BAD_ALG. */
HSM_MUST hsm_rc foreign_take(EVP_PKEY *pkey, struct foreign_key *out);

/* ---- foreign_blob.c ---- */

enum { FOREIGN_ID_LEN = 20 };

/* SHA-1 of modulus, point or AES key: the identifier of who gives none. */
HSM_MUST hsm_rc foreign_id(const struct foreign_key *k, uint8_t id[FOREIGN_ID_LEN]);

/* Replaces `out` by the key blob under `dkek`. */
HSM_MUST hsm_rc foreign_wrap(const struct foreign_key *k, const struct dkek *dkek, struct buf *out);

/* ---- foreign_request.c ---- */

/* Replaces `out` by what lies beside a key without a certificate, so that its public half is found:
 * an authenticated request. The key itself signs as what authenticates it, under the name
 * ZZIMPORTED00000: no device did. */
HSM_MUST hsm_rc foreign_request(const struct foreign_key *k, uint8_t kid, struct buf *out);

/* ---- foreign_parts.c: numbers of a key; HSM_E_NO_REF when it does not have one ---- */

/* Appends a number in its shortest form, or in `width` bytes if that is not 0. */
HSM_MUST hsm_rc foreign_number(EVP_PKEY *pkey, const char *name, size_t width, struct wr *out);

/* The public point as 04 X Y. */
HSM_MUST hsm_rc foreign_point(const struct foreign_key *k, struct wr *out);

#endif
