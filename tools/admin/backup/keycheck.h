/* Do the numbers of an opened key blob make a key? */
#ifndef TWINHSM_TOOLS_ADMIN_KEYCHECK_H
#define TWINHSM_TOOLS_ADMIN_KEYCHECK_H

#include "p15/keyblob.h"

enum keycheck {
	KEYCHECK_BAD,      /* they do not belong together */
	KEYCHECK_FOREIGN,  /* they are a key, but not that of the certificate */
	KEYCHECK_SAME,     /* the private key of the certificate or request */
	KEYCHECK_PAIR,     /* a key pair; there is no certificate to compare it with */
	KEYCHECK_NOTHING,  /* a secret key: any bytes are one */
	KEYCHECK_UNTESTED, /* a key pair on a curve that we do not calculate with */
};

/* `cert` is the contents of EF CEkk, or empty. */
HSM_MUST hsm_rc keycheck(const struct keyblob *key, struct rd cert, enum keycheck *out);

#endif
