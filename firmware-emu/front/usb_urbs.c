#include "front/usb_urbs.h"

#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"

enum { ROOM_N = 512 }; /* that most transfers do with */

struct waiting {
	uint64_t id;
	uint32_t length;
	uint8_t ep;
	bool whole;
};

struct usb_urbs {
	struct ccid_dev *dev;
	usb_urb_ended *ended;
	void *arg;
	struct buf room; /* for the data of one IN transfer */
	struct waiting waiting[USB_URBS_MAX];
	size_t waiting_n;
};

hsm_rc usb_urbs_new(struct ccid_dev *dev, usb_urb_ended *ended, void *arg, struct usb_urbs **out)
{
	struct usb_urbs *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return HSM_E_MEMORY;
	*q = (struct usb_urbs){ .dev = dev, .ended = ended, .arg = arg };
	if (buf_reserve(&q->room, ROOM_N) != HSM_OK) {
		free(q);
		return HSM_E_MEMORY;
	}
	*out = q;
	return HSM_OK;
}

void usb_urbs_free(struct usb_urbs *q)
{
	if (q == NULL)
		return;
	buf_free(&q->room);
	free(q);
}

static int status_of(enum ccid_dev_status s, bool bad)
{
	if (s == CCID_DEV_STALL)
		return -EPIPE;
	return s == CCID_DEV_OVERFLOW || bad ? -EOVERFLOW : 0;
}

/* Tells that an IN transfer has ended with what is in `w`. */
static hsm_rc end_in(
        struct usb_urbs *q, const struct waiting *t, enum ccid_dev_status s, const struct wr *w)
{
	struct usb_urb_end end = { .id = t->id, .ep = t->ep, .status = status_of(s, w->bad) };

	if (end.status == 0) {
		end.data = wr_rd(w);
		end.actual = (uint32_t)w->n;
		if (t->whole && w->n < t->length)
			end.status = -EREMOTEIO;
	}
	return q->ended(q->arg, &end);
}

static hsm_rc end_out(struct usb_urbs *q, const struct usb_urb *u, int status)
{
	const struct usb_urb_end end = {
		.id = u->id,
		.ep = u->ep,
		.status = status,
		.actual = status == 0 ? (uint32_t)u->out.n : 0,
	};

	return q->ended(q->arg, &end);
}

/* Asks the device for what an IN transfer wants; `*ended` is false when it must wait. */
static hsm_rc try_in(struct usb_urbs *q, const struct waiting *t, bool *ended)
{
	enum ccid_dev_status s;
	struct wr w;

	TRY(buf_reserve(&q->room, t->length));
	w = wr_of(q->room.p, t->length);
	s = ccid_dev_in(q->dev, t->ep, &w);
	*ended = s != CCID_DEV_NOT_YET;
	if (s == CCID_DEV_GONE)
		return HSM_E_GONE;
	return *ended ? end_in(q, t, s, &w) : HSM_OK;
}

static bool has_waiting(const struct usb_urbs *q, uint8_t ep)
{
	for (size_t i = 0; i < q->waiting_n; i++)
		if (q->waiting[i].ep == ep)
			return true;
	return false;
}

static hsm_rc submit_in(struct usb_urbs *q, const struct usb_urb *u)
{
	const struct waiting t = { u->id, u->length, u->ep, u->whole };
	bool ended = false;

	if (!has_waiting(q, u->ep))
		TRY(try_in(q, &t, &ended));
	if (ended)
		return HSM_OK;
	if (q->waiting_n == USB_URBS_MAX)
		return end_out(q, u, -ENOMEM);
	q->waiting[q->waiting_n++] = t;
	return HSM_OK;
}

static hsm_rc submit_control(struct usb_urbs *q, const struct usb_urb *u)
{
	const bool in = (u->ep & USB_IN) != 0;
	const struct waiting t = { u->id, u->length, u->ep, u->whole };
	enum ccid_dev_status s;
	struct wr w;

	TRY(buf_reserve(&q->room, u->length));
	w = wr_of(q->room.p, in ? u->length : 0);
	s = ccid_dev_control(q->dev, u->setup, u->out, &w);
	if (s == CCID_DEV_GONE)
		return HSM_E_GONE;
	return in ? end_in(q, &t, s, &w) : end_out(q, u, status_of(s, w.bad));
}

static hsm_rc submit_out(struct usb_urbs *q, const struct usb_urb *u)
{
	const enum ccid_dev_status s = ccid_dev_out(q->dev, u->ep, u->out);

	return s == CCID_DEV_GONE ? HSM_E_GONE : end_out(q, u, status_of(s, false));
}

hsm_rc usb_urbs_submit(struct usb_urbs *q, const struct usb_urb *u)
{
	if (u->length > USB_URB_DATA_MAX)
		return end_out(q, u, -ENOMEM);
	if ((u->ep & ~USB_IN) == 0)
		return submit_control(q, u);
	return (u->ep & USB_IN) != 0 ? submit_in(q, u) : submit_out(q, u);
}

static void forget(struct usb_urbs *q, size_t i)
{
	q->waiting_n--;
	memmove(&q->waiting[i], &q->waiting[i + 1], (q->waiting_n - i) * sizeof(q->waiting[0]));
}

hsm_rc usb_urbs_pump(struct usb_urbs *q)
{
	uint16_t must_wait = 0; /* a bit for each endpoint */

	for (size_t i = 0; i < q->waiting_n;) {
		const struct waiting t = q->waiting[i];
		const uint16_t bit = (uint16_t)(1U << (t.ep & 0x0F));
		bool ended = false;

		if ((must_wait & bit) == 0)
			TRY(try_in(q, &t, &ended));
		if (ended) {
			forget(q, i);
			continue;
		}
		must_wait |= bit;
		i++;
	}
	return ccid_dev_gone(q->dev) ? HSM_E_GONE : HSM_OK;
}

bool usb_urbs_unlink(struct usb_urbs *q, uint64_t id)
{
	for (size_t i = 0; i < q->waiting_n; i++) {
		if (q->waiting[i].id != id)
			continue;
		forget(q, i);
		return true;
	}
	return false;
}
