/* Who made a device: signatures of card-verifiable certificates, and the roots that are known. */
#ifndef TWINHSM_P15_CVC_VERIFY_H
#define TWINHSM_P15_CVC_VERIFY_H

#include <openssl/evp.h>

#include "p15/cvc.h"

/* A root: signs with SHA-256 on cvc_chain_curve(). */
struct cvc_root {
	struct rd chr, point;
	bool is_production; /* genuine cards; the others are for tests */
};

/* NULL when no root has this reference. */
const struct cvc_root *cvc_root_find(struct rd chr);

/* The curve of roots, issuers and device keys. */
const struct curve *cvc_chain_curve(void);

/* A public key for libcrypto, the caller frees it. HSM_E_CARD_DATA when the point is not on the
 * curve. */
HSM_MUST hsm_rc ec_public_open(const struct curve *curve, struct rd point, EVP_PKEY **out);

/* Is `sig` the plain signature over `data` by the key with this point? `oid` is what the key signs
 * with (ECDSA only, else HSM_E_BAD_ALG). HSM_E_CARD_DATA: no. */
HSM_MUST hsm_rc cvc_verify_data(
        struct rd data, struct rd sig, struct rd oid, const struct curve *curve, struct rd point);

/* The same for the signature of `c`. */
HSM_MUST hsm_rc cvc_verify(
        const struct cvc *c, struct rd oid, const struct curve *curve, struct rd point);

/* Checks a device's certificate and its issuer's (EF 2F02) up to a known root. Dates are not
 * looked at: cards are used longer than the certificates of their issuers last. HSM_E_NO_REF: the
 * root is not known; HSM_E_CARD_DATA: anything else. */
HSM_MUST hsm_rc cvc_chain_verify(struct rd certs, struct cvc *device, const struct cvc_root **root);

#endif
