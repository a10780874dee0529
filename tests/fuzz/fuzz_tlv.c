#include "base/tlv.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t room[70000];
	struct rd in = rd_of(data, size), r = in, value, whole, again;
	uint16_t tag;

	while (tlv_next(&r, &tag, &value, &whole)) {
		struct wr w = WR_ARRAY(room), open = WR_ARRAY(room);
		struct rd built;
		size_t mark;

		FUZZ_ASSERT(fuzz_inside(whole, in) && fuzz_inside(value, whole));
		FUZZ_ASSERT(tlv_peek(whole, tag) && tlv_find(in, tag, &again));
		tlv_put(&w, tag, value);
		built = wr_rd(&w);
		FUZZ_ASSERT(wr_done(&w) == HSM_OK && built.n <= whole.n);
		FUZZ_ASSERT(built.n < whole.n || rd_equal(built, whole));
		FUZZ_ASSERT(tlv_get(&built, tag, &again) && built.n == 0 && rd_equal(again, value));
		mark = tlv_open(&open, tag);
		wr_rd_put(&open, value);
		tlv_close(&open, mark);
		FUZZ_ASSERT(open.n == w.n);
	}
	return 0;
}
