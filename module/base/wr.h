/* Byte writer into a caller's buffer. No room sets `bad`, bad sticks: ask once at the end. */
#ifndef TWINHSM_BASE_WR_H
#define TWINHSM_BASE_WR_H

#include "base/rd.h"

struct wr {
	uint8_t *p;
	size_t n, cap;
	bool bad;
};

static inline struct wr wr_of(void *p, size_t cap)
{
	return (struct wr){ .p = p, .cap = cap };
}

/* A writer over a whole local array. */
#define WR_ARRAY(a) wr_of((a), sizeof(a))

/* What was written so far, borrowed. */
static inline struct rd wr_rd(const struct wr *w)
{
	return (struct rd){ w->p, w->n };
}

void wr_put(struct wr *w, const void *p, size_t n);
void wr_rd_put(struct wr *w, struct rd r);
void wr_u8(struct wr *w, uint8_t v);
void wr_u16(struct wr *w, uint16_t v);
void wr_u32(struct wr *w, uint32_t v);

/* Writes `v` right-aligned in `width` bytes, zeros in front; too long a value sets bad. */
void wr_be_pad(struct wr *w, struct rd v, size_t width);

/* Reserves `n` bytes and returns where they are, or NULL (bad set) when they do not fit. */
uint8_t *wr_room(struct wr *w, size_t n);

/* HSM_OK, or HSM_E_SMALL when something did not fit. */
HSM_MUST hsm_rc wr_done(const struct wr *w);

#endif
