#include "fuzz.h"
#include "wire/atr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in = rd_of(data, size);
	struct atr a;

	if (atr_get(in, &a) != HSM_OK)
		return 0;
	FUZZ_ASSERT(size <= ATR_MAX && fuzz_inside(a.history, in) && a.history.n <= 15);
	FUZZ_ASSERT(a.protocols != 0 && (a.protocols >> a.first & 1) != 0);
	FUZZ_ASSERT(a.ifsc >= 1 && a.ifsc <= 254 && a.bwi <= 9 && a.cwi <= 15);
	FUZZ_ASSERT(atr_bwt_ms(&a, 0) >= atr_bwt_ms(&a, 5000) && atr_bwt_ms(&a, 5000) > 0);
	FUZZ_ASSERT(!atr_is_hsm(&a) || a.history.n >= 8);
	return 0;
}
