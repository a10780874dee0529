/* Card-verifiable certificates and requests (BSI TR-03110-3 appendix C and D). */
#ifndef TWINHSM_P15_CVC_H
#define TWINHSM_P15_CVC_H

#include "base/alg.h"
#include "base/wr.h"

/* Public key of tag 7F49. RSA: `modulus` and `exponent`; EC: `point`, with `curve` when the domain
 * parameters are there (known ones only), NULL when inherited. */
struct cvc_key {
	struct rd oid;
	bool is_rsa;
	struct rd modulus, exponent; /* magnitudes without leading zeros */
	uint16_t modulus_bits;       /* of the modulus, or as asked for by tag 02 in a template */
	const struct curve *curve;
	struct rd point; /* 04 X Y */
};

/* A certificate (7F21) or request; views borrowed from the bytes. */
struct cvc {
	struct rd body; /* 7F4E, whole: what `signature` covers */
	struct rd car;  /* empty when absent */
	struct cvc_key key;
	struct rd chr;
	struct rd role; /* OID body of 7F4C; empty in requests */
	uint8_t role_bits;
	struct rd effective, expiry; /* six digits YYMMDD, one a byte; empty in requests */
	struct rd extensions;        /* contents of 65; empty when absent */
	struct rd signature;
};

/* An authenticated request (67): what GENERATE ASYMMETRIC KEY PAIR answers and EF CEkk holds. */
struct cvc_request {
	struct rd covered; /* 7F21 and 42, whole: what `signature` covers */
	struct cvc request;
	struct rd car;       /* outer: who signs */
	struct rd signature; /* outer */
};

/* The contents of tag 7F49; a key template of GENERATE ASYMMETRIC KEY PAIR is one as well.
 * HSM_E_CARD_DATA; HSM_E_BAD_ALG for an algorithm or domain parameters we do not know. The
 * parsers below answer the same. */
HSM_MUST hsm_rc cvc_key_parse(struct rd content, struct cvc_key *out);

/* Parses one 7F21; `*certs` moves past it, so that a chain is read in a loop. */
HSM_MUST hsm_rc cvc_parse(struct rd *certs, struct cvc *out);

/* Parses what is inside a 7F21, all of it. */
HSM_MUST hsm_rc cvc_content_parse(struct rd content, struct cvc *out);

/* Parses the 67 at the start of `bytes`; bytes after it are ignored (old file tails). */
HSM_MUST hsm_rc cvc_request_parse(struct rd bytes, struct cvc_request *out);

/* Parses what is inside a 67, all of it. */
HSM_MUST hsm_rc cvc_request_content_parse(struct rd content, struct cvc_request *out);

/* Writes 7F49. EC with a curve: all domain parameters, then the point; without: OID and point.
 * With an empty point and modulus: a template for key generation (RSA: exponent 82 and bits 02). */
void cvc_key_put(struct wr *w, const struct cvc_key *key);

/* Writes 7F4E from car, key, chr and, where they are not empty, role, dates and extensions. */
void cvc_body_put(struct wr *w, const struct cvc *c);

#endif
