#include "fuzz.h"
#include "wire/ccid_chain.h"

static uint8_t room[0x20000];

/* What was read is written in the same bytes. */
static void rebuild(const struct ccid_msg *m, struct rd whole)
{
	struct wr w = WR_ARRAY(room);
	hsm_rc rc = ccid_put(&w, m);

	FUZZ_ASSERT(rc == (m->data.n > CCID_DATA_MAX ? HSM_E_BAD_LEN : HSM_OK));
	FUZZ_ASSERT(rc != HSM_OK || rd_equal(wr_rd(&w), whole));
}

/* The device: each reply to what it got is one that the host takes for the answer to it. */
static void device(const struct ccid_msg *cmd)
{
	uint8_t type;
	bool known = ccid_command_check(cmd, &type) != HSM_E_UNSUPPORTED;
	struct ccid_msg replies[] = {
		ccid_reply(cmd, CCID_CARD_ACTIVE, cmd->param[2], cmd->data),
		ccid_reply_failed(cmd, CCID_CARD_INACTIVE, cmd->param[0]),
		ccid_reply_wait(cmd, CCID_CARD_ACTIVE, cmd->param[0]),
	};

	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		struct wr w = WR_ARRAY(room);
		struct ccid_answer a;
		hsm_rc rc;

		FUZZ_ASSERT(replies[i].type == type);
		if (ccid_put(&w, &replies[i]) != HSM_OK)
			continue;
		rc = ccid_judge(cmd, wr_rd(&w), &a);
		FUZZ_ASSERT(a.next == (i == 2 && known ? CCID_LATER : CCID_DONE));
		FUZZ_ASSERT(!known || (rc == HSM_OK) == (i != 1));
	}
}

/* The host: what a device says to a command of ours. */
static void host(uint8_t type, uint8_t seq, struct rd in)
{
	struct ccid_msg cmd = { .type = type, .seq = seq };
	struct ccid_answer a;
	hsm_rc rc = ccid_judge(&cmd, in, &a);

	FUZZ_ASSERT(fuzz_inside(a.data, in));
	FUZZ_ASSERT(rc == HSM_OK || a.next == CCID_DONE);
	FUZZ_ASSERT(a.next != CCID_LATER || (a.multiplier != 0 && a.data.n == 0));
}

static void small(struct rd in)
{
	struct ccid_notice n;
	struct ccid_t1 t1;
	uint8_t bytes[CCID_T1_PARAMS];
	struct wr w = WR_ARRAY(bytes);

	if (ccid_notice_get(in, &n) == HSM_OK) {
		FUZZ_ASSERT(fuzz_inside(n.slots, in));
		for (unsigned slot = 0; slot < 256; slot++)
			(void)(ccid_notice_present(&n, (uint8_t)slot) &&
			        ccid_notice_changed(&n, (uint8_t)slot));
	}
	if (ccid_t1_get(in, &t1) == HSM_OK) {
		ccid_t1_put(&w, &t1);
		FUZZ_ASSERT(rd_equal(wr_rd(&w), in));
	}
}

/* Pieces of `size` bytes of the input, with a place in the chain before each. */
static void gather(struct rd in, size_t size)
{
	uint8_t to[64], chain;
	struct wr w = WR_ARRAY(to);
	struct ccid_gather g = { .to = &w };
	struct rd piece;
	bool complete;

	while (rd_u8(&in, &chain) && rd_take(&in, size < in.n ? size : in.n, &piece)) {
		hsm_rc rc = ccid_gather_add(&g, (enum ccid_chain)(chain & 0x13), piece, &complete);

		FUZZ_ASSERT(rc == HSM_OK || (w.n == 0 && !g.begun));
		FUZZ_ASSERT(w.n <= sizeof(to));
		if (complete)
			w.n = 0;
	}
}

/* The type and number of a command, then what comes from the other side. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in = rd_of(data, size);
	struct ccid_msg m;
	uint8_t type, seq;

	if (!rd_u8(&in, &type) || !rd_u8(&in, &seq))
		return 0;
	host(type, seq, in);
	small(in);
	gather(in, type);
	if (ccid_get(in, &m) == HSM_OK) {
		FUZZ_ASSERT(fuzz_inside(m.data, in));
		rebuild(&m, in);
		device(&m);
	}
	return 0;
}
