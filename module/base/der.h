/* DER values that PKCS#15 records, certificates and keys are made of (X.690). */
#ifndef TWINHSM_BASE_DER_H
#define TWINHSM_BASE_DER_H

#include "base/tlv.h"

enum {
	DER_BOOL = 0x01,
	DER_INT = 0x02,
	DER_BITS = 0x03,
	DER_OCTETS = 0x04,
	DER_OID = 0x06,
	DER_UTF8 = 0x0C,
	DER_SEQ = 0x30,
	DER_SET = 0x31,
};

/* Takes a non-negative INTEGER; `*v` is its magnitude without leading zeros (may be empty). */
HSM_MUST bool der_get_uint(struct rd *r, struct rd *v);

/* Takes a non-negative INTEGER below 2^32. */
HSM_MUST bool der_get_u32(struct rd *r, uint32_t *v);

/* Takes a BIT STRING of up to 16 named bits; bit 0 of the standard becomes bit 0 of `*v`. Bits in
 * the part declared unused, which some writers leave set, are dropped. */
HSM_MUST bool der_get_flags(struct rd *r, uint16_t *v);

/* Takes an OCTET STRING. */
HSM_MUST bool der_get_octets(struct rd *r, struct rd *v);

void der_put_uint(struct wr *w, struct rd magnitude);
void der_put_u32(struct wr *w, uint32_t v);
void der_put_octets(struct wr *w, struct rd v);

/* Named bits in the shortest form (X.690 section 11.2.2); bit 0 of `v` is the leftmost bit. */
void der_put_flags(struct wr *w, uint16_t v);

#endif
