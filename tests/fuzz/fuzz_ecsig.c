#include "fuzz.h"
#include "p15/ecsig.h"

enum { WIDTH_MAX = 66 };

/* The first byte chooses the width. A signature in strict DER comes back as it was. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t raw[2 * WIDTH_MAX], der[2 * WIDTH_MAX + 16], raw2[2 * WIDTH_MAX];
	struct wr to_raw = WR_ARRAY(raw), to_der = WR_ARRAY(der), again = WR_ARRAY(raw2);
	struct rd in = rd_of(data, size);
	uint8_t first;
	size_t width;

	if (!rd_u8(&in, &first))
		return 0;
	width = 1 + first % WIDTH_MAX;
	if (ecsig_to_raw(in, width, &to_raw) != HSM_OK)
		return 0;
	FUZZ_ASSERT(to_raw.n == 2 * width);
	FUZZ_ASSERT(ecsig_to_der(wr_rd(&to_raw), &to_der) == HSM_OK && to_der.n <= in.n);
	FUZZ_ASSERT(to_der.n < in.n || rd_equal(wr_rd(&to_der), in));
	FUZZ_ASSERT(ecsig_to_raw(wr_rd(&to_der), width, &again) == HSM_OK);
	FUZZ_ASSERT(rd_equal(wr_rd(&again), wr_rd(&to_raw)));
	return 0;
}
