/* A whole session of a front end on a card in memory: the input is what a client of the socket
 * sends (first byte odd) or the driver of the virtual reader. The rest of the first byte says how
 * the bytes come and go: in what pieces, with what interruptions, and how it ends. Whatever comes,
 * each command is answered by a whole frame, in order, until the end. Instead of a socket there are
 * the functions below, put in its place when linked (option --wrap). */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/log.h"
#include "front/internal.h"
#include "twin.h"

enum kind {
	SOCKET = 1,
	PIECES = 2,      /* else all that is there, and all that is sent */
	INTERRUPTED = 4, /* by signals, and by waiting */
	RESET = 8,       /* the connection ends with an error */
	GONE = 16,       /* nobody takes answers at some time */
	STOPPED = 32,    /* the server is stopped at some time */
};

static struct {
	struct rd in;
	uint8_t kind;
	uint32_t random;
	const struct frame_format *format;
	uint8_t frame[FRAME_HEAD_MAX + FRAME_SOCKET_MAX]; /* being received */
	size_t frame_n;
	unsigned frames;
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
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t n);
hsm_rc __real_emu_open(const char *path, struct emu_card **out);
hsm_rc __wrap_emu_open(const char *path, struct emu_card **out);

ssize_t __wrap_recv(int fd, void *p, size_t n, int flags)
{
	struct rd part;

	(void)fd;
	(void)flags;
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

/* The end of a frame: a new one begins. */
static void take_byte(uint8_t byte)
{
	size_t n;

	FUZZ_ASSERT(peer.frame_n < sizeof(peer.frame));
	peer.frame[peer.frame_n++] = byte;
	if (peer.frame_n < peer.format->head_n)
		return;
	FUZZ_ASSERT(
	        frame_length(peer.format, rd_of(peer.frame, peer.format->head_n), &n) == HSM_OK);
	FUZZ_ASSERT(n >= 2);
	if (peer.frame_n < peer.format->head_n + n)
		return;
	peer.frame_n = 0;
	peer.frames++;
}

ssize_t __wrap_send(int fd, const void *p, size_t n, int flags)
{
	const uint8_t *bytes = p;

	(void)fd;
	FUZZ_ASSERT((flags & MSG_NOSIGNAL) != 0 && n != 0 && !peer.gone);
	if (happens(INTERRUPTED))
		return fail(pick(2) == 0 ? EINTR : EAGAIN);
	peer.gone = happens(GONE);
	if (peer.gone)
		return fail(EPIPE);
	n = piece(n);
	for (size_t i = 0; i < n; i++)
		take_byte(bytes[i]);
	return (ssize_t)n;
}

/* Of the pipe that stops the server, and of the socket. */
int __wrap_poll(struct pollfd *polls, nfds_t n, int ms)
{
	(void)ms;
	FUZZ_ASSERT(n == 2);
	if (happens(INTERRUPTED))
		return (int)fail(EINTR);
	peer.stopped = peer.stopped || happens(STOPPED);
	polls[0].revents = peer.stopped ? POLLHUP : 0;
	polls[1].revents = polls[1].events;
	return 1;
}

int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t n)
{
	(void)fd;
	(void)level;
	(void)name;
	(void)value;
	(void)n;
	return (int)fail(EOPNOTSUPP);
}

hsm_rc __wrap_emu_open(const char *path, struct emu_card **out)
{
	if (strcmp(path, ":memory:") == 0)
		return __real_emu_open(path, out);
	return emu_open_bytes(twin_file(true), out);
}

static struct front *the_front(void)
{
	static struct front *f;

	if (f == NULL) {
		(void)twin_file(true);
		FUZZ_ASSERT(front_new("token", "/dev/null", &f) == HSM_OK);
	}
	return f;
}

/* Messages that are to be answered: commands, and questions for the ATR. */
static unsigned answers(struct rd in)
{
	struct rd head, body;
	unsigned count = 0;
	size_t n;

	while (rd_take(&in, peer.format->head_n, &head) &&
	        frame_length(peer.format, head, &n) == HSM_OK && rd_take(&in, n, &body))
		count += body.n > 1 || body.p[0] == FRAME_ATR ? 1 : 0;
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct front *front = the_front();
	struct rd in = rd_of(data, size);
	unsigned wanted;
	uint8_t kind;

	if (!rd_u8(&in, &kind))
		return 0;
	peer.in = in;
	peer.kind = kind;
	peer.random = (uint32_t)size;
	peer.format = (kind & SOCKET) != 0 ? &frame_socket : &frame_vpcd;
	peer.frame_n = 0;
	peer.frames = 0;
	peer.gone = false;
	peer.stopped = false;
	wanted = answers(in);
	session_run(&(struct stream){ front, -1, peer.format, "fuzz" });
	FUZZ_ASSERT(peer.frames <= wanted);
	if (!peer.gone && !peer.stopped)
		FUZZ_ASSERT(peer.frames == wanted && peer.frame_n == 0);
	return 0;
}
