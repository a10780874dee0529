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

/* The character of `n` bytes at the start of `r`, whose lead byte gives the bits `lead`; false for
 * forms that are too long, surrogates, and what is above U+10FFFF. */
static bool utf8_multi(struct rd r, size_t n, uint32_t lead, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };

	if (n < 2 || n > r.n)
		return false;
	*c = lead;
	for (size_t i = 1; i < n; i++) {
		if ((r.p[i] & 0xC0) != 0x80)
			return false;
		*c = *c << 6 | (r.p[i] & 0x3F);
	}
	return *c >= least[n] && *c <= 0x10FFFF && (*c < 0xD800 || *c > 0xDFFF);
}

bool utf8_take(struct rd *r, uint32_t *c)
{
	const uint8_t first = r->n == 0 ? 0 : r->p[0];
	const size_t n = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
	struct rd taken;

	if (first < 0x80) {
		*c = first;
		return rd_take(r, 1, &taken);
	}
	if (first < 0xF8 && utf8_multi(*r, n, first & (0x7Fu >> n), c))
		return rd_take(r, n, &taken);
	*c = 0xFFFD;
	return rd_take(r, 1, &taken);
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
