#include "fuzz.h"
#include "p15/pubkey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in = rd_of(data, size);
	struct x509_fields f;

	if (x509_parse(in, &f) != HSM_OK)
		return 0;
	FUZZ_ASSERT(f.whole.p == data && f.whole.n <= size);
	FUZZ_ASSERT(f.serial.n > 2 && fuzz_inside(f.serial, f.whole));
	FUZZ_ASSERT(fuzz_inside(f.issuer, f.whole) && fuzz_inside(f.subject, f.whole));
	FUZZ_ASSERT(fuzz_inside(f.not_before, f.whole) && fuzz_inside(f.not_after, f.whole));
	FUZZ_ASSERT(f.spki.n >= 2 && fuzz_inside(f.spki, f.whole));
	return 0;
}
