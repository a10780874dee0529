#include "fuzz.h"
#include "t1_input.h"
#include "wire/t1_host.h"

enum { ANSWER_MAX = 600, AFTER_THE_LAST = 10 };

/* What goes to the card is a block, and its INF not longer than the card takes. */
static void check(const struct t1_host *h, const struct t1_step *s)
{
	struct t1_block b;

	if (s->todo == T1_FAILED)
		FUZZ_ASSERT(s->rc != HSM_OK);
	if (s->todo != T1_SEND) {
		FUZZ_ASSERT(h->answer == NULL);
		return;
	}
	FUZZ_ASSERT(t1_get(s->block, h->setup.crc, &b) == HSM_OK && b.nad == 0);
	FUZZ_ASSERT(s->bwi == 0 || (b.pcb == (T1_S_WTX | T1_S_RESPONSE) && b.inf.p[0] == s->bwi));
}

/* Setup, then for each command its length and what comes back: no block (length 254), or one. When
 * nothing comes any more, it ends soon. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t command[300];
	static uint8_t answer[ANSWER_MAX], room[300];
	struct rd in = rd_of(data, size);
	struct t1_host_setup setup = { 0 };
	struct t1_host h;
	uint8_t how, n;

	if (!rd_u8(&in, &how) || !rd_u8(&in, &setup.ifsc) || !rd_u8(&in, &setup.ifsd))
		return 0;
	setup.crc = (how & 1) != 0;
	if (setup.ifsd > T1_INF_MAX)
		setup.ifsd = T1_INF_MAX;
	t1_host_init(&h, &setup);
	while (rd_u8(&in, &n)) {
		struct wr to = wr_of(answer, (how & 2) != 0 ? 10 : ANSWER_MAX);
		struct t1_step s = t1_host_start(&h, rd_of(command, n + 10U * (how & 4)), &to);
		struct wr block = WR_ARRAY(room);
		unsigned late = 0;

		check(&h, &s);
		while (s.todo == T1_SEND) {
			bool none =
			        in.n == 0 || in.p[0] == 254 || !t1_input(&in, setup.crc, &block);
			struct rd skipped;

			if (none && in.n != 0 && !rd_take(&in, 1, &skipped))
				break;
			late += in.n == 0;
			FUZZ_ASSERT(late < AFTER_THE_LAST);
			s = none ? t1_host_timeout(&h) : t1_host_block(&h, wr_rd(&block));
			check(&h, &s);
		}
		FUZZ_ASSERT(s.todo != T1_DONE || t1_host_usable(&h));
		FUZZ_ASSERT(to.n <= to.cap);
		if (!t1_host_usable(&h))
			t1_host_init(&h, &setup);
	}
	return 0;
}
