/* Two threads: one in which the card works, one that knows the time. */
#include <errno.h>
#include <openssl/err.h>

#include "base/log.h"
#include "base/ossl.h"
#include "front/ccid_dev_int.h"

enum { SW_WRONG_LENGTH = 0x6700, SW_NO_DIAGNOSIS = 0x6F00 };
enum { MS = 1000, NS_A_MS = 1000000, NS = 1000000000 };

/* ---- time ---- */

struct timespec time_after(unsigned ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / MS;
	t.tv_nsec += (long)(ms % MS) * NS_A_MS;
	if (t.tv_nsec >= NS) {
		t.tv_nsec -= NS;
		t.tv_sec++;
	}
	return t;
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

bool time_is_due(const struct timespec *due)
{
	const struct timespec now = time_after(0);

	return !is_before(&now, due);
}

/* ---- the card's command ---- */

void work_pace(struct ccid_dev *d)
{
	d->pace_due = time_after(d->pace_ms);
	pthread_cond_broadcast(&d->wake);
}

void work_discard(struct ccid_dev *d)
{
	if (d->work.state == WORK_BUSY)
		d->work.discard = true;
	else
		d->work.state = WORK_NONE;
	pthread_cond_broadcast(&d->wake);
}

/* The status word instead of an answer, for what ends the command but not the card. */
static uint16_t instead(hsm_rc rc)
{
	if (rc == HSM_E_SMALL)
		return SW_WRONG_LENGTH;
	return rc == HSM_E_TOKEN_BUSY ? SW_NO_DIAGNOSIS : 0;
}

/* Without the lock. */
static hsm_rc run_card(struct ccid_dev *d, struct work *work)
{
	const struct rd cmd = buf_rd(&work->cmd);
	struct wr rsp = wr_of(work->rsp.p, work->rsp.cap);
	const hsm_rc rc = emu_lane_xfer(d->lane, cmd, &rsp);

	ERR_clear_error();
	if (rc != HSM_OK) {
		log_say(LOG_ERROR, "%s: %s", d->model->name, rc_text(rc));
		if (instead(rc) == 0)
			return rc;
		rsp = wr_of(work->rsp.p, work->rsp.cap);
		wr_u16(&rsp, instead(rc));
	}
	work->rsp.n = rsp.n;
	trace_say(d->model->name, cmd, wr_rd(&rsp));
	trace_put(d->setup.trace, &d->from, cmd, wr_rd(&rsp));
	return HSM_OK;
}

static void finish(struct ccid_dev *d)
{
	d->work.state = d->work.discard ? WORK_NONE : WORK_DONE;
	if (d->work.state == WORK_DONE)
		xfr_done(d);
}

static void run_in_step(struct ccid_dev *d)
{
	if (d->work.rc == HSM_OK)
		d->work.rc = run_card(d, &d->work);
	finish(d);
}

void work_begin(struct ccid_dev *d, struct rd command)
{
	d->work.state = WORK_READY;
	d->work.discard = false;
	d->work.rc = buf_set(&d->work.cmd, command);
	if (d->setup.in_step)
		run_in_step(d);
	else
		work_pace(d);
}

static void *worker_main(void *arg)
{
	struct ccid_dev *d = arg;

	ossl_thread();
	dev_lock(d);
	while (!d->stop) {
		hsm_rc rc = d->work.rc;

		if (d->work.state != WORK_READY) {
			pthread_cond_wait(&d->wake, &d->lock.m);
			continue;
		}
		d->work.state = WORK_BUSY;
		dev_unlock(d);
		if (rc == HSM_OK)
			rc = run_card(d, &d->work);
		dev_lock(d);
		d->work.rc = rc;
		finish(d);
		dev_proceed(d);
		pthread_cond_broadcast(&d->wake);
		dev_unlock(d);
		dev_lock(d);
	}
	dev_unlock(d);
	return NULL;
}

/* ---- what happens by itself ---- */

/* When the pacer is wanted next; NULL: not by time. */
static const struct timespec *next_due(const struct ccid_dev *d)
{
	const struct timespec *due = NULL;

	if (d->work.state == WORK_READY || d->work.state == WORK_BUSY)
		due = &d->pace_due;
	if (d->in.first != NULL && d->in.first->late &&
	        (due == NULL || is_before(&d->in.first->due, due)))
		due = &d->in.first->due;
	return due;
}

static void act(struct ccid_dev *d, const struct timespec *due)
{
	if (due == &d->pace_due) {
		work_pace(d);
		xfr_more_time(d);
	} else {
		d->in.first->late = false;
		d->news = true;
	}
}

static void *pacer_main(void *arg)
{
	struct ccid_dev *d = arg;

	dev_lock(d);
	while (!d->stop) {
		const struct timespec *due = next_due(d);

		if (due == NULL) {
			pthread_cond_wait(&d->wake, &d->lock.m);
		} else if (time_is_due(due)) {
			act(d, due);
			dev_unlock(d);
			dev_lock(d);
		} else {
			const struct timespec until = *due;

			pthread_cond_timedwait(&d->wake, &d->lock.m, &until);
		}
	}
	dev_unlock(d);
	return NULL;
}

hsm_rc work_start_threads(struct ccid_dev *d)
{
	if (d->setup.in_step)
		return HSM_OK;
	if (pthread_create(&d->worker, NULL, worker_main, d) != 0)
		return HSM_E_MEMORY;
	d->has_worker = true;
	if (pthread_create(&d->pacer, NULL, pacer_main, d) != 0)
		return HSM_E_MEMORY;
	d->has_pacer = true;
	return HSM_OK;
}

void work_stop_threads(struct ccid_dev *d)
{
	dev_lock(d);
	d->stop = true;
	pthread_cond_broadcast(&d->wake);
	dev_unlock(d);
	if (d->has_worker)
		pthread_join(d->worker, NULL);
	if (d->has_pacer)
		pthread_join(d->pacer, NULL);
}
