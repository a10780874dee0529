#include "fuzz.h"
#include "p15/p15.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t room[P15_RECORD_MAX];
	struct rd in = rd_of(data, size), label, again;
	struct wr w = WR_ARRAY(room);

	if (p15_tokeninfo_parse(in, &label) != HSM_OK)
		return 0;
	FUZZ_ASSERT(fuzz_inside(label, in) && p15_tokeninfo_build(label, &w) == HSM_OK);
	FUZZ_ASSERT(p15_tokeninfo_parse(wr_rd(&w), &again) == HSM_OK && rd_equal(again, label));
	return 0;
}
