/* A whole connection of USB/IP to a device of ours: what the host sends after the first byte, which
 * says in what pieces bytes come and go, with what interruptions, what the device does, and how it
 * ends. Whatever comes, each transfer is answered at most once and as its command wants, none after
 * it was taken back, and at the end only reads still wait. Instead of a socket there are the
 * functions below, put in its place when linked (option --wrap). */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/log.h"
#include "fake_ccid_dev.h"
#include "front/usb_urbs.h"
#include "front/usbip_client.h"
#include "fuzz.h"

enum kind {
	PIECES = 1,      /* else all that is there, and all that is sent */
	INTERRUPTED = 2, /* by signals, and by waiting */
	RESET = 4,       /* the connection ends with an error */
	GONE = 8,        /* nobody takes answers at some time */
	STOPPED = 16,    /* the server is stopped at some time */
	UNPLUGGED = 32,  /* the device is, at some time */
	TALKS = 64,      /* the device has data */
};

enum { COMMANDS_MAX = 512, LIST = 12 + 312 + 2 * 4, IMPORT = 8 + 312, REFUSED = 8 };

static struct {
	struct rd in;
	uint8_t kind;
	uint32_t random;
	struct usb_twin *twin;
	struct command {
		struct usbip_urb urb;
		bool ended;
	} commands[COMMANDS_MAX]; /* of the host, as far as they are well-formed */
	size_t commands_n;
	bool known;  /* all commands are in the table, each with a number of its own */
	size_t left; /* of the frame that is being sent */
	unsigned replies;
	bool gone, stopped;
} peer;

/* One of 0 to n - 1, the same for the same input (Numerical Recipes, "quick and dirty"). */
static size_t pick(size_t n)
{
	peer.random = peer.random * 1664525 + 1013904223;
	return (peer.random >> 8) % n;
}

static bool happens(enum kind what)
{
	return (peer.kind & what) != 0 && pick(8) == 0;
}

static size_t piece(size_t n)
{
	return (peer.kind & PIECES) == 0 ? n : 1 + pick(n);
}

static ssize_t fail(int error)
{
	errno = error;
	return -1;
}

ssize_t __wrap_recv(int fd, void *p, size_t n, int flags);
ssize_t __wrap___recv_chk(int fd, void *p, size_t n, size_t room, int flags);
ssize_t __wrap_send(int fd, const void *p, size_t n, int flags);
int __wrap_poll(struct pollfd *polls, nfds_t n, int ms);

ssize_t __wrap_recv(int fd, void *p, size_t n, int flags)
{
	struct rd part;

	(void)fd;
	(void)flags;
	FUZZ_ASSERT(n != 0);
	if (happens(INTERRUPTED))
		return fail(pick(2) == 0 ? EINTR : EAGAIN);
	if (peer.in.n == 0)
		return (peer.kind & RESET) != 0 ? fail(ECONNRESET) : 0;
	n = piece(n < peer.in.n ? n : peer.in.n);
	FUZZ_ASSERT(rd_take(&peer.in, n, &part));
	memcpy(p, part.p, n);
	return (ssize_t)n;
}

ssize_t __wrap___recv_chk(int fd, void *p, size_t n, size_t room, int flags)
{
	FUZZ_ASSERT(n <= room);
	return __wrap_recv(fd, p, n, flags);
}

/* The command with this number that has not ended; there must be one. */
static struct command *open_command(enum usbip_urb_kind kind, uint32_t seq)
{
	struct command *found = NULL;

	for (size_t i = 0; i < peer.commands_n && found == NULL; i++) {
		struct command *c = &peer.commands[i];

		if (c->urb.kind == kind && c->urb.seq == seq && !c->ended)
			found = c;
	}
	FUZZ_ASSERT(found != NULL);
	return found;
}

static void check_unlinked(struct rd frame)
{
	struct usbip_urb answer;
	struct command *c;

	FUZZ_ASSERT(usbip_answer_get(frame, false, &answer) == HSM_OK);
	c = open_command(USBIP_CMD_UNLINK, answer.seq);
	c->ended = true;
	FUZZ_ASSERT(answer.status == 0 || answer.status == -ECONNRESET);
	if (answer.status != 0)
		open_command(USBIP_CMD_SUBMIT, c->urb.unlink_seq)->ended = true;
}

static void check_submitted(struct rd frame, uint32_t seq)
{
	struct command *c = open_command(USBIP_CMD_SUBMIT, seq);
	struct usbip_urb answer;

	FUZZ_ASSERT(usbip_answer_get(frame, c->urb.in, &answer) == HSM_OK);
	c->ended = true;
	FUZZ_ASSERT(answer.actual <= c->urb.length && answer.status <= 0);
}

/* A frame that begins to be sent. */
static void check_frame(struct rd frame)
{
	struct rd r = frame;
	uint32_t kind, seq;

	FUZZ_ASSERT(rd_u32(&r, &kind) && rd_u32(&r, &seq));
	if (peer.replies++ == 0) {
		FUZZ_ASSERT(frame.n == LIST || frame.n == IMPORT || frame.n == REFUSED);
		return;
	}
	FUZZ_ASSERT(frame.n >= USBIP_HEAD);
	FUZZ_ASSERT(kind == USBIP_RET_SUBMIT || kind == USBIP_RET_UNLINK);
	if (!peer.known)
		return;
	if (kind == USBIP_RET_UNLINK)
		check_unlinked(frame);
	else
		check_submitted(frame, seq);
}

