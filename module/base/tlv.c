#include "base/tlv.h"

static bool get_tag(struct rd *r, uint16_t *tag)
{
	uint8_t first, second;

	if (!rd_u8(r, &first))
		return false;
	*tag = first;
	if ((first & 0x1F) != 0x1F)
		return true;
	if (!rd_u8(r, &second) || (second & 0x80) != 0)
		return false;
	*tag = (uint16_t)(first << 8 | second);
	return true;
}

static bool get_length(struct rd *r, size_t *n)
{
	uint8_t first, one;
	uint16_t two;

	if (!rd_u8(r, &first))
		return false;
	if (first < 0x80) {
		*n = first;
		return true;
	}
	if (first == 0x81 && rd_u8(r, &one)) {
		*n = one;
		return true;
	}
	if (first == 0x82 && rd_u16(r, &two)) {
		*n = two;
		return true;
	}
	return false;
}

bool tlv_next(struct rd *r, uint16_t *tag, struct rd *value, struct rd *whole)
{
	struct rd at = *r;
	size_t n;

	if (!get_tag(&at, tag) || !get_length(&at, &n) || !rd_take(&at, n, value))
		return false;
	if (whole != NULL)
		*whole = rd_of(r->p, r->n - at.n);
	*r = at;
	return true;
}

bool tlv_peek(struct rd r, uint16_t tag)
{
	uint16_t t;

	return get_tag(&r, &t) && t == tag;
}

bool tlv_get(struct rd *r, uint16_t tag, struct rd *value)
{
	uint16_t t;

	return tlv_peek(*r, tag) && tlv_next(r, &t, value, NULL);
}

bool tlv_get_opt(struct rd *r, uint16_t tag, struct rd *value)
{
	*value = (struct rd){ NULL, 0 };
	return !tlv_peek(*r, tag) || tlv_get(r, tag, value);
}

bool tlv_find(struct rd r, uint16_t tag, struct rd *value)
{
	uint16_t t;

	while (tlv_next(&r, &t, value, NULL)) {
		if (t == tag)
			return true;
	}
	return false;
}

static void put_tag(struct wr *w, uint16_t tag)
{
	if (tag > 0xFF)
		wr_u16(w, tag);
	else
		wr_u8(w, (uint8_t)tag);
}

static void put_length(struct wr *w, size_t n)
{
	if (n > 0xFFFF)
		w->bad = true;
	else if (n > 0xFF)
		wr_put(w, (const uint8_t[]){ 0x82, (uint8_t)(n >> 8), (uint8_t)n }, 3);
	else if (n > 0x7F)
		wr_put(w, (const uint8_t[]){ 0x81, (uint8_t)n }, 2);
	else
		wr_u8(w, (uint8_t)n);
}

void tlv_put(struct wr *w, uint16_t tag, struct rd value)
{
	put_tag(w, tag);
	put_length(w, value.n);
	wr_rd_put(w, value);
}

size_t tlv_open(struct wr *w, uint16_t tag)
{
	put_tag(w, tag);
	return w->n;
}

void tlv_close(struct wr *w, size_t mark)
{
	uint8_t header[3];
	struct wr h = WR_ARRAY(header);
	size_t n;

	if (w->bad)
		return;
	n = w->n - mark;
	put_length(&h, n);
	if (h.bad || wr_room(w, h.n) == NULL) {
		w->bad = true;
		return;
	}
	memmove(w->p + mark + h.n, w->p + mark, n);
	memcpy(w->p + mark, header, h.n);
}
