#include "front/usbip_session.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "front/usb_urbs.h"

enum {
	DEVID = USB_TWIN_BUS << 16 | USB_TWIN_DEVICE,
	COMMANDS_N = 4096, /* read at once */
	SHORT_NOT_OK = 1,  /* URB_SHORT_NOT_OK */
};

struct session {
	const struct stream *stream;
	struct usb_twin *twin;
	struct usb_urbs *urbs;
	struct buf in, out; /* commands that came, of which the last may be incomplete; an answer */
};

static hsm_rc answer(struct session *s, const struct usbip_urb *urb)
{
	struct wr w;

	TRY(buf_reserve(&s->out, USBIP_HEAD + urb->data.n));
	w = wr_of(s->out.p, s->out.cap);
	TRY(usbip_urb_put(&w, urb));
	return stream_put(s->stream, wr_rd(&w));
}

static hsm_rc submitted(void *arg, const struct usb_urb_end *end)
{
	struct session *s = arg;
	const struct usbip_urb cmd = {
		.kind = USBIP_CMD_SUBMIT,
		.seq = (uint32_t)end->id,
		.in = (end->ep & USB_IN) != 0,
	};
	const struct usbip_urb done = usbip_done(&cmd, end->status, end->actual, end->data);

	log_say(LOG_TRACE, "%s: transfer %u: endpoint %02X: %u bytes, status %d", s->stream->name,
	        cmd.seq, end->ep, end->actual, end->status);
	return answer(s, &done);
}

static hsm_rc submit(struct session *s, const struct usbip_urb *cmd)
{
	struct usb_urb u = {
		.id = cmd->seq,
		.ep = (uint8_t)(cmd->ep | (cmd->in ? USB_IN : 0)),
		.whole = (cmd->flags & SHORT_NOT_OK) != 0,
		.length = cmd->in ? cmd->length : 0,
		.out = cmd->data,
	};

	memcpy(u.setup, cmd->setup, sizeof(u.setup));
	return usb_urbs_submit(s->urbs, &u);
}

static hsm_rc unlink_urb(struct session *s, const struct usbip_urb *cmd)
{
	const bool waited = usb_urbs_unlink(s->urbs, cmd->unlink_seq);
	const struct usbip_urb done =
	        usbip_done(cmd, waited ? -ECONNRESET : 0, 0, (struct rd){ 0 });

	return answer(s, &done);
}

static hsm_rc run_command(struct session *s, struct rd bytes)
{
	struct usbip_urb cmd;
	hsm_rc rc = usbip_command_get(bytes, &cmd);

	if (rc == HSM_OK && cmd.devid != DEVID)
		rc = HSM_E_BAD_DATA;
	if (rc != HSM_OK) {
		log_say(LOG_ERROR, "%s: closed, as it sent a malformed command: %s",
		        s->stream->name, rc_text(rc));
		return rc;
	}
	return cmd.kind == USBIP_CMD_UNLINK ? unlink_urb(s, &cmd) : submit(s, &cmd);
}

/* The length of the command that `r` begins with; USBIP_HEAD as long as it cannot be known. */
static hsm_rc length_of(const struct session *s, struct rd r, size_t *n)
{
	struct rd head;
	hsm_rc rc;

	*n = USBIP_HEAD;
	if (!rd_take(&r, USBIP_HEAD, &head))
		return HSM_OK;
	rc = usbip_command_length(head, n);
	if (rc != HSM_OK)
		log_say(LOG_ERROR, "%s: closed, as it sent something that is no command: %s",
		        s->stream->name, rc_text(rc));
	return rc;
}

/* Runs all that is there, and makes room for the rest of what is not. */
static hsm_rc run_commands(struct session *s)
{
	struct rd rest = buf_rd(&s->in), command;
	size_t n;

	TRY(length_of(s, rest, &n));
	while (rd_take(&rest, n, &command)) {
		TRY(run_command(s, command));
		TRY(length_of(s, rest, &n));
	}
	memmove(s->in.p, rest.p, rest.n);
	s->in.n = rest.n;
	return buf_reserve(&s->in, n);
}

static hsm_rc receive(struct session *s)
{
	struct buf *in = &s->in;
	const ssize_t k = recv(s->stream->fd, in->p + in->n, in->cap - in->n, MSG_DONTWAIT);

	if (k > 0) {
		in->n += (size_t)k;
		return run_commands(s);
	}
	if (k < 0 && (errno == EAGAIN || errno == EINTR))
		return HSM_OK;
	if (k < 0)
		log_say(LOG_ERROR, "%s: connection lost: %s", s->stream->name, strerror(errno));
	else if (in->n != 0)
		log_say(LOG_ERROR, "%s: closed in the middle of a command", s->stream->name);
	return HSM_E_GONE;
}

static hsm_rc pump(struct session *s)
{
	(void)!read(s->twin->ready, &(uint64_t){ 0 }, sizeof(uint64_t));
	return usb_urbs_pump(s->urbs);
}

static hsm_rc attach(struct session *s)
{
	TRY(buf_reserve(&s->in, COMMANDS_N));
	return usb_urbs_new(s->twin->dev, submitted, s, &s->urbs);
}

void usbip_session(const struct stream *stream, struct usb_twin *twin)
{
	struct session s = { .stream = stream, .twin = twin };
	struct pollfd polls[] = { { 0 }, { stream->fd, POLLIN, 0 }, { twin->ready, POLLIN, 0 } };
	hsm_rc rc = attach(&s);

	if (rc == HSM_OK)
		log_say(LOG_INFO, "%s: attached", stream->name);
	else
		log_say(LOG_ERROR, "%s: %s", stream->name, rc_text(rc));
	while (rc == HSM_OK && front_poll(stream->front, polls, 3, -1)) {
		if (polls[2].revents != 0)
			rc = pump(&s);
		if (rc == HSM_OK && polls[1].revents != 0)
			rc = receive(&s);
	}
	log_say(LOG_INFO, "%s: %s", stream->name,
	        ccid_dev_gone(twin->dev) ? "unplugged" : "detached");
	usb_urbs_free(s.urbs);
	buf_free(&s.in);
	buf_free(&s.out);
}
