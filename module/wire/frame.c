#include "wire/frame.h"

const struct frame_format frame_vpcd = { 2, 0xFFFF };
const struct frame_format frame_socket = { 4, FRAME_SOCKET_MAX };

static hsm_rc check(const struct frame_format *f, size_t n)
{
	return n == 0 || n > f->max ? HSM_E_BAD_LEN : HSM_OK;
}

hsm_rc frame_length(const struct frame_format *f, struct rd head, size_t *n)
{
	*n = 0;
	if (head.n != f->head_n)
		return HSM_E_BAD_LEN;
	for (size_t i = 0; i < head.n; i++)
		*n = *n << 8 | head.p[i];
	return check(f, *n);
}

void frame_begin(const struct frame_format *f, struct wr *w)
{
	static const uint8_t unknown[FRAME_HEAD_MAX];

	wr_put(w, unknown, f->head_n);
}

hsm_rc frame_end(const struct frame_format *f, struct wr *w)
{
	size_t n = w->n - f->head_n;

	TRY(wr_done(w));
	TRY(check(f, n));
	for (size_t i = f->head_n; i-- > 0; n >>= 8)
		w->p[i] = (uint8_t)n;
	return HSM_OK;
}
