#include "base/der.h"
#include "fuzz.h"

static void check_uint(struct rd r)
{
	static uint8_t room[70000];
	struct wr w = WR_ARRAY(room);
	struct rd m, again;
	uint32_t small;

	if (!der_get_uint(&r, &m))
		return;
	FUZZ_ASSERT(m.n == 0 || m.p[0] != 0);
	der_put_uint(&w, m);
	/* A number of 65535 bytes with the highest bit set needs a byte more than a length can say.
	 */
	if (m.n == 0xFFFF)
		return;
	r = wr_rd(&w);
	FUZZ_ASSERT(wr_done(&w) == HSM_OK);
	FUZZ_ASSERT(der_get_u32(&r, &small) == (m.n <= 4));
	r = wr_rd(&w);
	FUZZ_ASSERT(der_get_uint(&r, &again) && r.n == 0 && rd_equal(again, m));
}

static void check_flags(struct rd r)
{
	uint8_t room[8];
	struct wr w = WR_ARRAY(room);
	uint16_t flags, again;

	if (!der_get_flags(&r, &flags))
		return;
	der_put_flags(&w, flags);
	r = wr_rd(&w);
	FUZZ_ASSERT(der_get_flags(&r, &again) && r.n == 0 && again == flags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in = rd_of(data, size), r = in, value;
	uint16_t tag;

	do {
		check_uint(r);
		check_flags(r);
	} while (tlv_next(&r, &tag, &value, NULL));
	return 0;
}
