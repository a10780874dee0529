#include "fuzz.h"
#include "t1_input.h"
#include "wire/t1_card.h"

enum { COMMAND_MAX = 600 };

/* What goes to the host is a block, and its INF not longer than the host takes. */
static void check(const struct t1_card *c, const struct t1_card_step *s)
{
	struct t1_block b;

	FUZZ_ASSERT(c->command.n <= COMMAND_MAX);
	if (s->todo != T1_CARD_SEND)
		return;
	FUZZ_ASSERT(t1_get(s->block, c->crc, &b) == HSM_OK && b.nad == 0);
	FUZZ_ASSERT(t1_kind(&b) != T1_KIND_I || b.inf.n <= c->ifsd || b.inf.n <= 32 ||
	            rd_equal(b.inf, c->sent));
}

/* Setup, then blocks; what the card does with a command that is complete is in the input too: asks
 * for time (odd), or answers with so many bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t command[COMMAND_MAX], room[300];
	static const uint8_t answer[520];
	struct rd in = rd_of(data, size);
	struct wr block = WR_ARRAY(room);
	struct t1_card c;
	uint8_t how, n;

	if (!rd_u8(&in, &how))
		return 0;
	t1_card_init(&c, (how & 2) != 0 ? 254 : 32, (how & 1) != 0, WR_ARRAY(command));
	while (t1_input(&in, c.crc, &block)) {
		struct t1_card_step s = t1_card_block(&c, wr_rd(&block));

		check(&c, &s);
		if (s.todo != T1_CARD_RUN || !rd_u8(&in, &n))
			continue;
		FUZZ_ASSERT(fuzz_inside(s.command, rd_of(command, sizeof(command))));
		s = (n & 1) != 0 ? t1_card_wtx(&c, n)
		                 : t1_card_answer(&c, rd_of(answer, (size_t)n * 2));
		FUZZ_ASSERT(s.todo == T1_CARD_SEND);
		check(&c, &s);
	}
	return 0;
}
