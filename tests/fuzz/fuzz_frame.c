#include "fuzz.h"
#include "wire/frame.h"

static uint8_t room[FRAME_HEAD_MAX + FRAME_SOCKET_MAX];

/* The message again, in a frame of ours. */
static void rebuild(const struct frame_format *f, struct rd whole, struct rd body)
{
	struct wr w = WR_ARRAY(room);

	frame_begin(f, &w);
	wr_rd_put(&w, body);
	FUZZ_ASSERT(frame_end(f, &w) == HSM_OK);
	FUZZ_ASSERT(rd_equal(wr_rd(&w), whole));
}

/* The input is a stream of frames, those of the socket when the first byte is odd. What is taken
 * for a message is one that we would send in the same bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in = rd_of(data, size), whole, head, body;
	const struct frame_format *f;
	uint8_t format;
	size_t n;

	if (!rd_u8(&in, &format))
		return 0;
	f = (format & 1) != 0 ? &frame_socket : &frame_vpcd;
	for (;;) {
		whole = in;
		if (!rd_take(&in, f->head_n, &head) || frame_length(f, head, &n) != HSM_OK)
			return 0;
		FUZZ_ASSERT(n != 0 && n <= f->max);
		if (!rd_take(&in, n, &body))
			return 0;
		whole.n -= in.n;
		rebuild(f, whole, body);
	}
}
