#include "base/der.h"

bool der_get_uint(struct rd *r, struct rd *v)
{
	struct rd at = *r;

	if (!tlv_get(&at, DER_INT, v) || v->n == 0 || (v->p[0] & 0x80) != 0)
		return false;
	while (v->n != 0 && v->p[0] == 0) {
		v->p++;
		v->n--;
	}
	*r = at;
	return true;
}

bool der_get_u32(struct rd *r, uint32_t *v)
{
	struct rd at = *r, m;

	if (!der_get_uint(&at, &m) || m.n > 4)
		return false;
	*v = 0;
	for (size_t i = 0; i < m.n; i++)
		*v = *v << 8 | m.p[i];
	*r = at;
	return true;
}

static uint8_t reverse_bits(uint8_t b)
{
	uint8_t out = 0;

	for (int i = 0; i < 8; i++)
		out = (uint8_t)(out | ((b >> i & 1) << (7 - i)));
	return out;
}

bool der_get_flags(struct rd *r, uint16_t *v)
{
	struct rd at = *r, bits;
	uint8_t unused, b;
	unsigned used;

	if (!tlv_get(&at, DER_BITS, &bits) || !rd_u8(&bits, &unused) || unused > 7 || bits.n > 2)
		return false;
	if (bits.n == 0 && unused != 0)
		return false;
	used = (unsigned)bits.n * 8 - unused;
	*v = 0;
	for (unsigned shift = 0; rd_u8(&bits, &b); shift += 8)
		*v = (uint16_t)(*v | reverse_bits(b) << shift);
	*v = (uint16_t)(*v & ((1u << used) - 1));
	*r = at;
	return true;
}

bool der_get_octets(struct rd *r, struct rd *v)
{
	return tlv_get(r, DER_OCTETS, v);
}

void der_put_uint(struct wr *w, struct rd m)
{
	size_t mark = tlv_open(w, DER_INT);

	while (m.n != 0 && m.p[0] == 0) {
		m.p++;
		m.n--;
	}
	if (m.n == 0 || (m.p[0] & 0x80) != 0)
		wr_u8(w, 0);
	wr_rd_put(w, m);
	tlv_close(w, mark);
}

void der_put_u32(struct wr *w, uint32_t v)
{
	const uint8_t be[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
		(uint8_t)v };

	der_put_uint(w, rd_of(be, sizeof(be)));
}

void der_put_octets(struct wr *w, struct rd v)
{
	tlv_put(w, DER_OCTETS, v);
}

void der_put_flags(struct wr *w, uint16_t v)
{
	uint8_t bytes[3] = { 0 };
	size_t n = 0;
	unsigned top = 0;

	for (unsigned bit = 0; bit < 16; bit++) {
		if ((v >> bit & 1) != 0)
			top = bit + 1;
	}
	n = (top + 7) / 8;
	bytes[0] = (uint8_t)(n * 8 - top);
	bytes[1] = reverse_bits((uint8_t)v);
	bytes[2] = reverse_bits((uint8_t)(v >> 8));
	tlv_put(w, DER_BITS, rd_of(bytes, 1 + n));
}
