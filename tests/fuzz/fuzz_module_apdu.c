#include "base/log.h"
#include "base/ossl.h"
#include "liar.h"
#include "module_calls.h"
#include "p15/limits.h"
#include "sim_card.h"
#include "transport/transport.h"

/* The whole module on a hostile card. The input is a byte of settings (enum flags), the length of a
 * program in one byte, the program (module_calls.h), and what the card does: either raw answers,
 * two bytes of length before each, 6A82 when there are none left; or lies (liar.h) about those of a
 * card that works (sim_card.h). Whatever comes, each call ends after so many commands at most, with
 * an outcome of the standard, and C_Finalize gives everything back. Secure messaging is off: it
 * would be most of the time, and has a target of its own. */

enum flags {
	RAW = 1,
	FOREVER = 2, /* what the card does begins again when it is at an end */
	SHORT = 4,   /* a carrier that takes short commands only */
};

/* The commands of one call: each file that a card may have is read to its end; then each number a
 * key may have is tried, twice. */
enum {
	COMMAND_LONG = 1232,
	COMMAND_SHORT = 261,
	READS = P15_FILE_MAX / (COMMAND_SHORT - 2) + 2,
	COMMANDS_MAX = P15_FILES_MAX * READS + 256 * 4 * 2,
	TIRED = 3000, /* all commands of an input: the card is gone at the next call */
};

static struct {
	uint8_t flags;
	struct rd raw, raw_all;
	struct liar liar;
	struct sim_card card;
	unsigned of_call, of_input;
	unsigned open, lanes;
	uint64_t resets, stamp;
	bool gone, tired;
} device;

void calls_before(void)
{
	device.of_call = 0;
	device.tired = device.of_input > TIRED;
}

static void raw_answer(struct wr *w)
{
	struct rd answer;
	uint16_t n;

	if (device.raw.n == 0 && (device.flags & FOREVER) != 0)
		device.raw = device.raw_all;
	if (rd_u16(&device.raw, &n) && rd_take(&device.raw, n, &answer))
		wr_rd_put(w, answer);
	else
		wr_u16(w, 0x6A82);
}

static hsm_rc answer(struct rd cmd, struct wr *w)
{
	if ((device.flags & RAW) != 0) {
		raw_answer(w);
		return HSM_OK;
	}
	sim_answer(&device.card, cmd, w);
	return liar_change(&device.liar, w);
}

/* ---- the carrier ---- */

hsm_rc __wrap_tp_open(const char *address, struct tp **out);
hsm_rc __wrap_tp_sight(const char *address, uint64_t *stamp);

static hsm_rc device_lane(struct tp *tp, struct tp_lane **out)
{
	static struct tp_lane lane;

	FUZZ_ASSERT(device.lanes++ == 0);
	lane.tp = tp;
	*out = &lane;
	return HSM_OK;
}

static void device_lane_close(struct tp_lane *lane)
{
	(void)lane;
	device.lanes--;
}

static hsm_rc device_xfer(struct tp_lane *lane, struct rd cmd, struct wr *rsp)
{
	static uint8_t bytes[1 << 17];
	struct wr w = WR_ARRAY(bytes);
	hsm_rc rc;

	FUZZ_ASSERT(cmd.n >= 4 && cmd.n <= lane->tp->command_max);
	FUZZ_ASSERT(++device.of_call <= COMMANDS_MAX);
	device.of_input++;
	if (device.gone || device.tired)
		return HSM_E_GONE;
	rc = answer(cmd, &w);
	device.gone = rc == HSM_E_GONE;
	device.resets += rc == HSM_E_RESET;
	if (rc != HSM_OK)
		return rc;
	wr_rd_put(rsp, wr_rd(&w));
	return wr_done(rsp);
}

static hsm_rc device_hold(struct tp_lane *lane, bool on)
{
	(void)lane;
	(void)on;
	return device.gone ? HSM_E_GONE : HSM_OK;
}

static hsm_rc device_look(struct tp *tp, struct tp_epoch *out)
{
	(void)tp;
	*out = (struct tp_epoch){ device.resets, device.resets };
	return device.gone ? HSM_E_GONE : HSM_OK;
}

static void device_close(struct tp *tp)
{
	(void)tp;
	FUZZ_ASSERT(device.lanes == 0);
	device.open--;
}

static const struct tp_ops device_ops = {
	.scheme = "fuzz",
	.lane = device_lane,
	.lane_close = device_lane_close,
	.xfer = device_xfer,
	.hold = device_hold,
	.look = device_look,
	.close = device_close,
};

/* One that was pulled out is away for one look, then another one is there. */
hsm_rc __wrap_tp_sight(const char *address, uint64_t *stamp)
{
	(void)address;
	*stamp = device.stamp;
	if (!device.gone || device.open != 0)
		return HSM_OK;
	device.gone = false;
	device.stamp++;
	return HSM_E_NO_READER;
}

hsm_rc __wrap_tp_open(const char *address, struct tp **out)
{
	static struct tp tp = { .ops = &device_ops, .lanes_max = 1 };

	(void)address;
	FUZZ_ASSERT(device.open++ == 0);
	device.gone = false;
	tp.lanes_max = 1;
	tp.command_max = (device.flags & SHORT) != 0 ? COMMAND_SHORT : COMMAND_LONG;
	*out = &tp;
	return HSM_OK;
}

/* ---- the target ---- */

static void start(uint8_t flags, struct rd answers)
{
	device.flags = flags;
	device.raw = device.raw_all = answers;
	device.of_input = 0;
	device.resets = device.stamp = 0;
	device.gone = false;
	liar_start(&device.liar, answers, (flags & FOREVER) != 0);
	sim_reset(&device.card);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in = rd_of(data, size), program;
	uint8_t flags, n;

	/* Held on to, so that libcrypto is not set up again for every input. */
	if (ossl_ctx() == NULL)
		FUZZ_ASSERT(ossl_acquire() == HSM_OK);
	if (!rd_u8(&in, &flags) || !rd_u8(&in, &n) || !rd_take(&in, n < in.n ? n : in.n, &program))
		return 0;
	start(flags, in);
	calls_run(program, "cards=fuzz:device;log=off;secure=off");
	FUZZ_ASSERT(device.open == 0 && device.lanes == 0);
	return 0;
}
