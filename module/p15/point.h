/* Is what is claimed to be a public key one in form? */
#ifndef TWINHSM_P15_POINT_H
#define TWINHSM_P15_POINT_H

#include "base/alg.h"

/* An uncompressed point as long as `curve` asks for, or any known one when it is NULL. Whether the
 * point is on the curve is left to the arithmetic that uses it. */
bool point_fits(struct rd point, const struct curve *curve);

/* Counts the bits of a modulus without leading zeros; false when they are outside RSA_BITS_MIN to
 * RSA_BITS_MAX, or when modulus or exponent is even. */
bool rsa_bits(struct rd modulus, struct rd exponent, uint16_t *bits);

#endif
