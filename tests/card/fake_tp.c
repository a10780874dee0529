#include "fake_tp.h"

#include <stdlib.h>

struct fake {
	struct tp tp;
	fake_answer *answer;
	void *arg;
};

static hsm_rc fake_open(const char *where, struct tp **out)
{
	(void)where;
	(void)out;
	return HSM_E_BAD_CONFIG;
}

static hsm_rc fake_lane(struct tp *tp, struct tp_lane **out)
{
	struct tp_lane *lane = calloc(1, sizeof(*lane));

	if (lane == NULL)
		return HSM_E_MEMORY;
	lane->tp = tp;
	*out = lane;
	return HSM_OK;
}

static void fake_lane_close(struct tp_lane *lane)
{
	free(lane);
}

static hsm_rc fake_xfer(struct tp_lane *lane, struct rd cmd, struct wr *rsp)
{
	struct fake *f = (struct fake *)lane->tp;
	hsm_rc rc = f->answer(f->arg, cmd, rsp);

	return rc == HSM_OK ? wr_done(rsp) : rc;
}

static hsm_rc fake_hold(struct tp_lane *lane, bool on)
{
	(void)lane;
	(void)on;
	return HSM_OK;
}

static hsm_rc fake_look(struct tp *tp, struct tp_epoch *out)
{
	(void)tp;
	*out = (struct tp_epoch){ 0 };
	return HSM_OK;
}

static void fake_close(struct tp *tp)
{
	free(tp);
}

static void fake_forget(void)
{
}

static const struct tp_ops fake_ops = {
	.scheme = "fake",
	.open = fake_open,
	.lane = fake_lane,
	.lane_close = fake_lane_close,
	.xfer = fake_xfer,
	.hold = fake_hold,
	.look = fake_look,
	.close = fake_close,
	.forget = fake_forget,
};

struct tp *fake_tp(fake_answer *answer, void *arg, unsigned lanes_max, size_t command_max)
{
	struct fake *f = calloc(1, sizeof(*f));

	if (f == NULL)
		abort();
	f->tp = (struct tp){ &fake_ops, lanes_max, command_max };
	f->answer = answer;
	f->arg = arg;
	return &f->tp;
}
