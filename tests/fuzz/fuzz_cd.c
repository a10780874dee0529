#include "fuzz.h"
#include "p15/p15.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t room[P15_RECORD_MAX];
	struct rd in = rd_of(data, size);
	struct wr w = WR_ARRAY(room);
	struct p15_cert cert, again;

	if (p15_cert_parse(in, &cert) != HSM_OK)
		return 0;
	FUZZ_ASSERT(fuzz_inside(cert.label, in) && fuzz_inside(cert.id, in));
	FUZZ_ASSERT(p15_cert_build(&cert, &w) == HSM_OK);
	FUZZ_ASSERT(p15_cert_parse(wr_rd(&w), &again) == HSM_OK);
	FUZZ_ASSERT(rd_equal(again.label, cert.label) && rd_equal(again.id, cert.id) &&
	            again.fid == cert.fid);
	return 0;
}
