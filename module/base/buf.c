#include "base/buf.h"

#include <openssl/crypto.h>

hsm_rc buf_reserve(struct buf *b, size_t cap)
{
	size_t want = b->cap < 64 ? 64 : b->cap;
	uint8_t *p;

	if (cap <= b->cap)
		return HSM_OK;
	while (want < cap) {
		if (want > SIZE_MAX / 2)
			return HSM_E_MEMORY;
		want *= 2;
	}
	p = OPENSSL_clear_realloc(b->p, b->cap, want);
	if (p == NULL)
		return HSM_E_MEMORY;
	b->p = p;
	b->cap = want;
	return HSM_OK;
}

hsm_rc buf_append(struct buf *b, struct rd bytes)
{
	if (bytes.n > SIZE_MAX - b->n)
		return HSM_E_MEMORY;
	TRY(buf_reserve(b, b->n + bytes.n));
	if (bytes.n != 0)
		memcpy(b->p + b->n, bytes.p, bytes.n);
	b->n += bytes.n;
	return HSM_OK;
}

hsm_rc buf_set(struct buf *b, struct rd bytes)
{
	b->n = 0;
	return buf_append(b, bytes);
}

void buf_free(struct buf *b)
{
	if (b == NULL)
		return;
	OPENSSL_clear_free(b->p, b->cap);
	*b = (struct buf){ 0 };
}
