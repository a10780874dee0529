#include "apdu/capdu.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t room[CAPDU_MAX];
	struct rd in = rd_of(data, size);
	struct wr w = WR_ARRAY(room);
	struct capdu c;

	if (capdu_parse(in, &c) != HSM_OK)
		return 0;
	FUZZ_ASSERT(fuzz_inside(c.data, in) && c.ne <= APDU_NE_MAX);
	FUZZ_ASSERT(capdu_build(&c, &w) == HSM_OK);
	FUZZ_ASSERT(rd_equal(wr_rd(&w), in));
	return 0;
}
