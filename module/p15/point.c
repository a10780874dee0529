#include "p15/point.h"

enum { UNCOMPRESSED = 0x04 };

bool point_fits(struct rd point, const struct curve *curve)
{
	const struct curve *c = curve;

	if (point.n == 0 || point.p[0] != UNCOMPRESSED)
		return false;
	for (size_t i = 0; curve == NULL && (c = curve_at(i)) != NULL; i++) {
		if (point.n == 1 + 2 * (size_t)c->width)
			break;
	}
	return c != NULL && point.n == 1 + 2 * (size_t)c->width;
}

bool rsa_bits(struct rd modulus, struct rd exponent, uint16_t *bits)
{
	size_t n = modulus.n * 8;

	if (modulus.n == 0 || modulus.n > RSA_BYTES_MAX || exponent.n == 0 ||
	        exponent.n > modulus.n)
		return false;
	for (uint8_t top = modulus.p[0]; top < 0x80; top = (uint8_t)(top << 1))
		n--;
	if (n < RSA_BITS_MIN || (modulus.p[modulus.n - 1] & 1) == 0 ||
	        (exponent.p[exponent.n - 1] & 1) == 0)
		return false;
	*bits = (uint16_t)n;
	return true;
}
