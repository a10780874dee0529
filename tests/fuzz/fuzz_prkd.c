#include "fuzz.h"
#include "p15/p15.h"

static bool same(const struct p15_key *a, const struct p15_key *b)
{
	return a->type == b->type && rd_equal(a->label, b->label) && rd_equal(a->id, b->id) &&
	       a->usage == b->usage && a->access == b->access && a->reference == b->reference &&
	       a->bits == b->bits && rd_equal(a->subject, b->subject);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t room[70000];
	struct rd in = rd_of(data, size);
	struct wr w = WR_ARRAY(room);
	struct p15_key key, again;

	if (p15_key_parse(in, &key) != HSM_OK)
		return 0;
	FUZZ_ASSERT(fuzz_inside(key.label, in) && fuzz_inside(key.id, in));
	FUZZ_ASSERT(fuzz_inside(key.subject, in));
	if (p15_key_build(&key, &w) != HSM_OK)
		return 0;
	FUZZ_ASSERT(p15_key_parse(wr_rd(&w), &again) == HSM_OK && same(&again, &key));
	FUZZ_ASSERT(again.flags == (P15_PRIVATE | P15_MODIFIABLE));
	return 0;
}
