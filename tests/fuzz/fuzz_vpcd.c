/* A whole session on a fresh card in memory: the input is what a client of the socket sends (first
 * byte odd) or the driver of the virtual reader. Whatever comes, each answer is a whole frame. */
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/ossl.h"
#include "front/internal.h"
#include "fuzz.h"

enum { INPUT_MAX = 16384 };

struct peer {
	int fd;
	const struct frame_format *format;
	uint8_t byte[FRAME_HEAD_MAX + FRAME_SOCKET_MAX];
};

/* Reads all answers, so that the session never waits for us. */
static void *read_answers(void *arg)
{
	struct peer *p = arg;
	size_t n;

	while (recv(p->fd, p->byte, p->format->head_n, MSG_WAITALL) == (ssize_t)p->format->head_n) {
		const struct rd head = rd_of(p->byte, p->format->head_n);

		FUZZ_ASSERT(frame_length(p->format, head, &n) == HSM_OK && n >= 2);
		FUZZ_ASSERT(recv(p->fd, p->byte, n, MSG_WAITALL) == (ssize_t)n);
	}
	return NULL;
}

static struct front *the_front(void)
{
	static struct front *f;

	if (f == NULL) {
		log_set(LOG_OFF);
		FUZZ_ASSERT(ossl_acquire() == HSM_OK);
		FUZZ_ASSERT(front_new(":memory:", "/dev/null", &f) == HSM_OK);
	}
	return f;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct peer p;
	struct rd in = rd_of(data, size < INPUT_MAX ? size : INPUT_MAX);
	uint8_t format;
	pthread_t reader;
	int fds[2];

	if (!rd_u8(&in, &format))
		return 0;
	FUZZ_ASSERT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
	p.fd = fds[1];
	p.format = (format & 1) != 0 ? &frame_socket : &frame_vpcd;
	FUZZ_ASSERT(send(p.fd, in.p, in.n, 0) == (ssize_t)in.n || in.n == 0);
	FUZZ_ASSERT(shutdown(p.fd, SHUT_WR) == 0);
	FUZZ_ASSERT(pthread_create(&reader, NULL, read_answers, &p) == 0);
	session_run(&(struct stream){ the_front(), fds[0], p.format, "fuzz" });
	close(fds[0]);
	pthread_join(reader, NULL);
	close(fds[1]);
	return 0;
}
