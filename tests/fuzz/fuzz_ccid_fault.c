#include "front/ccid_fault.h"
#include "fuzz.h"

enum { MESSAGES = 40 };

/* A list of faults that can be read, then messages: each is counted, and asks for no more time than
 * there are faults for it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ccid_faults *f;
	unsigned wtx = 0;

	if (ccid_faults_parse(rd_of(data, size), &f) != HSM_OK)
		return 0;
	for (unsigned i = 1; i <= MESSAGES; i++) {
		while (ccid_faults_wtx(f))
			FUZZ_ASSERT(++wtx <= size);
		FUZZ_ASSERT(ccid_faults_next_in(f).kind != CCID_FAULT_UNPLUG_OUT);
		(void)ccid_faults_next_out(f);
		FUZZ_ASSERT(ccid_faults_in(f) == i && ccid_faults_out(f) == i);
	}
	ccid_faults_free(f);
	return 0;
}
