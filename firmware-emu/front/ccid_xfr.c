/* XfrBlock: blocks of T=1 (CCID 1.10, 3.2; ISO/IEC 7816-3), or APDUs in pieces (6.1.4). */
#include "front/ccid_dev_int.h"

enum { PPS_FIRST = 0xFF, PPS_BYTES = 4, ONE_BWT = 1 };

static const uint8_t filler[] = { 0xA5, 0xA5 }; /* what the Nitrokey has read from a silent card */

void xfr_reset(struct ccid_dev *d)
{
	t1_card_init(&d->t1, d->atr.ifsc, d->atr.crc, wr_of(d->room.p, CAPDU_MAX));
	d->gathered = wr_of(d->room.p, CAPDU_MAX);
	d->gather = (struct ccid_gather){ .to = &d->gathered };
	d->cut = (struct ccid_cut){ 0 };
}

static void send_data(struct ccid_dev *d, struct rd data, enum ccid_chain chain)
{
	const struct ccid_msg answer = ccid_reply(&d->cmd, slot_card(d), (uint8_t)chain, data);

	slot_answer(d, &answer);
}

static void send_error(struct ccid_dev *d, uint8_t error)
{
	const struct ccid_msg answer = ccid_reply_failed(&d->cmd, slot_card(d), error);

	slot_answer(d, &answer);
}

/* ---- TPDU level ---- */

static void send_step(struct ccid_dev *d, const struct t1_card_step *step)
{
	send_data(d, step->todo == T1_CARD_SEND ? step->block : rd_of(filler, sizeof(filler)),
	        CCID_WHOLE);
}

static void tpdu_done(struct ccid_dev *d)
{
	struct t1_card_step step = { .todo = T1_CARD_SILENT };

	if (d->work.rc == HSM_OK && d->t1.state == T1_CARD_WTX)
		return; /* once the host has agreed */
	if (d->work.rc == HSM_OK && ccid_faults_wtx(d->setup.faults)) {
		step = t1_card_wtx(&d->t1, ONE_BWT);
	} else {
		d->work.state = WORK_NONE;
		if (d->work.rc == HSM_OK)
			step = t1_card_answer(&d->t1, buf_rd(&d->work.rsp));
	}
	if (d->active)
		send_step(d, &step);
}

static void tpdu(struct ccid_dev *d, struct rd block)
{
	const bool consent = d->t1.state == T1_CARD_WTX;
	struct t1_card_step step = { .todo = T1_CARD_SILENT };

	if (block.n == PPS_BYTES && block.p[0] == PPS_FIRST) {
		send_data(d, block, CCID_WHOLE);
		return;
	}
	if (d->powered && block.n != 0)
		step = t1_card_block(&d->t1, block);
	if (d->t1.state == T1_CARD_LISTENING)
		work_discard(d);
	if (step.todo != T1_CARD_RUN)
		send_step(d, &step);
	else if (!consent)
		work_begin(d, step.command);
	else if (d->work.state == WORK_DONE)
		tpdu_done(d);
	else
		work_pace(d);
}

/* ---- extended APDU level ---- */

static void send_piece(struct ccid_dev *d)
{
	struct rd piece;
	const enum ccid_chain chain = ccid_cut_next(&d->cut, &piece);

	send_data(d, piece, chain);
}

static void apdu_done(struct ccid_dev *d)
{
	d->work.state = WORK_NONE;
	if (d->work.rc != HSM_OK) {
		send_error(d, CCID_ERR_MUTE);
		return;
	}
	d->cut = (struct ccid_cut){
		.rest = buf_rd(&d->work.rsp),
		.piece = CCID_DEV_MESSAGE_MAX - CCID_HEAD,
	};
	send_piece(d);
}

static void go_on(struct ccid_dev *d, struct rd data)
{
	if (data.n != 0 || !d->cut.begun || d->cut.ended)
		send_error(d, CCID_ERR_LEVEL);
	else
		send_piece(d);
}

static void apdu(struct ccid_dev *d, enum ccid_chain chain, struct rd data)
{
	bool complete;
	hsm_rc rc;

	if (!d->powered) {
		send_error(d, CCID_ERR_MUTE);
		return;
	}
	if (chain == CCID_GO_ON) {
		go_on(d, data);
		return;
	}
	d->cut = (struct ccid_cut){ 0 };
	rc = ccid_gather_add(&d->gather, chain, data, &complete);
	if (rc != HSM_OK) {
		send_error(d, rc == HSM_E_SMALL ? CCID_ERR_LENGTH : CCID_ERR_LEVEL);
	} else if (!complete) {
		send_data(d, (struct rd){ 0 }, CCID_GO_ON);
	} else {
		work_begin(d, wr_rd(&d->gathered));
		d->gathered.n = 0;
	}
}

/* ---- both ---- */

void xfr_block(struct ccid_dev *d, const struct ccid_msg *m)
{
	d->cmd = *m;
	d->cmd.data = (struct rd){ 0 };
	d->active = true;
	if (d->model->tpdu)
		tpdu(d, m->data);
	else
		apdu(d, ccid_level_param(m), m->data);
}

void xfr_done(struct ccid_dev *d)
{
	if (d->model->tpdu)
		tpdu_done(d);
	else
		apdu_done(d);
}

/* S(WTX) is an answer; a time extension is none, and also for a command that waits for the card. */
void xfr_more_time(struct ccid_dev *d)
{
	struct ccid_msg wait = d->cmd;

	if (d->model->tpdu) {
		if (d->active && d->t1.state == T1_CARD_WORKING) {
			const struct t1_card_step step = t1_card_wtx(&d->t1, ONE_BWT);

			send_step(d, &step);
		}
		return;
	}
	if (d->in.n != 0 || (!d->active && d->out.first == NULL))
		return;
	if (!d->active && ccid_get(rd_of(d->out.first->bytes, d->out.first->n), &wait) != HSM_OK)
		return;
	wait = ccid_reply_wait(&wait, slot_card(d), ONE_BWT);
	dev_emit(d, &wait);
}
