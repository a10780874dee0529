#include "fuzz.h"
#include "wire/ccid_desc.h"

static void check(const struct ccid_function *f)
{
	uint8_t bytes[CCID_CLASS_DESC];
	struct wr w = WR_ARRAY(bytes);
	struct ccid_class back;

	FUZZ_ASSERT(f->interface_class == CCID_CLASS || f->interface_class == 0xFF);
	FUZZ_ASSERT((f->ep_in & 0x80) != 0 && (f->ep_out & 0x80) == 0 && f->ep_out != 0);
	FUZZ_ASSERT(f->ep_notice == 0 || (f->ep_notice & 0x80) != 0);
	FUZZ_ASSERT(f->packet_in != 0 && f->packet_out != 0);
	FUZZ_ASSERT(ccid_piece_max(&f->class_desc) >= 261);
	FUZZ_ASSERT(ccid_ifsd(&f->class_desc) >= 1 && ccid_ifsd(&f->class_desc) <= 254);
	FUZZ_ASSERT(ccid_level(&f->class_desc) <= CCID_LEVEL_EXTENDED);
	ccid_class_put(&w, &f->class_desc);
	FUZZ_ASSERT(wr_done(&w) == HSM_OK && w.n == CCID_CLASS_DESC);
	FUZZ_ASSERT(ccid_class_get(wr_rd(&w), &back) == HSM_OK);
	FUZZ_ASSERT(back.features == f->class_desc.features &&
	            back.message_max == f->class_desc.message_max &&
	            back.busy_slots_max == f->class_desc.busy_slots_max);
}

/* A configuration descriptor of a hostile device. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd at = rd_of(data, size);
	struct ccid_function f;

	for (size_t left = at.n + 1; ccid_find(&at, &f) == HSM_OK; left = at.n) {
		FUZZ_ASSERT(at.n < left && fuzz_inside(at, rd_of(data, size)));
		check(&f);
	}
	return 0;
}
