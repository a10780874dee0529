/* Byte reader: a borrowed view that moves only on yes. Never owns, never allocates. */
#ifndef TWINHSM_BASE_RD_H
#define TWINHSM_BASE_RD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/rc.h"

struct rd {
	const uint8_t *p;
	size_t n;
};

static inline struct rd rd_of(const void *p, size_t n)
{
	return (struct rd){ p, n };
}

/* A view of a string literal or array of known size, without a terminator. */
#define RD_LIT(s) ((struct rd){ (const uint8_t *)(s), sizeof(s) - 1 })

static inline struct rd rd_str(const char *s)
{
	return (struct rd){ (const uint8_t *)s, s == NULL ? 0 : strlen(s) };
}

/* Takes the next `n` bytes into `*out`; false, and nothing moved, when there are fewer. */
static inline HSM_MUST bool rd_take(struct rd *r, size_t n, struct rd *out)
{
	if (n > r->n)
		return false;
	*out = (struct rd){ r->p, n };
	if (n != 0)
		r->p += n;
	r->n -= n;
	return true;
}

static inline HSM_MUST bool rd_u8(struct rd *r, uint8_t *out)
{
	struct rd b;

	if (!rd_take(r, 1, &b))
		return false;
	*out = b.p[0];
	return true;
}

/* Big-endian, as all integers of the card. */
static inline HSM_MUST bool rd_u16(struct rd *r, uint16_t *out)
{
	struct rd b;

	if (!rd_take(r, 2, &b))
		return false;
	*out = (uint16_t)(b.p[0] << 8 | b.p[1]);
	return true;
}

static inline HSM_MUST bool rd_u32(struct rd *r, uint32_t *out)
{
	struct rd b;

	if (!rd_take(r, 4, &b))
		return false;
	*out = (uint32_t)b.p[0] << 24 | (uint32_t)b.p[1] << 16 | (uint32_t)b.p[2] << 8 | b.p[3];
	return true;
}

/* Same bytes? For public data only: secrets are compared with secret_equal. */
static inline bool rd_equal(struct rd a, struct rd b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

#endif
