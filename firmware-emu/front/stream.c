#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/log.h"
#include "front/internal.h"

/* The driver sends length and body apart, and keeps the body back until the length has been
 * acknowledged: without this each command waits 40 ms. The kernel forgets it, so each time. Other
 * sockets refuse it, and need not have it. */
static void quickack(int fd)
{
	(void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &(int){ 1 }, sizeof(int));
}

/* Reads `n` bytes, fewer at the end of the connection; `*got` says how many there were. */
static hsm_rc read_all(const struct stream *s, uint8_t *p, size_t n, size_t *got)
{
	*got = 0;
	while (*got < n) {
		ssize_t k;

		quickack(s->fd);
		k = recv(s->fd, p + *got, n - *got, MSG_DONTWAIT);
		if (k > 0) {
			*got += (size_t)k;
			continue;
		}
		if (k == 0 || (errno != EAGAIN && errno != EINTR))
			return k == 0 ? HSM_E_GONE : HSM_E_IO;
		if (!front_wait(s->front, s->fd, POLLIN, -1))
			return HSM_E_GONE;
	}
	return HSM_OK;
}

static bool stopping(const struct stream *s)
{
	return !front_wait(s->front, -1, 0, 0);
}

/* Says why a message did not come, unless it was time to end. */
static hsm_rc say_broken(const struct stream *s, hsm_rc rc, size_t got, size_t n)
{
	if (stopping(s))
		return HSM_E_GONE;
	if (rc == HSM_E_IO)
		log_say(LOG_ERROR, "%s: connection lost: %s", s->name, strerror(errno));
	else
		log_say(LOG_ERROR, "%s: closed in the middle of a message, after %zu of %zu bytes",
		        s->name, got, n);
	return rc;
}

hsm_rc stream_get(const struct stream *s, struct wr *w)
{
	uint8_t head[FRAME_HEAD_MAX], *body;
	size_t n, got;
	hsm_rc rc = read_all(s, head, s->format->head_n, &got);

	if (rc == HSM_E_GONE && got == 0)
		return rc;
	if (rc != HSM_OK)
		return say_broken(s, rc, got, s->format->head_n);
	rc = frame_length(s->format, rd_of(head, got), &n);
	body = rc == HSM_OK ? wr_room(w, n) : NULL;
	if (body == NULL) {
		log_say(LOG_ERROR, "%s: closed, as it announced a message of %zu bytes", s->name,
		        n);
		return HSM_E_BAD_LEN;
	}
	rc = read_all(s, body, n, &got);
	return rc == HSM_OK ? HSM_OK : say_broken(s, rc, got, n);
}

hsm_rc stream_put(const struct stream *s, struct rd frame)
{
	while (frame.n != 0) {
		ssize_t k = send(s->fd, frame.p, frame.n, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (k >= 0) {
			frame.p += k;
			frame.n -= (size_t)k;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR) {
			log_say(LOG_ERROR, "%s: gone before its answer: %s", s->name,
			        strerror(errno));
			return HSM_E_GONE;
		}
		if (!front_wait(s->front, s->fd, POLLOUT, -1))
			return HSM_E_GONE;
	}
	return HSM_OK;
}
