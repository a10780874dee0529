/* A card behind a Unix socket, "unix:PATH", served by `twinhsm-emu serve --socket PATH`. Each
 * connection is a powered chip with one execution context. */
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "transport/path_sight.h"
#include "wire/frame.h"

enum { LANES_MAX = 1, ATR_MAX = 33 };

struct unix_tp {
	struct tp tp;
	struct tp_lane lane;
	int fd;
	atomic_bool gone; /* the other end hung up, or is out of step */
	struct buf frame; /* room for the longest */
};

static struct unix_tp *of(struct tp *tp)
{
	return (struct unix_tp *)tp;
}

static hsm_rc send_all(int fd, struct rd bytes)
{
	while (bytes.n != 0) {
		ssize_t k = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return HSM_E_GONE;
		bytes.p += k;
		bytes.n -= (size_t)k;
	}
	return HSM_OK;
}

static hsm_rc receive(int fd, uint8_t *p, size_t n)
{
	while (n != 0) {
		ssize_t k = recv(fd, p, n, 0);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return HSM_E_GONE;
		p += k;
		n -= (size_t)k;
	}
	return HSM_OK;
}

static hsm_rc send_message(struct unix_tp *u, struct rd message)
{
	struct wr w = wr_of(u->frame.p, u->frame.cap);

	frame_begin(&frame_socket, &w);
	wr_rd_put(&w, message);
	TRY(frame_end(&frame_socket, &w));
	return send_all(u->fd, wr_rd(&w));
}

/* An answer that does not fit is read to its end all the same, so that the next one is in place. */
static hsm_rc get_message(struct unix_tp *u, struct wr *out)
{
	uint8_t head[FRAME_HEAD_MAX];
	size_t n;

	TRY(receive(u->fd, head, frame_socket.head_n));
	if (frame_length(&frame_socket, rd_of(head, frame_socket.head_n), &n) != HSM_OK)
		return HSM_E_GONE;
	TRY(receive(u->fd, u->frame.p, n));
	wr_put(out, u->frame.p, n);
	return wr_done(out);
}

static hsm_rc ask(struct unix_tp *u, struct rd message, struct wr *out)
{
	TRY(send_message(u, message));
	return get_message(u, out);
}

/* ---- the carrier ---- */

static hsm_rc connect_to(const char *where, int *out)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, error;

	if (strlen(where) >= sizeof(address.sun_path)) {
		log_say(LOG_ERROR, "unix:%s: the path is too long for a socket", where);
		return HSM_E_BAD_CONFIG;
	}
	strcpy(address.sun_path, where);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0) {
		*out = fd;
		return HSM_OK;
	}
	error = errno;
	if (fd >= 0)
		close(fd);
	log_say(LOG_INFO, "unix:%s: no card is served there: %s", where, strerror(error));
	return error == EACCES ? HSM_E_TOKEN_ACCESS : HSM_E_TOKEN_MISSING;
}

static void unix_tp_close(struct tp *tp)
{
	/* Not only close: a forked child may have the connection open as well. */
	(void)shutdown(of(tp)->fd, SHUT_RDWR);
	close(of(tp)->fd);
	buf_free(&of(tp)->frame);
	free(tp);
}

/* Is there a card at the other end? */
static hsm_rc greet(struct unix_tp *u)
{
	static const uint8_t get_atr = FRAME_ATR;
	uint8_t atr[ATR_MAX];
	struct wr w = WR_ARRAY(atr);

	TRY(buf_reserve(&u->frame, frame_socket.head_n + frame_socket.max));
	return ask(u, rd_of(&get_atr, 1), &w);
}

static hsm_rc unix_tp_open(const char *where, struct tp **out)
{
	struct unix_tp *u;
	hsm_rc rc;
	int fd;

	TRY(connect_to(where, &fd));
	u = calloc(1, sizeof(*u));
	if (u == NULL) {
		close(fd);
		return HSM_E_MEMORY;
	}
	u->tp = (struct tp){ &tp_unix, LANES_MAX, FRAME_SOCKET_MAX };
	u->lane.tp = &u->tp;
	u->fd = fd;
	rc = greet(u);
	if (rc != HSM_OK) {
		unix_tp_close(&u->tp);
		return rc;
	}
	*out = &u->tp;
	return HSM_OK;
}

static hsm_rc unix_tp_lane_new(struct tp *tp, struct tp_lane **out)
{
	*out = &of(tp)->lane;
	return HSM_OK;
}

static void unix_tp_lane_close(struct tp_lane *lane)
{
	(void)lane;
}

/* One byte would be a message about power, and no command is that short. */
static hsm_rc unix_tp_xfer(struct tp_lane *lane, struct rd cmd, struct wr *rsp)
{
	struct unix_tp *u = of(lane->tp);
	hsm_rc rc;

	if (cmd.n < 2)
		return HSM_E_BAD_LEN;
	if (atomic_load(&u->gone))
		return HSM_E_GONE;
	rc = ask(u, cmd, rsp);
	if (rc == HSM_E_GONE)
		atomic_store(&u->gone, true);
	return rc;
}

/* The wire cannot say it: other clients' commands may come between, and each one is durable. */
static hsm_rc unix_tp_hold(struct tp_lane *lane, bool on)
{
	(void)lane;
	(void)on;
	return HSM_OK;
}

static hsm_rc unix_tp_look(struct tp *tp, struct tp_epoch *out)
{
	*out = (struct tp_epoch){ 0 };
	return atomic_load(&of(tp)->gone) ? HSM_E_GONE : HSM_OK;
}

static hsm_rc unix_tp_present(struct tp *tp)
{
	struct unix_tp *u = of(tp);
	struct pollfd p = { .fd = u->fd, .events = POLLRDHUP };

	if (poll(&p, 1, 0) == 1)
		atomic_store(&u->gone, true);
	return atomic_load(&u->gone) ? HSM_E_GONE : HSM_OK;
}

/* Connections of the parent stay open in the child, unused, until it ends. */
static void unix_tp_forget(void)
{
}

const struct tp_ops tp_unix = {
	.scheme = "unix",
	.open = unix_tp_open,
	.lane = unix_tp_lane_new,
	.lane_close = unix_tp_lane_close,
	.xfer = unix_tp_xfer,
	.hold = unix_tp_hold,
	.look = unix_tp_look,
	.close = unix_tp_close,
	.forget = unix_tp_forget,
	.sight = path_sight,
	.present = unix_tp_present,
};
