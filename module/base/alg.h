/* Constants of curves and digests, shared by the module and the emulated card. */
#ifndef TWINHSM_BASE_ALG_H
#define TWINHSM_BASE_ALG_H

#include "base/rd.h"

enum {
	CURVE_WIDTH_MAX = 66,                /* bytes of a P-521 field element */
	POINT_MAX = 1 + 2 * CURVE_WIDTH_MAX, /* uncompressed */
	RSA_BITS_MIN = 1024,
	RSA_BITS_MAX = 4096,
	RSA_BYTES_MAX = RSA_BITS_MAX / 8,
	DIGEST_MAX = 64,
};

/* An elliptic curve; all numbers big-endian and as long as the field (SEC 1 section 3.1). */
struct curve {
	const char *name; /* as libcrypto calls it */
	uint16_t bits;    /* of the field */
	uint16_t width;   /* bytes of a field element, and of the order */
	struct rd oid;    /* body of the OBJECT IDENTIFIER */
	struct rd p, a, b, g, order;
};

/* The curve at place `i` of the card's list, NULL past the end. Borrowed, lives for ever. */
const struct curve *curve_at(size_t i);

const struct curve *curve_by_oid(struct rd oid);
const struct curve *curve_by_name(const char *name);

/* The curve with these domain parameters, all of which must agree; NULL when unknown. */
const struct curve *curve_by_params(
        struct rd p, struct rd a, struct rd b, struct rd g, struct rd order);

/* A digest and the DigestInfo header of PKCS#1 v1.5 (RFC 8017 section 9.2, note 1). */
struct digest {
	const char *name; /* as libcrypto calls it: "SHA256" */
	size_t size;      /* of the value, bytes */
	struct rd info;   /* DigestInfo up to the value */
};

const struct digest *digest_at(size_t i);
const struct digest *digest_by_name(const char *name);
const struct digest *digest_by_size(size_t size);

/* Splits a DigestInfo into digest and value; NULL when it is none of ours. */
const struct digest *digest_info_parse(struct rd info, struct rd *value);

#endif
