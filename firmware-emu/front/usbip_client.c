#include "front/usbip_client.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include "base/log.h"
#include "front/usbip_session.h"

enum {
	REQUEST_MS = 10000, /* for the whole request */
	LIST_MAX = USBIP_OP_HEAD + 4 + USBIP_DEVICE + 4 * USBIP_INTERFACES_MAX,
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static hsm_rc read_until(const struct stream *s, struct wr *w, size_t n, int64_t end)
{
	uint8_t *p = wr_room(w, n);

	if (p == NULL)
		return HSM_E_SMALL;
	while (n != 0) {
		const ssize_t k = recv(s->fd, p, n, MSG_DONTWAIT);
		const int64_t left = end - now_ms();

		if (k > 0) {
			p += k;
			n -= (size_t)k;
			continue;
		}
		if (k == 0 || (errno != EAGAIN && errno != EINTR))
			return HSM_E_GONE;
		if (left <= 0)
			return HSM_E_TIMEOUT;
		if (!front_wait(s->front, s->fd, POLLIN, (int)left))
			return HSM_E_GONE;
	}
	return HSM_OK;
}

static hsm_rc request_get(const struct stream *s, enum usbip_op *op, char *busid)
{
	const int64_t end = now_ms() + REQUEST_MS;
	uint8_t bytes[USBIP_IMPORT];
	struct wr w = WR_ARRAY(bytes);
	size_t n;

	TRY(read_until(s, &w, USBIP_OP_HEAD, end));
	TRY(usbip_request_length(wr_rd(&w), &n));
	TRY(read_until(s, &w, n - w.n, end));
	return usbip_request_get(wr_rd(&w), op, busid);
}

static void list(const struct stream *s, const struct usb_twin *twin)
{
	uint8_t bytes[LIST_MAX];
	struct wr w = WR_ARRAY(bytes);

	if (usbip_devlist_put(&w, &twin->shown, 1) == HSM_OK)
		(void)!stream_put(s, wr_rd(&w));
}

/* Answers the request; the device, or NULL that it cannot be had. */
static hsm_rc import_put(const struct stream *s, const struct usbip_device *device)
{
	uint8_t bytes[USBIP_OP_HEAD + USBIP_DEVICE];
	struct wr w = WR_ARRAY(bytes);

	TRY(usbip_import_put(&w, device));
	return stream_put(s, wr_rd(&w));
}

static void import(const struct stream *s, struct usb_twin *twin, const char *busid)
{
	const bool known = strcmp(busid, twin->shown.busid) == 0;

	if (!known || !usb_twin_take(twin)) {
		log_say(LOG_INFO, "%s: not attached: %s", s->name,
		        known ? "the device is in use" : "it wants another device");
		(void)!import_put(s, NULL);
		return;
	}
	if (import_put(s, &twin->shown) == HSM_OK)
		usbip_session(s, twin);
	usb_twin_give_back(twin);
}

void usbip_client(const struct stream *s, struct usb_twin *twin)
{
	char busid[USBIP_BUSID + 1];
	enum usbip_op op;
	const hsm_rc rc = request_get(s, &op, busid);

	if (rc == HSM_OK && op == USBIP_REQ_DEVLIST)
		list(s, twin);
	else if (rc == HSM_OK)
		import(s, twin, busid);
	else if (rc != HSM_E_GONE)
		log_say(LOG_ERROR, "%s: closed, as it sent no request of USB/IP: %s", s->name,
		        rc_text(rc));
}
