/* Little-endian integers, as USB and CCID have them. */
#ifndef TWINHSM_WIRE_LE_H
#define TWINHSM_WIRE_LE_H

#include "base/wr.h"

static inline uint16_t le_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t le_u32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline void le_put_u16(struct wr *w, uint16_t v)
{
	wr_put(w, (const uint8_t[]){ (uint8_t)v, (uint8_t)(v >> 8) }, 2);
}

static inline void le_put_u32(struct wr *w, uint32_t v)
{
	le_put_u16(w, (uint16_t)v);
	le_put_u16(w, (uint16_t)(v >> 16));
}

#endif
