#include "fuzz.h"
#include "t1_line.h"

/* Of one input; and an IFSD below this would only make chains longer. */
enum { COMMANDS = 6, IFSD_MIN = 16 };

/* What happens to each block: one byte of the input, and one for the place. */
static enum t1_fault from_input(void *arg, unsigned *where)
{
	struct rd *in = arg;
	uint8_t fault, at;

	if (!rd_u8(in, &fault) || fault >= T1_FAULTS || !rd_u8(in, &at))
		return T1_FINE;
	*where = at | (unsigned)at << 6;
	return (enum t1_fault)fault;
}

/* Setup, then commands: length, length of the answer, and what happens to their blocks. Whatever
 * the line does, the answer is the card's or there is none, and nothing is done twice. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t c[T1_LINE_COMMAND], a[T1_LINE_ANSWER], e[T1_LINE_ANSWER];
	struct rd in = rd_of(data, size);
	struct t1_line l = { .fault = from_input, .arg = &in };
	uint8_t how, ifs, n, answer_n;
	struct t1_host_setup setup;

	if (!rd_u8(&in, &how) || !rd_u8(&in, &ifs))
		return 0;
	ifs |= IFSD_MIN;
	l.card_ifsc = (how & 2) != 0 ? 254 : 32;
	l.wtx = how >> 4 & 3;
	setup = (struct t1_host_setup){ l.card_ifsc, ifs > T1_INF_MAX ? 0 : ifs, (how & 1) != 0 };
	t1_line_power(&l, &setup);
	for (unsigned serial = 0; serial < COMMANDS && rd_u8(&in, &n) && rd_u8(&in, &answer_n);
	        serial++) {
		struct wr command = WR_ARRAY(c), answer = WR_ARRAY(a), expect = WR_ARRAY(e);
		hsm_rc rc;

		t1_line_command(&command, serial, (size_t)n + 4, answer_n);
		t1_line_expect(&expect, wr_rd(&command));
		rc = t1_line_apdu(&l, wr_rd(&command), &answer);
		FUZZ_ASSERT(!l.endless && l.runs <= 1);
		FUZZ_ASSERT(rc == HSM_OK || rc == HSM_E_IO || rc == HSM_E_MUTE);
		FUZZ_ASSERT(rc != HSM_OK || rd_equal(wr_rd(&answer), wr_rd(&expect)));
		if (!t1_host_usable(&l.host))
			t1_line_power(&l, &setup);
	}
	return 0;
}
