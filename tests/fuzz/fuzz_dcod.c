#include "fuzz.h"
#include "p15/p15.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t room[P15_RECORD_MAX];
	struct rd in = rd_of(data, size);
	struct wr w = WR_ARRAY(room);
	struct p15_data object, again;

	if (p15_data_parse(in, &object) != HSM_OK)
		return 0;
	FUZZ_ASSERT(fuzz_inside(object.label, in) && fuzz_inside(object.oid, in));
	FUZZ_ASSERT(fuzz_inside(object.application, in));
	FUZZ_ASSERT(p15_data_build(&object, &w) == HSM_OK);
	FUZZ_ASSERT(p15_data_parse(wr_rd(&w), &again) == HSM_OK);
	FUZZ_ASSERT(rd_equal(again.label, object.label) && rd_equal(again.oid, object.oid) &&
	            rd_equal(again.application, object.application));
	FUZZ_ASSERT(again.is_private == object.is_private && again.fid == object.fid);
	return 0;
}
