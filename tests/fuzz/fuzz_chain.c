#include "apdu/chain.h"
#include "fuzz.h"

/* The input is a series of commands, each after its length in two bytes. Whatever comes, a whole
 * command has the bytes of its parts, counted here on their own. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in = rd_of(data, size), bytes;
	struct chain ch = { 0 };
	size_t kept = 0;
	uint16_t n;

	while (rd_u16(&in, &n) && rd_take(&in, n, &bytes)) {
		struct capdu c;
		bool complete;
		size_t part;

		if (capdu_parse(bytes, &c) != HSM_OK)
			continue;
		part = c.data.n;
		if (chain_add(&ch, &c, &complete) != HSM_OK) {
			FUZZ_ASSERT(!complete && !ch.open && ch.data.p == NULL);
			kept = 0;
			continue;
		}
		kept += part;
		FUZZ_ASSERT(complete != ch.open && kept <= APDU_DATA_MAX);
		if (!complete)
			continue;
		FUZZ_ASSERT(c.data.n == kept && (c.cla & CLA_CHAIN) == 0);
		kept = 0;
	}
	chain_done(&ch);
	return 0;
}
