/* The emulated card in this process: every lane is an execution context of the same chip. */
#include <stdlib.h>

#include "emu.h"
#include "transport/transport.h"

enum {
	LANES_MAX = 64,
	COMMAND_MAX = 4 + 3 + 0xFFFF + 2, /* extended form, ISO/IEC 7816-3 section 12.1 */
};

struct emu_tp {
	struct tp tp;
	struct emu_card *card;
};

struct emu_tp_lane {
	struct tp_lane lane;
	struct emu_lane *emu;
};

static struct emu_lane *emu_of(struct tp_lane *lane)
{
	return ((struct emu_tp_lane *)lane)->emu;
}

static hsm_rc emu_tp_open(const char *where, struct tp **out)
{
	struct emu_tp *tp = calloc(1, sizeof(*tp));
	hsm_rc rc;

	if (tp == NULL)
		return HSM_E_MEMORY;
	rc = emu_open(where, &tp->card);
	if (rc != HSM_OK) {
		free(tp);
		return rc;
	}
	tp->tp = (struct tp){ &tp_emu, LANES_MAX, COMMAND_MAX };
	*out = &tp->tp;
	return HSM_OK;
}

static hsm_rc emu_tp_lane_new(struct tp *tp, struct tp_lane **out)
{
	struct emu_tp_lane *lane = calloc(1, sizeof(*lane));
	hsm_rc rc;

	if (lane == NULL)
		return HSM_E_MEMORY;
	rc = emu_lane_new(((struct emu_tp *)tp)->card, &lane->emu);
	if (rc != HSM_OK) {
		free(lane);
		return rc;
	}
	lane->lane.tp = tp;
	*out = &lane->lane;
	return HSM_OK;
}

static void emu_tp_lane_close(struct tp_lane *lane)
{
	emu_lane_free(emu_of(lane));
	free(lane);
}

static hsm_rc emu_tp_xfer(struct tp_lane *lane, struct rd cmd, struct wr *rsp)
{
	return emu_lane_xfer(emu_of(lane), cmd, rsp);
}

static hsm_rc emu_tp_hold(struct tp_lane *lane, bool on)
{
	return emu_lane_hold(emu_of(lane), on);
}

static hsm_rc emu_tp_look(struct tp *tp, struct tp_epoch *out)
{
	return emu_epoch(((struct emu_tp *)tp)->card, &out->content, &out->security);
}

static void emu_tp_close(struct tp *tp)
{
	emu_close(((struct emu_tp *)tp)->card);
	free(tp);
}

const struct tp_ops tp_emu = {
	.scheme = "emu",
	.open = emu_tp_open,
	.lane = emu_tp_lane_new,
	.lane_close = emu_tp_lane_close,
	.xfer = emu_tp_xfer,
	.hold = emu_tp_hold,
	.look = emu_tp_look,
	.close = emu_tp_close,
	.forget = emu_forget,
};
