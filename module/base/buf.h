/* Owned bytes. A view never owns, a buf always does; every release wipes. */
#ifndef TWINHSM_BASE_BUF_H
#define TWINHSM_BASE_BUF_H

#include "base/wr.h"

struct buf {
	uint8_t *p;
	size_t n, cap;
};

/* Releases at the end of the scope, so TRY may leave anywhere. */
#define AUTO_BUF __attribute__((cleanup(buf_free))) struct buf

static inline struct rd buf_rd(const struct buf *b)
{
	return (struct rd){ b->p, b->n };
}

/* Makes room for `cap` bytes in all; contents stay. HSM_E_MEMORY. */
HSM_MUST hsm_rc buf_reserve(struct buf *b, size_t cap);

HSM_MUST hsm_rc buf_append(struct buf *b, struct rd bytes);

/* Replaces the contents by a copy. */
HSM_MUST hsm_rc buf_set(struct buf *b, struct rd bytes);

/* Wipes and releases; the buf is empty and usable afterwards. Accepts NULL. */
void buf_free(struct buf *b);

#endif
