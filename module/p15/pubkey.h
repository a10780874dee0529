/* A public key, wherever it came from: a request, a CV certificate or an X.509 certificate. */
#ifndef TWINHSM_P15_PUBKEY_H
#define TWINHSM_P15_PUBKEY_H

#include "base/alg.h"
#include "base/wr.h"

enum pubkey_type { PUBKEY_NONE = 0, PUBKEY_RSA, PUBKEY_EC };

/* Views borrowed from the bytes that were parsed. */
struct pubkey {
	enum pubkey_type type;
	uint16_t bits;               /* RSA modulus or EC field */
	struct rd modulus, exponent; /* RSA: magnitudes without leading zeros */
	const struct curve *curve;   /* EC */
	struct rd point;             /* EC: 04 X Y, its length checked against the curve */
};

/* From the contents of EF CEkk, whichever of the three forms it has: 67, 7F21 or 30. An EC key
 * without domain parameters or of an unknown curve, and every other algorithm, is
 * HSM_E_CARD_DATA. */
HSM_MUST hsm_rc pubkey_from_cert_file(struct rd file, struct pubkey *out);

/* From a DER SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7, RFC 5480 section 2.1.1). */
HSM_MUST hsm_rc pubkey_from_spki(struct rd spki, struct pubkey *out);

/* Writes a DER SubjectPublicKeyInfo. */
void pubkey_put_spki(struct wr *w, const struct pubkey *key);

/* Fields of an X.509 certificate that PKCS#11 shows (RFC 5280 section 4.1). */
struct x509_fields {
	struct rd whole;                 /* the certificate, exact */
	struct rd serial;                /* INTEGER, whole */
	struct rd issuer, subject;       /* Name, whole */
	struct rd not_before, not_after; /* text of the time; UTCTime has 13, GeneralizedTime 15 */
	struct rd spki;                  /* SubjectPublicKeyInfo, whole */
};

/* Parses the certificate at the start of `der`; bytes after it are ignored. HSM_E_CARD_DATA. */
HSM_MUST hsm_rc x509_parse(struct rd der, struct x509_fields *out);

#endif
