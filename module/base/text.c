#include "base/text.h"

hsm_rc hex_put(struct rd bytes, char *out, size_t cap)
{
	static const char digits[] = "0123456789ABCDEF";

	if (cap == 0 || bytes.n > (cap - 1) / 2)
		return HSM_E_SMALL;
	for (size_t i = 0; i < bytes.n; i++) {
		out[2 * i] = digits[bytes.p[i] >> 4];
		out[2 * i + 1] = digits[bytes.p[i] & 15];
	}
	out[2 * bytes.n] = '\0';
	return HSM_OK;
}

/* 1 when low <= c <= high, else 0, without a branch. */
static unsigned in_range(unsigned c, unsigned low, unsigned high)
{
	return ((low - 1 - c) & (c - high - 1)) >> (8 * sizeof(unsigned) - 1);
}

static unsigned digit_value(uint8_t c, unsigned *good)
{
	unsigned dec = in_range(c, '0', '9'), up = in_range(c, 'A', 'F'),
	         low = in_range(c, 'a', 'f');

	*good &= dec | up | low;
	return (dec * (c - '0') + up * (c - 'A' + 10u) + low * (c - 'a' + 10u)) & 15;
}

hsm_rc hex_get(struct rd text, struct wr *w)
{
	unsigned good = 1;

	if (text.n % 2 != 0)
		return HSM_E_BAD_DATA;
	for (size_t i = 0; i < text.n; i += 2) {
		unsigned high = digit_value(text.p[i], &good);
		unsigned low = digit_value(text.p[i + 1], &good);

		wr_u8(w, (uint8_t)(high << 4 | low));
	}
	return good == 1 ? wr_done(w) : HSM_E_BAD_DATA;
}

void text_pad(uint8_t *field, size_t width, struct rd text)
{
	size_t n = text.n < width ? text.n : width;

	while (n < text.n && n != 0 && (text.p[n] & 0xC0) == 0x80)
		n--;
	memset(field, ' ', width);
	if (n != 0)
		memcpy(field, text.p, n);
}
