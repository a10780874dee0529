#include "base/wr.h"

uint8_t *wr_room(struct wr *w, size_t n)
{
	uint8_t *at;

	if (w->bad || n > w->cap - w->n) {
		w->bad = true;
		return NULL;
	}
	at = w->p + w->n;
	w->n += n;
	return at;
}

void wr_put(struct wr *w, const void *p, size_t n)
{
	uint8_t *at = wr_room(w, n);

	if (at != NULL && n != 0)
		memcpy(at, p, n);
}

void wr_rd_put(struct wr *w, struct rd r)
{
	wr_put(w, r.p, r.n);
}

void wr_u8(struct wr *w, uint8_t v)
{
	wr_put(w, &v, 1);
}

void wr_u16(struct wr *w, uint16_t v)
{
	wr_put(w, (const uint8_t[]){ (uint8_t)(v >> 8), (uint8_t)v }, 2);
}

void wr_u32(struct wr *w, uint32_t v)
{
	wr_u16(w, (uint16_t)(v >> 16));
	wr_u16(w, (uint16_t)v);
}

void wr_be_pad(struct wr *w, struct rd v, size_t width)
{
	uint8_t *at;

	if (v.n > width) {
		w->bad = true;
		return;
	}
	at = wr_room(w, width);
	if (at == NULL)
		return;
	memset(at, 0, width - v.n);
	if (v.n != 0)
		memcpy(at + width - v.n, v.p, v.n);
}

hsm_rc wr_done(const struct wr *w)
{
	return w->bad ? HSM_E_SMALL : HSM_OK;
}
