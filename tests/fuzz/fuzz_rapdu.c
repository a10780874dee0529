#include "apdu/capdu.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in = rd_of(data, size);
	struct rapdu r;
	unsigned tries = 99;
	hsm_rc rc;

	if (rapdu_parse(in, &r) != HSM_OK) {
		FUZZ_ASSERT(size < 2);
		return 0;
	}
	FUZZ_ASSERT(fuzz_inside(r.data, in) && r.data.n + 2 == size);
	rc = sw_to_rc(r.sw, &tries);
	FUZZ_ASSERT((rc == HSM_OK) == (r.sw == 0x9000));
	FUZZ_ASSERT((rc == HSM_E_PIN_WRONG) == (tries < 16));
	return 0;
}