ssize_t __wrap_send(int fd, const void *p, size_t n, int flags)
{
	(void)fd;
	FUZZ_ASSERT((flags & MSG_NOSIGNAL) != 0 && n != 0 && !peer.gone);
	if (peer.left == 0) {
		check_frame(rd_of(p, n));
		peer.left = n;
	}
	FUZZ_ASSERT(n == peer.left);
	if (happens(INTERRUPTED))
		return fail(pick(2) == 0 ? EINTR : EAGAIN);
	peer.gone = happens(GONE);
	if (peer.gone)
		return fail(EPIPE);
	n = piece(n);
	peer.left -= n;
	return (ssize_t)n;
}

static void device_talks(struct ccid_dev *d)
{
	static const uint8_t bytes[FAKE_PIECE_MAX];
	const uint8_t ep = (uint8_t)(USB_IN | (1 + pick(15)));

	if (pick(4) == 0)
		fake_put(d, ep, CCID_DEV_STALL, (struct rd){ 0 });
	else
		fake_put(d, ep, CCID_DEV_OK, rd_of(bytes, pick(FAKE_PIECE_MAX)));
	d->out_status = pick(4) == 0 ? CCID_DEV_STALL : CCID_DEV_OK;
}

/* Of the pipe that stops the server, the socket, and the device. */
int __wrap_poll(struct pollfd *polls, nfds_t n, int ms)
{
	(void)ms;
	FUZZ_ASSERT(n == 2 || n == 3);
	if (happens(INTERRUPTED))
		return (int)fail(EINTR);
	peer.stopped = peer.stopped || happens(STOPPED);
	polls[0].revents = peer.stopped ? POLLHUP : 0;
	polls[1].revents = polls[1].events;
	if (n == 2)
		return 1;
	polls[2].revents = 0;
	if (happens(TALKS) || happens(UNPLUGGED)) {
		polls[2].revents = POLLIN;
		device_talks(peer.twin->dev);
		if ((peer.kind & UNPLUGGED) != 0 && pick(4) == 0)
			ccid_dev_unplug(peer.twin->dev);
	}
	return 1;
}

static struct front *front;

static struct usb_twin *the_twin(void)
{
	static struct usb_twin *twin;
	struct front_usb usb = { 0 };

	if (twin == NULL) {
		log_set(LOG_OFF);
		FUZZ_ASSERT(front_new("token", NULL, &front) == HSM_OK);
		FUZZ_ASSERT(usb_twin_new(front, "fuzz", &usb, &twin) == HSM_OK);
	}
	return twin;
}

static bool is_new(uint32_t seq)
{
	for (size_t i = 0; i < peer.commands_n; i++)
		if (peer.commands[i].urb.seq == seq)
			return false;
	return true;
}

/* What the host wants, up to the first malformed command. */
static void read_commands(struct rd in)
{
	struct rd head, bytes;
	struct usbip_urb u;
	size_t n;

	peer.commands_n = 0;
	peer.known = true;
	if (!rd_take(&in, USBIP_IMPORT, &head))
		return;
	while (usbip_command_length(in, &n) == HSM_OK && rd_take(&in, n, &bytes) &&
	        usbip_command_get(bytes, &u) == HSM_OK) {
		peer.known = peer.known && peer.commands_n < COMMANDS_MAX && is_new(u.seq);
		if (!peer.known)
			return;
		peer.commands[peer.commands_n++] = (struct command){ .urb = u };
	}
}

/* After a connection that ended when the host had no more to say. */
static void check_rest(void)
{
	size_t waiting = 0;

	for (size_t i = 0; i < peer.commands_n; i++) {
		const struct command *c = &peer.commands[i];

		if (c->ended)
			continue;
		FUZZ_ASSERT(c->urb.kind == USBIP_CMD_SUBMIT && c->urb.in && c->urb.ep != 0);
		waiting++;
	}
	FUZZ_ASSERT(waiting <= USB_URBS_MAX);
}

static bool all_for_us(void)
{
	for (size_t i = 0; i < peer.commands_n; i++)
		if (peer.commands[i].urb.devid != (USB_TWIN_BUS << 16 | USB_TWIN_DEVICE))
			return false;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct usb_twin *twin = the_twin();
	struct rd in = rd_of(data, size);
	unsigned resets;
	bool attached;
	uint8_t kind;

	if (!rd_u8(&in, &kind))
		return 0;
	FUZZ_ASSERT(usb_twin_take(twin)); /* a device there again after it was unplugged */
	usb_twin_give_back(twin);
	resets = twin->dev->resets;
	for (size_t i = 0; i < FAKE_ENDPOINTS; i++)
		twin->dev->in[i].n = 0;
	peer.in = in;
	peer.kind = kind;
	peer.random = (uint32_t)size;
	peer.twin = twin;
	peer.left = 0;
	peer.replies = 0;
	peer.gone = peer.stopped = false;
	read_commands(in);
	usbip_client(&(struct stream){ front, -1, NULL, "fuzz" }, twin);
	attached = twin->dev == NULL || twin->dev->resets != resets;
	FUZZ_ASSERT(!atomic_load(&twin->taken));
	if (attached && peer.known && !peer.gone && !peer.stopped && twin->dev != NULL &&
	        all_for_us())
		check_rest();
	return 0;
}
