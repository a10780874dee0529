/* The device: its life, and the transfers of its endpoints. */
#include "front/ccid_dev_int.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#include "wire/ccid_desc.h"
#include "wire/le.h"

#define MEMORY ":memory:"

/* ---- lock ---- */

void dev_lock(struct ccid_dev *d)
{
	lock(&d->lock);
}

void dev_unlock(struct ccid_dev *d)
{
	const bool news = d->news;

	d->news = false;
	unlock(&d->lock);
	if (news && d->setup.ready != NULL)
		d->setup.ready(d->setup.arg);
}

/* ---- life ---- */

static hsm_rc wake_init(pthread_cond_t *wake)
{
	pthread_condattr_t attr;
	int failed;

	if (pthread_condattr_init(&attr) != 0)
		return HSM_E_MEMORY;
	failed = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (failed == 0)
		failed = pthread_cond_init(wake, &attr);
	pthread_condattr_destroy(&attr);
	return failed == 0 ? HSM_OK : HSM_E_MEMORY;
}

/* A card in memory has a serial number that is not told. */
static hsm_rc read_serial(struct ccid_dev *d, const char *token)
{
	struct emu_info info = { .serial = "DENK0000000" };

	if (strncmp(token, MEMORY, sizeof(MEMORY) - 1) != 0)
		TRY(emu_inspect(token, &info));
	memcpy(d->serial, info.serial, sizeof(d->serial));
	return HSM_OK;
}

static void describe(struct ccid_dev *d)
{
	const struct usb_model *m = d->model;

	d->facts = (struct ccid_dev_facts){
		.vid = m->vid,
		.pid = m->pid,
		.bcd = m->bcd,
		.device = m->device,
		.configuration = m->configuration,
		.serial = d->serial,
	};
}

static unsigned pace(const struct ccid_dev *d)
{
	struct rd config = d->model->configuration;
	struct ccid_function f = { 0 };

	if (d->setup.pace_ms != 0)
		return d->setup.pace_ms;
	(void)!ccid_find(&config, &f);
	return atr_bwt_ms(&d->atr, f.class_desc.clock) / 2;
}

static hsm_rc power_up(struct ccid_dev *d, const char *token)
{
	TRY(read_serial(d, token));
	TRY(emu_open(token, &d->card));
	TRY(emu_lane_new(d->card, &d->lane));
	TRY(atr_get(emu_atr(d->card), &d->atr));
	d->pace_ms = pace(d);
	TRY(buf_reserve(&d->room, CAPDU_MAX));
	TRY(buf_reserve(&d->work.cmd, CAPDU_MAX));
	TRY(buf_reserve(&d->work.rsp, RAPDU_MAX));
	xfr_reset(d);
	slot_off(d);
	describe(d);
	return work_start_threads(d);
}

hsm_rc ccid_dev_new(const struct ccid_dev_setup *setup, struct ccid_dev **out)
{
	struct ccid_dev *d = calloc(1, sizeof(*d));
	hsm_rc rc;

	if (d == NULL)
		return HSM_E_MEMORY;
	if (wake_init(&d->wake) != HSM_OK) {
		free(d);
		return HSM_E_MEMORY;
	}
	lock_init(&d->lock);
	d->setup = *setup;
	d->setup.token = NULL;
	d->model = &usb_models[setup->model];
	d->from.session = setup->session;
	d->out_unplug = SIZE_MAX;
	rc = power_up(d, setup->token);
	if (rc == HSM_OK)
		*out = d;
	else
		ccid_dev_free(d);
	return rc;
}

void ccid_dev_free(struct ccid_dev *d)
{
	if (d == NULL)
		return;
	work_stop_threads(d);
	emu_lane_free(d->lane);
	emu_close(d->card);
	queue_clear(&d->in);
	queue_clear(&d->notice);
	queue_clear(&d->out);
	buf_free(&d->room);
	buf_free(&d->work.cmd);
	buf_free(&d->work.rsp);
	pthread_cond_destroy(&d->wake);
	lock_done(&d->lock);
	OPENSSL_cleanse(d, sizeof(*d));
	free(d);
}

const struct ccid_dev_facts *ccid_dev_facts(const struct ccid_dev *d)
{
	return &d->facts;
}

void dev_flush(struct ccid_dev *d)
{
	struct queue *queues[] = { &d->in, &d->notice, &d->out };

	for (size_t i = 0; i < sizeof(queues) / sizeof(queues[0]); i++) {
		queue_clear(queues[i]);
		queues[i]->halted = false;
	}
	d->part_n = 0;
	d->active = false;
	d->abort_control = d->abort_bulk = false;
	work_discard(d);
	xfr_reset(d);
}

void ccid_dev_reset(struct ccid_dev *d)
{
	dev_lock(d);
	dev_flush(d);
	slot_off(d);
	d->configuration = 0;
	dev_unlock(d);
}

void dev_unplug(struct ccid_dev *d)
{
	dev_flush(d);
	d->gone = d->news = true;
}

void ccid_dev_unplug(struct ccid_dev *d)
{
	dev_lock(d);
	if (!d->gone)
		dev_unplug(d);
	dev_unlock(d);
}

bool ccid_dev_gone(struct ccid_dev *d)
{
	bool gone;

	dev_lock(d);
	gone = d->gone;
	dev_unlock(d);
	return gone;
}

void ccid_dev_settle(struct ccid_dev *d)
{
	dev_lock(d);
	while (d->work.state == WORK_READY || d->work.state == WORK_BUSY)
		pthread_cond_wait(&d->wake, &d->lock.m);
	dev_unlock(d);
}

/* ---- endpoint 0 ---- */

