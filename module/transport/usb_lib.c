/* A pipe by libusb. */
#include <libusb.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#include "base/log.h"
#include "transport/usb_bus.h"
#include "wire/ccid_msg.h"

enum {
	CONTROL_MS = 1000,
	NOTICE_MAX = 64,
	NOTICES_MAX = 8,
	CLASS_REQUEST_OUT = 0x21, /* class, interface */
	CANCEL_ROUNDS = 10,
	CANCEL_ROUND_US = 100 * 1000,
};

struct lib_pipe {
	struct usb_pipe pipe;
	libusb_context *context;
	libusb_device_handle *handle;
	/* the interrupt endpoint, always asked */
	struct libusb_transfer *asked;
	int finished; /* it is not at work any more */
	bool unplugged;
	uint8_t notice[NOTICE_MAX];
	struct {
		uint8_t n, bytes[NOTICE_MAX];
	} notices[NOTICES_MAX]; /* not yet taken, oldest first */
	size_t notices_n;
};

static struct lib_pipe *of(struct usb_pipe *p)
{
	return (struct lib_pipe *)p;
}

static hsm_rc outcome(int result)
{
	static const struct {
		int result;
		hsm_rc rc;
	} rows[] = {
		{ LIBUSB_SUCCESS, HSM_OK },
		{ LIBUSB_ERROR_TIMEOUT, HSM_E_TIMEOUT },
		{ LIBUSB_ERROR_PIPE, HSM_E_STALL },
		{ LIBUSB_ERROR_NO_DEVICE, HSM_E_GONE },
		{ LIBUSB_ERROR_NOT_FOUND, HSM_E_GONE },
		{ LIBUSB_ERROR_OVERFLOW, HSM_E_SMALL },
		{ LIBUSB_ERROR_NO_MEM, HSM_E_MEMORY },
		{ LIBUSB_ERROR_ACCESS, HSM_E_USB_ACCESS },
		{ LIBUSB_ERROR_BUSY, HSM_E_USB_BUSY },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].result == result)
			return rows[i].rc;
	}
	return HSM_E_IO;
}

/* ---- bulk ---- */

/* A device that is pulled out may look like noise on the line at first. */
static hsm_rc transfer_outcome(struct lib_pipe *l, int result)
{
	hsm_rc rc = outcome(result);
	int configuration;

	if (rc == HSM_OK || rc == HSM_E_TIMEOUT)
		return rc;
	log_say(LOG_INFO, "USB: %s", libusb_strerror(result));
	if (rc == HSM_E_IO &&
	        libusb_get_configuration(l->handle, &configuration) == LIBUSB_ERROR_NO_DEVICE)
		return HSM_E_GONE;
	return rc;
}

/* `*done` bytes were moved, also when it failed. */
static hsm_rc bulk(
        struct lib_pipe *l, uint8_t ep, uint8_t *bytes, size_t n, unsigned timeout_ms, size_t *done)
{
	int moved = 0, result;

	result = libusb_bulk_transfer(l->handle, ep, bytes, (int)n, &moved, timeout_ms);
	*done = (size_t)moved;
	return transfer_outcome(l, result);
}

static hsm_rc lib_out(struct usb_pipe *p, struct rd bytes, unsigned timeout_ms)
{
	/* libusb's buffers are for both directions */
	uint8_t *const from = (uint8_t *)(uintptr_t)bytes.p;
	size_t done;

	TRY(bulk(of(p), p->function.ep_out, from, bytes.n, timeout_ms, &done));
	return done == bytes.n ? HSM_OK : HSM_E_IO;
}

/* A device that leaves out the zero-length packet after a full one ends a transfer by saying no
 * more; what came is the message. */
static hsm_rc lib_in(struct usb_pipe *p, struct wr *w, unsigned timeout_ms)
{
	hsm_rc rc = bulk(of(p), p->function.ep_in, w->p, w->cap, timeout_ms, &w->n);

	return rc == HSM_E_TIMEOUT && w->n != 0 ? HSM_OK : rc;
}

static hsm_rc lib_abort(struct usb_pipe *p, uint8_t slot, uint8_t seq)
{
	int result = libusb_control_transfer(of(p)->handle, CLASS_REQUEST_OUT, CCID_REQ_ABORT,
	        ccid_abort_value(slot, seq), p->function.interface, NULL, 0, CONTROL_MS);

	return result < 0 ? outcome(result) : HSM_OK;
}

static hsm_rc lib_clear(struct usb_pipe *p)
{
	const int in = libusb_clear_halt(of(p)->handle, p->function.ep_in);
	const int out = libusb_clear_halt(of(p)->handle, p->function.ep_out);

	return outcome(in != 0 ? in : out);
}

