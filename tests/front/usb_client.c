#include "usb_client.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "front/usb_twin.h"

enum { PATIENCE_MS = 20000, DEVID = 0x10002 };

int usb_serve(void **state, enum front_usb_model model, const char *fault)
{
	const struct front_usb usb = { .model = model, .fault = fault };
	struct served *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	log_set(LOG_OFF);
	place_ready(&s->place, EMU_KDF_CHEAP);
	snprintf(s->trace, sizeof(s->trace), "%s/trace", s->place.folder);
	assert_int_equal(front_new(s->place.path, s->trace, &s->front), HSM_OK);
	assert_int_equal(front_usbip(s->front, "127.0.0.1", "0", &usb), HSM_OK);
	*state = s;
	return 0;
}

void usb_connect(struct usb_client *c, const struct front *f)
{
	struct sockaddr_storage at = { 0 };
	socklen_t n = sizeof(at);

	const bool stick = f->twins->setup.model == CCID_DEV_STICK;

	*c = (struct usb_client){ .ep_out = stick ? 1 : 2, .notice = stick ? 3 : 1 };
	assert_int_equal(getsockname(f->twins->listener, (struct sockaddr *)&at, &n), 0);
	c->fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(c->fd, (const struct sockaddr *)&at, n), 0);
}

void usb_close(struct usb_client *c)
{
	close(c->fd);
	c->fd = -1;
}

void usb_send(const struct usb_client *c, struct rd bytes)
{
	assert_int_equal(send(c->fd, bytes.p, bytes.n, MSG_NOSIGNAL), bytes.n);
}

void usb_send_hex(const struct usb_client *c, const char *hex)
{
	uint8_t bytes[512];

	usb_send(c, rd_of(bytes, emu_unhex(hex, bytes, sizeof(bytes))));
}

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, PATIENCE_MS) == 1;
}

bool usb_receive(struct usb_client *c, uint8_t *out, size_t n)
{
	while (n != 0) {
		ssize_t k;

		assert_true(readable(c->fd));
		k = recv(c->fd, out, n, 0);
		if (k <= 0)
			return false;
		out += k;
		n -= (size_t)k;
	}
	return true;
}

bool usb_ended(struct usb_client *c)
{
	uint8_t byte;

	return readable(c->fd) && recv(c->fd, &byte, 1, 0) <= 0;
}

bool usb_import(struct usb_client *c, const char *busid)
{
	struct wr w = WR_ARRAY(c->bytes);
	struct usbip_device d;
	struct rd r;

	assert_int_equal(usbip_request_put(&w, busid), HSM_OK);
	if (send(c->fd, w.p, w.n, MSG_NOSIGNAL) != (ssize_t)w.n ||
	        !usb_receive(c, c->bytes, USBIP_OP_HEAD))
		return false;
	r = rd_of(c->bytes, USBIP_OP_HEAD);
	if (usbip_import_get(&r, &d) == HSM_E_NO_READER)
		return false;
	assert_true(usb_receive(c, c->bytes + USBIP_OP_HEAD, USBIP_DEVICE));
	r = rd_of(c->bytes, USBIP_OP_HEAD + USBIP_DEVICE);
	assert_int_equal(usbip_import_get(&r, &d), HSM_OK);
	assert_string_equal(d.busid_read, busid);
	assert_int_equal(d.busnum << 16 | d.devnum, DEVID);
	return true;
}

void usb_attach(struct usb_client *c, const struct front *f)
{
	for (int tries = 0; tries < 2000; tries++) {
		usb_connect(c, f);
		if (usb_import(c, "1-1"))
			return;
		usb_close(c);
		poll(NULL, 0, 10);
	}
	fail_msg("the device stays taken");
}

static uint32_t ask(struct usb_client *c, struct usbip_urb *u)
{
	struct wr w = WR_ARRAY(c->bytes);

	u->seq = ++c->seq;
	u->devid = DEVID;
	assert_int_equal(usbip_urb_put(&w, u), HSM_OK);
	usb_send(c, wr_rd(&w));
	return u->seq;
}

uint32_t usb_ask_in(struct usb_client *c, uint8_t ep, uint32_t length)
{
	return ask(c, &(struct usbip_urb){
	                      .kind = USBIP_CMD_SUBMIT, .in = true, .ep = ep, .length = length });
}

uint32_t usb_ask_out(struct usb_client *c, uint8_t ep, struct rd data)
{
	return ask(c, &(struct usbip_urb){ .kind = USBIP_CMD_SUBMIT,
	                      .ep = ep,
	                      .length = (uint32_t)data.n,
	                      .data = data });
}

uint32_t usb_ask_control(struct usb_client *c, const char *setup_hex, uint32_t length)
{
	struct usbip_urb u = { .kind = USBIP_CMD_SUBMIT, .length = length };

	assert_int_equal(emu_unhex(setup_hex, u.setup, sizeof(u.setup)), sizeof(u.setup));
	u.in = (u.setup[0] & 0x80) != 0;
	return ask(c, &u);
}

uint32_t usb_ask_unlink(struct usb_client *c, uint32_t seq)
{
	return ask(c, &(struct usbip_urb){ .kind = USBIP_CMD_UNLINK, .unlink_seq = seq });
}

struct usbip_urb usb_answer(struct usb_client *c, uint32_t seq, bool in)
{
	struct usbip_urb u;
	size_t n;

	assert_true(usb_receive(c, c->bytes, USBIP_HEAD));
	assert_int_equal(usbip_answer_length(rd_of(c->bytes, USBIP_HEAD), in, &n), HSM_OK);
	assert_true(n <= sizeof(c->bytes));
	assert_true(usb_receive(c, c->bytes + USBIP_HEAD, n - USBIP_HEAD));
	assert_int_equal(usbip_answer_get(rd_of(c->bytes, n), in, &u), HSM_OK);
	assert_int_equal(u.seq, seq);
	return u;
}

struct rd usb_ccid(struct usb_client *c, const char *command)
{
	uint8_t bytes[300];
	uint32_t seq =
	        usb_ask_out(c, c->ep_out, rd_of(bytes, emu_unhex(command, bytes, sizeof(bytes))));
	struct usbip_urb u = usb_answer(c, seq, false);

	assert_int_equal(u.status, 0);
	seq = usb_ask_in(c, USB_BULK_IN, 512);
	u = usb_answer(c, seq, true);
	assert_int_equal(u.status, 0);
	return u.data;
}

void usb_check(struct rd got, const char *hex)
{
	uint8_t want[512];
	const size_t n = emu_unhex(hex, want, sizeof(want));

	assert_int_equal(got.n, n);
	assert_memory_equal(got.p, want, n);
}

void usb_configure(struct usb_client *c)
{
	const uint32_t seq = usb_ask_control(c, USB_CONFIGURE, 0);

	assert_int_equal(usb_answer(c, seq, false).status, 0);
}

void usb_power_on(struct usb_client *c)
{
	const struct rd answer = usb_ccid(c, "62 00000000 00 01 00 0000");

	assert_true(answer.n > 12);
	assert_int_equal(answer.p[0], 0x80);
	assert_int_equal(answer.p[7] & 0xC0, 0);
	assert_int_equal(answer.p[10], 0x3B);
}
