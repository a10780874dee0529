#include "apdu/sm_crypto.h"
#include "base/ossl.h"
#include "fuzz.h"

static const uint8_t first[SM_BLOCK_LEN] = { [SM_BLOCK_LEN - 1] = 1 };
static uint8_t room[2 * RAPDU_MAX], other[2 * RAPDU_MAX];

static struct sm channel(void)
{
	return (struct sm){ .enc = "fuzz: encryption", .mac = "fuzz: the MAC ke" };
}

/* A command as it comes. */
static void command(struct rd in)
{
	struct sm sm = channel();
	struct wr w = WR_ARRAY(room);
	struct capdu c, out;

	if (capdu_parse(in, &c) != HSM_OK || sm_unprotect_command(&sm, &c, &w, &out) != HSM_OK)
		return;
	FUZZ_ASSERT(fuzz_inside(out.data, wr_rd(&w)) && out.data.n < in.n);
	FUZZ_ASSERT(out.ne <= APDU_NE_MAX && (out.cla & CLA_SM) == 0);
}

/* An answer as it comes. */
static void answer(struct rd in)
{
	struct sm sm = channel();
	struct wr w = WR_ARRAY(room);
	struct rapdu a, out;

	if (rapdu_parse(in, &a) != HSM_OK || sm_unprotect_answer(&sm, &a, &w, &out) != HSM_OK)
		return;
	FUZZ_ASSERT(fuzz_inside(out.data, wr_rd(&w)) && out.data.n < in.n);
}

/* The objects, with a right MAC behind them: what the other end could do. */
static void signed_command(struct rd in)
{
	struct wr w = WR_ARRAY(other), bytes = WR_ARRAY(room);
	struct sm sm = channel();
	struct capdu c = { .cla = CLA_SM, .ne = APDU_NE_MAX, .extended = true };

	if (!rd_u8(&in, &c.ins) || in.n > SM_DATA_MAX)
		return;
	memcpy(sm.ssc, first, sizeof(first));
	wr_rd_put(&w, in);
	FUZZ_ASSERT(sm_mac_put(&sm, rd_of((const uint8_t[]){ CLA_SM, c.ins, 0, 0 }, 4), in, &w) ==
	            HSM_OK);
	c.data = wr_rd(&w);
	FUZZ_ASSERT(capdu_build(&c, &bytes) == HSM_OK);
	memcpy(other, room, bytes.n);
	command(rd_of(other, bytes.n));
}

static void signed_answer(struct rd in)
{
	struct wr w = WR_ARRAY(other);
	struct sm sm = channel();

	if (in.n > SM_DATA_MAX)
		return;
	memcpy(sm.ssc, first, sizeof(first));
	wr_rd_put(&w, in);
	FUZZ_ASSERT(sm_mac_put(&sm, rd_of(NULL, 0), in, &w) == HSM_OK);
	wr_u16(&w, 0x9000);
	answer(wr_rd(&w));
}

/* What one end protects the other one opens. */
static void round_trip(struct rd in)
{
	struct sm host = channel(), card = channel();
	struct wr w = WR_ARRAY(room), w_other = WR_ARRAY(other);
	struct capdu c, sent, got;

	if (capdu_parse(in, &c) != HSM_OK || (c.cla & CLA_SM) != 0 || c.data.n > SM_DATA_MAX)
		return;
	FUZZ_ASSERT(sm_protect_command(&host, &c, &w, &sent) == HSM_OK);
	FUZZ_ASSERT(sm_unprotect_command(&card, &sent, &w_other, &got) == HSM_OK);
	FUZZ_ASSERT(got.cla == c.cla && got.ins == c.ins && got.p1 == c.p1 && got.p2 == c.p2);
	FUZZ_ASSERT(rd_equal(got.data, c.data) && got.ne == c.ne);
}

/* The first byte says what to do with the others. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const what[])(
	        struct rd in) = { command, answer, signed_command, signed_answer, round_trip };
	static bool ready;
	struct rd in = rd_of(data, size);
	uint8_t which;

	if (!ready)
		FUZZ_ASSERT(ossl_acquire() == HSM_OK);
	ready = true;
	if (rd_u8(&in, &which))
		what[which % (sizeof(what) / sizeof(what[0]))](in);
	return 0;
}
