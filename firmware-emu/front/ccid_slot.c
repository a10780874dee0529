/* The commands of CCID: revision 1.10, 6.1. */
#include "base/log.h"
#include "front/ccid_dev_int.h"
#include "wire/le.h"

enum { POWER_SELECT_MAX = 3, PROTOCOL_T1 = 1 };
enum { CLOCK_RUNS = 0, CLOCK_STOPPED_LOW = 1 };

enum ccid_card slot_card(const struct ccid_dev *d)
{
	return d->powered || d->model->always_card ? CCID_CARD_ACTIVE : CCID_CARD_INACTIVE;
}

void slot_answer(struct ccid_dev *d, const struct ccid_msg *m)
{
	d->active = false;
	if (!d->model->tpdu && ccid_faults_wtx(d->setup.faults)) {
		struct ccid_msg wait = ccid_reply_wait(m, slot_card(d), 1);

		wait.type = m->type; /* `m` is an answer already */
		dev_emit(d, &wait);
	}
	dev_emit(d, m);
}

static void fail(struct ccid_dev *d, const struct ccid_msg *m, uint8_t error)
{
	const struct ccid_msg answer = ccid_reply_failed(m, slot_card(d), error);

	slot_answer(d, &answer);
}

static void succeed(struct ccid_dev *d, const struct ccid_msg *m, uint8_t detail, struct rd data)
{
	const struct ccid_msg answer = ccid_reply(m, slot_card(d), detail, data);

	slot_answer(d, &answer);
}

/* ---- power ---- */

/* The parameters of the ATR. */
static void default_params(struct ccid_dev *d)
{
	d->params = (struct ccid_t1){
		.fidi = d->atr.fidi,
		.crc = d->atr.crc,
		.inverse = d->atr.inverse,
		.guard = d->atr.guard,
		.bwi_cwi = (uint8_t)(d->atr.bwi << 4 | d->atr.cwi),
		.clock_stop = d->atr.clock_stop,
		.ifsc = d->atr.ifsc,
	};
}

void slot_off(struct ccid_dev *d)
{
	d->powered = false;
	d->active = false;
	work_discard(d);
	default_params(d);
}

static void power_on(struct ccid_dev *d, const struct ccid_msg *m)
{
	if (m->param[0] > POWER_SELECT_MAX) {
		fail(d, m, CCID_ERR_PARAM);
		return;
	}
	emu_reset(d->card);
	trace_reset(d->setup.trace, &d->from);
	d->powered = true;
	default_params(d);
	xfr_reset(d);
	succeed(d, m, 0, emu_atr(d->card));
}

static void power_off(struct ccid_dev *d, const struct ccid_msg *m)
{
	const struct ccid_msg answer =
	        ccid_reply(m, CCID_CARD_INACTIVE, CLOCK_STOPPED_LOW, (struct rd){ 0 });

	emu_reset(d->card);
	trace_reset(d->setup.trace, &d->from);
	slot_off(d);
	slot_answer(d, &answer);
}

static void slot_status(struct ccid_dev *d, const struct ccid_msg *m)
{
	const bool active = slot_card(d) == CCID_CARD_ACTIVE;

	succeed(d, m, active ? CLOCK_RUNS : CLOCK_STOPPED_LOW, (struct rd){ 0 });
}

/* ---- parameters ---- */

static void send_params(struct ccid_dev *d, const struct ccid_msg *m)
{
	uint8_t bytes[CCID_T1_PARAMS];
	struct wr w = WR_ARRAY(bytes);

	if (slot_card(d) != CCID_CARD_ACTIVE) {
		fail(d, m, CCID_ERR_MUTE);
		return;
	}
	ccid_t1_put(&w, &d->params);
	succeed(d, m, PROTOCOL_T1, wr_rd(&w));
}

static void reset_params(struct ccid_dev *d, const struct ccid_msg *m)
{
	default_params(d);
	send_params(d, m);
}

/* A reader at the TPDU level takes anything and stays with what it has. */
static void set_params(struct ccid_dev *d, const struct ccid_msg *m)
{
	struct ccid_t1 t1;

	if (d->model->tpdu) {
		send_params(d, m);
	} else if (m->param[0] != PROTOCOL_T1) {
		fail(d, m, CCID_ERR_PARAM);
	} else if (ccid_t1_get(m->data, &t1) != HSM_OK) {
		fail(d, m, m->data.n != CCID_T1_PARAMS ? CCID_ERR_LENGTH : CCID_HEAD + 1);
	} else {
		d->params = t1;
		send_params(d, m);
	}
}