enum ccid_dev_status ccid_dev_control(
        struct ccid_dev *d, const uint8_t setup[8], struct rd out, struct wr *in)
{
	enum ccid_dev_status status;

	(void)out;
	dev_lock(d);
	status = d->gone ? CCID_DEV_GONE : usb_control(d, setup, in);
	if (!d->gone)
		dev_proceed(d);
	dev_unlock(d);
	return status;
}

/* ---- OUT ---- */

void dev_proceed(struct ccid_dev *d)
{
	while (d->out.first != NULL && slot_takes(d, d->out.first->bytes[0])) {
		struct frame *f = d->out.first;

		d->out.first = f->next;
		d->out.n--;
		slot_message(d, rd_of(f->bytes, f->n));
		frame_free(f);
	}
}

/* A whole message is there. */
static void message(struct ccid_dev *d)
{
	const size_t n = d->part_n;
	const struct rd bytes = rd_of(d->part, n < sizeof(d->part) ? n : sizeof(d->part));

	d->part_n = 0;
	d->out_unplug = SIZE_MAX;
	if (bytes.n >= CCID_HEAD && d->part[0] == CCID_ABORT)
		slot_message(d, bytes);
	else if (d->out.n < CCID_DEV_QUEUE_MAX)
		(void)queue_add(&d->out, bytes);
	else
		d->out.halted = true;
}

/* Adds the bytes of one packet; false when the device is gone. */
static bool packet(struct ccid_dev *d, struct rd bytes)
{
	if (d->part_n == 0 && bytes.n != 0) {
		const struct ccid_fault fault = ccid_faults_next_out(d->setup.faults);

		if (fault.kind != CCID_FAULT_NONE)
			d->out_unplug = fault.value == CCID_FAULT_DEFAULT ? 0 : fault.value;
	}
	if (d->part_n < sizeof(d->part) && bytes.n != 0) {
		const size_t room = sizeof(d->part) - d->part_n;

		memcpy(d->part + d->part_n, bytes.p, bytes.n < room ? bytes.n : room);
	}
	d->part_n += bytes.n;
	if (d->part_n > d->out_unplug)
		return false;
	if (d->part_n == 0)
		return true;
	if (bytes.n < USB_PACKET ||
	        (d->part_n >= CCID_HEAD && d->part_n - CCID_HEAD >= le_u32(d->part + 1))) {
		const bool unplug = d->out_unplug != SIZE_MAX;

		message(d);
		return !unplug;
	}
	return true;
}

static enum ccid_dev_status out(struct ccid_dev *d, uint8_t ep, struct rd data)
{
	struct rd bytes;

	if (d->gone)
		return CCID_DEV_GONE;
	if (d->configuration == 0 || ep != d->model->ep_out || d->out.halted)
		return CCID_DEV_STALL;
	do {
		if (!rd_take(&data, data.n < USB_PACKET ? data.n : USB_PACKET, &bytes))
			break;
		if (!packet(d, bytes)) {
			dev_unplug(d);
			return CCID_DEV_GONE;
		}
	} while (data.n != 0);
	dev_proceed(d);
	return CCID_DEV_OK;
}

enum ccid_dev_status ccid_dev_out(struct ccid_dev *d, uint8_t ep, struct rd data)
{
	enum ccid_dev_status status;

	dev_lock(d);
	status = out(d, ep, data);
	dev_unlock(d);
	return status;
}

/* ---- IN ---- */

static struct queue *queue_of(struct ccid_dev *d, uint8_t ep)
{
	return ep == d->model->ep_in ? &d->in : ep == d->model->ep_notice ? &d->notice : NULL;
}

/* Moves packets of the first message until one is short, an empty one at the end of a message that
 * fills its last packet, or until there is no room. */
static enum ccid_dev_status transfer(struct ccid_dev *d, struct queue *q, struct wr *w)
{
	struct frame *f = q->first;
	bool unplug;

	for (;;) {
		const size_t left = f->n - f->at, n = left < USB_PACKET ? left : USB_PACKET;

		if (n > w->cap - w->n)
			return CCID_DEV_OVERFLOW;
		if (f->unplug_at < f->at + n) {
			dev_unplug(d);
			return CCID_DEV_GONE;
		}
		wr_put(w, f->bytes + f->at, n);
		f->at += n;
		if (n < USB_PACKET) {
			unplug = f->unplug_at != SIZE_MAX;
			queue_pop(q);
			if (unplug)
				dev_unplug(d);
			return CCID_DEV_OK;
		}
		if (w->n == w->cap)
			return CCID_DEV_OK;
	}
}

static enum ccid_dev_status in(struct ccid_dev *d, uint8_t ep, struct wr *w)
{
	struct queue *q = queue_of(d, ep);
	enum ccid_dev_status status;

	if (d->gone)
		return CCID_DEV_GONE;
	if (d->configuration != 0 && q == NULL && ep == d->model->ep_hid && ep != 0)
		return CCID_DEV_NOT_YET;
	if (d->configuration == 0 || q == NULL || q->halted)
		return CCID_DEV_STALL;
	if (q->first == NULL || q->first->late)
		return CCID_DEV_NOT_YET;
	status = transfer(d, q, w);
	if (status == CCID_DEV_OK && !d->gone)
		dev_proceed(d);
	pthread_cond_broadcast(&d->wake); /* the next one may be late */
	return status;
}

enum ccid_dev_status ccid_dev_in(struct ccid_dev *d, uint8_t ep, struct wr *w)
{
	enum ccid_dev_status status;

	dev_lock(d);
	status = in(d, ep, w);
	dev_unlock(d);
	return status;
}
