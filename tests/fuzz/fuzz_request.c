#include "fuzz.h"
#include "p15/cvc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in = rd_of(data, size);
	struct cvc_request req;

	if (cvc_request_parse(in, &req) != HSM_OK)
		return 0;
	FUZZ_ASSERT(fuzz_inside(req.covered, in) && fuzz_inside(req.request.body, req.covered));
	FUZZ_ASSERT(fuzz_inside(req.car, req.covered) && fuzz_inside(req.signature, in));
	FUZZ_ASSERT(req.signature.p >= req.covered.p + req.covered.n);
	return 0;
}