/* ---- abort: control request and message belong together, whichever comes first ---- */

static void abort_both(struct ccid_dev *d)
{
	if (!d->abort_control || !d->abort_bulk)
		return;
	d->abort_bulk = false;
	if (d->abort.seq != d->abort_seq) {
		fail(d, &d->abort, CCID_ERR_ABORTED);
		return;
	}
	d->abort_control = false;
	slot_status(d, &d->abort);
}

void slot_abort(struct ccid_dev *d, uint8_t slot, uint8_t seq)
{
	if (slot != 0)
		return;
	queue_clear(&d->in);
	queue_clear(&d->out);
	d->part_n = 0;
	d->active = false;
	work_discard(d);
	xfr_reset(d);
	d->abort_control = true;
	d->abort_seq = seq;
	abort_both(d);
}

static void abort_message(struct ccid_dev *d, const struct ccid_msg *m)
{
	d->abort_bulk = true;
	d->abort = *m;
	d->abort.data = (struct rd){ 0 };
	abort_both(d);
}

/* ---- all ---- */

static const struct {
	uint8_t type;
	bool card; /* needs it free */
	void (*run)(struct ccid_dev *d, const struct ccid_msg *m);
} commands[] = {
	{ CCID_POWER_ON, true, power_on },
	{ CCID_POWER_OFF, true, power_off },
	{ CCID_SLOT_STATUS, false, slot_status },
	{ CCID_XFR_BLOCK, true, xfr_block },
	{ CCID_GET_PARAMETERS, false, send_params },
	{ CCID_RESET_PARAMETERS, false, reset_params },
	{ CCID_SET_PARAMETERS, false, set_params },
	{ CCID_ABORT, false, abort_message },
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static bool needs_card(uint8_t type)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (commands[i].type == type)
			return commands[i].card;
	return false;
}

bool slot_takes(struct ccid_dev *d, uint8_t type)
{
	if (d->active)
		return !d->model->tpdu && d->in.n < CCID_DEV_QUEUE_MAX; /* to be told of it */
	if (d->in.n != 0)
		return false;
	if (d->work.state == WORK_NONE || !needs_card(type))
		return true;
	if (type == CCID_XFR_BLOCK)
		return d->model->tpdu && d->t1.state == T1_CARD_WTX;
	work_discard(d);
	return d->work.state == WORK_NONE;
}

static void run(struct ccid_dev *d, const struct ccid_msg *m)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (commands[i].type == m->type) {
			commands[i].run(d, m);
			return;
		}
	}
	fail(d, m, CCID_ERR_UNSUPPORTED);
}

/* The command in progress goes on. */
static void refuse_busy(struct ccid_dev *d, const struct ccid_msg *m)
{
	const struct ccid_msg answer = ccid_reply_failed(m, slot_card(d), CCID_ERR_BUSY);

	dev_emit(d, &answer);
}

void slot_message(struct ccid_dev *d, struct rd bytes)
{
	const size_t all = bytes.n;
	struct ccid_msg m, answer;
	uint8_t type;
	hsm_rc rc;

	if (all > CCID_DEV_MESSAGE_MAX)
		bytes.n = CCID_DEV_MESSAGE_MAX;
	rc = ccid_get(bytes, &m);
	if (bytes.n < CCID_HEAD) {
		log_say(LOG_INFO, "%s: message of %zu bytes", d->model->name, all);
		return;
	}
	if (d->active && m.type != CCID_ABORT) {
		refuse_busy(d, &m);
	} else if (m.slot != 0) {
		answer = ccid_reply_failed(&m, CCID_CARD_ABSENT, CCID_ERR_SLOT);
		dev_emit(d, &answer);
	} else if (d->abort_control && m.type != CCID_ABORT) {
		fail(d, &m, CCID_ERR_ABORTED);
	} else if (ccid_command_check(&m, &type) == HSM_E_UNSUPPORTED) {
		fail(d, &m, CCID_ERR_UNSUPPORTED);
	} else if (rc != HSM_OK || ccid_command_check(&m, &type) != HSM_OK) {
		fail(d, &m, CCID_ERR_LENGTH);
	} else {
		run(d, &m);
	}
}