static uint64_t lib_now(struct usb_pipe *p)
{
	struct timespec t;

	(void)p;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- interrupt ---- */

/* When there is no room, the newest takes the place of the one before it. */
static void keep(struct lib_pipe *l, int n)
{
	size_t at = l->notices_n < NOTICES_MAX ? l->notices_n++ : NOTICES_MAX - 1;

	l->notices[at].n = (uint8_t)n;
	memcpy(l->notices[at].bytes, l->notice, (size_t)n);
}

static void LIBUSB_CALL came(struct libusb_transfer *t)
{
	struct lib_pipe *l = t->user_data;
	bool good = t->status == LIBUSB_TRANSFER_COMPLETED;

	if (good && t->actual_length > 0)
		keep(l, t->actual_length);
	l->unplugged = l->unplugged || t->status == LIBUSB_TRANSFER_NO_DEVICE;
	if (!good || libusb_submit_transfer(t) != 0)
		l->finished = 1;
}

/* Without notices when that is not to be had: they are a help, no more. */
static void ask_notices(struct lib_pipe *l)
{
	const uint8_t ep = l->pipe.function.ep_notice;
	int room = ep == 0 ? 0 : libusb_get_max_packet_size(libusb_get_device(l->handle), ep);

	if (room <= 0 || room > NOTICE_MAX)
		return;
	l->asked = libusb_alloc_transfer(0);
	if (l->asked == NULL)
		return;
	libusb_fill_interrupt_transfer(l->asked, l->handle, ep, l->notice, room, came, l, 0);
	l->finished = libusb_submit_transfer(l->asked) != 0;
}

static void pump(struct lib_pipe *l, suseconds_t us)
{
	struct timeval wait = { 0, us };

	if (l->asked != NULL && !l->finished)
		(void)libusb_handle_events_timeout_completed(l->context, &wait, &l->finished);
}

static hsm_rc lib_notice(struct usb_pipe *p, struct wr *w)
{
	struct lib_pipe *l = of(p);

	if (l->notices_n == 0)
		pump(l, 0);
	if (l->unplugged)
		return HSM_E_GONE;
	if (l->notices_n == 0)
		return HSM_OK;
	wr_put(w, l->notices[0].bytes, l->notices[0].n);
	l->notices_n--;
	memmove(&l->notices[0], &l->notices[1], l->notices_n * sizeof(l->notices[0]));
	return wr_done(w);
}

static void stop_notices(struct lib_pipe *l)
{
	if (l->asked == NULL || l->finished || libusb_cancel_transfer(l->asked) != 0)
		return;
	for (unsigned i = 0; i < CANCEL_ROUNDS && !l->finished; i++)
		pump(l, CANCEL_ROUND_US);
}

/* ---- life ---- */

/* The claim is given back by word, for a forked child may have the device open as well. */
static void lib_close(struct usb_pipe *p)
{
	struct lib_pipe *l = of(p);

	stop_notices(l);
	(void)libusb_release_interface(l->handle, p->function.interface);
	libusb_close(l->handle);
	libusb_free_transfer(l->asked);
	libusb_exit(l->context);
	free(l);
}

static const struct usb_pipe_ops ops = {
	.out = lib_out,
	.in = lib_in,
	.abort = lib_abort,
	.clear = lib_clear,
	.notice = lib_notice,
	.now = lib_now,
	.close = lib_close,
};

static hsm_rc claim(struct lib_pipe *l)
{
	const struct ccid_function *f = &l->pipe.function;
	hsm_rc rc = outcome(libusb_claim_interface(l->handle, f->interface));

	if (rc == HSM_OK && f->alternate != 0)
		rc = outcome(
		        libusb_set_interface_alt_setting(l->handle, f->interface, f->alternate));
	return rc;
}

static hsm_rc open_claim(struct lib_pipe *l, const struct usb_device *d)
{
	hsm_rc rc = outcome(libusb_open(d->device, &l->handle));

	TRY(rc);
	rc = claim(l);
	if (rc != HSM_OK)
		libusb_close(l->handle);
	return rc;
}

/* The context of the bus becomes that of the pipe. */
static hsm_rc open_found(struct usb_bus *b, const struct usb_device *d, struct usb_pipe **out)
{
	struct lib_pipe *l = calloc(1, sizeof(*l));
	hsm_rc rc;

	if (l == NULL)
		return HSM_E_MEMORY;
	l->pipe = (struct usb_pipe){ &ops, d->function, d->quirk };
	rc = open_claim(l, d);
	if (rc != HSM_OK) {
		free(l);
		return rc;
	}
	l->context = b->context;
	b->context = NULL;
	ask_notices(l);
	*out = &l->pipe;
	return HSM_OK;
}

hsm_rc usb_pipe_open(const char *where, struct usb_device *d, struct usb_pipe **out)
{
	const struct usb_device *found;
	struct usb_bus bus;
	hsm_rc rc;

	*d = (struct usb_device){ 0 };
	TRY(usb_scan(&bus));
	rc = usb_find(&bus, where, &found);
	if (rc == HSM_OK) {
		*d = *found;
		rc = open_found(&bus, found, out);
	}
	d->device = NULL;
	usb_bus_done(&bus);
	return rc;
}
