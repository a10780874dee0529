/* A card in a virtual reader: the driver of pcscd listens, and we come. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "front/internal.h"

enum { PAUSE_MS = 500 };

struct reader {
	const char *host, *port; /* borrowed */
	char name[300];
	const char *said; /* why there is no connection, as said last; NULL: nothing */
};

/* Connects; false with errno set, also when all shall end. */
static bool reach(const struct front *f, int fd, const struct addrinfo *to)
{
	socklen_t n = sizeof(errno);

	if (connect(fd, to->ai_addr, to->ai_addrlen) == 0)
		return true;
	if (errno != EINPROGRESS)
		return false;
	if (!front_wait(f, fd, POLLOUT, -1)) {
		errno = ECANCELED;
		return false;
	}
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &errno, &n) == 0 && errno == 0;
}

static int connect_to(const struct front *f, const struct addrinfo *to)
{
	int fd = socket(to->ai_family, to->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error;

	if (fd < 0)
		return -1;
	if (reach(f, fd, to)) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
		return fd;
	}
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* A connection to the driver, or -1 and why not. */
static int find_driver(const struct front *f, const struct reader *r, const char **why)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list;
	int fd = -1, error = getaddrinfo(r->host, r->port, &hints, &list);

	if (error != 0) {
		*why = gai_strerror(error);
		return -1;
	}
	for (const struct addrinfo *to = list; fd < 0 && to != NULL; to = to->ai_next)
		fd = connect_to(f, to);
	*why = fd >= 0 ? NULL : errno == ECONNREFUSED ? "nobody listens" : strerrordesc_np(errno);
	freeaddrinfo(list);
	return fd;
}

/* Says it once, until it changes, and not when all shall end. */
static void say_why(const struct front *f, struct reader *r, const char *why)
{
	if (r->said != why && front_wait(f, -1, 0, 0))
		log_say(LOG_ERROR, "%s: no virtual reader of pcscd: %s; trying on", r->name, why);
	r->said = why;
}

static void reader_run(struct front *f, void *arg)
{
	struct reader *r = arg;

	do {
		const char *why;
		int fd = find_driver(f, r, &why);

		if (fd < 0) {
			say_why(f, r, why);
			continue;
		}
		r->said = NULL;
		session_run(&(struct stream){ f, fd, &frame_vpcd, r->name });
		close(fd);
	} while (front_wait(f, -1, 0, PAUSE_MS));
	free(r);
}

hsm_rc front_vpcd(struct front *f, const char *host, const char *port)
{
	struct reader *r = calloc(1, sizeof(*r));
	hsm_rc rc;

	if (r == NULL)
		return HSM_E_MEMORY;
	r->host = host;
	r->port = port;
	snprintf(r->name, sizeof(r->name), "vpcd %s:%s", host, port);
	rc = front_spawn(f, reader_run, r);
	if (rc != HSM_OK)
		free(r);
	return rc;
}
