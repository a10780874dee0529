/* USB/IP: where hosts come that attach the twin over a network. */
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
#include "front/usbip_client.h"

enum {
	BACKLOG = 16,
	CLIENTS_MAX = 16,
	PAUSE_MS = 200,
	IDLE_S = 30, /* after which a silent host is asked whether it is there */
};

struct client {
	struct usb_twin *twin;
	int fd;
	char name[330];
};

static void client_run(struct front *f, void *arg)
{
	struct client *c = arg;

	usbip_client(&(struct stream){ f, c->fd, NULL, c->name }, c->twin);
	close(c->fd);
	atomic_fetch_sub(&c->twin->clients, 1);
	free(c);
}

/* A host that went without a word is noticed in a minute. */
static void prepare(int fd)
{
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &(int){ 1 }, sizeof(int));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &(int){ IDLE_S }, sizeof(int));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &(int){ IDLE_S / 3 }, sizeof(int));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &(int){ 3 }, sizeof(int));
}

static void welcome(struct front *f, struct usb_twin *twin, int fd, unsigned number)
{
	struct client *c = calloc(1, sizeof(*c));

	if (atomic_fetch_add(&twin->clients, 1) < CLIENTS_MAX && c != NULL) {
		*c = (struct client){ .twin = twin, .fd = fd };
		snprintf(c->name, sizeof(c->name), "%s client %u", twin->name, number);
		prepare(fd);
		if (front_spawn(f, client_run, c) == HSM_OK)
			return;
	}
	atomic_fetch_sub(&twin->clients, 1);
	log_say(LOG_ERROR, "%s client %u: refused, there are too many", twin->name, number);
	close(fd);
	free(c);
}

static void accept_run(struct front *f, void *arg)
{
	struct usb_twin *twin = arg;
	unsigned number = 0;

	while (front_wait(f, twin->listener, POLLIN, -1)) {
		const int fd = accept4(twin->listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0) {
			welcome(f, twin, fd, ++number);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
			log_say(LOG_ERROR, "%s: a client must wait: %s", twin->name,
			        strerror(errno));
			(void)front_wait(f, -1, 0, PAUSE_MS);
		}
	}
}

/* A socket that listens, or -1 with errno set. */
static int listen_to(const struct addrinfo *to)
{
	const int fd = socket(to->ai_family, to->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error;

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (bind(fd, to->ai_addr, to->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* Why it cannot listen there; NULL when it does. */
static const char *listen_at(struct usb_twin *twin, const char *host, const char *port)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	struct addrinfo *found;
	const int error = getaddrinfo(host, port, &hints, &found);

	if (error != 0)
		return gai_strerror(error);
	for (const struct addrinfo *to = found; twin->listener < 0 && to != NULL; to = to->ai_next)
		twin->listener = listen_to(to);
	freeaddrinfo(found);
	if (twin->listener >= 0)
		return NULL;
	return errno == EADDRINUSE ? "another program listens there" : strerrordesc_np(errno);
}

/* Where it listens: the number when any port was asked for. */
static unsigned port_of(int listener)
{
	struct sockaddr_storage at = { 0 };
	socklen_t n = sizeof(at);
	char port[8] = "0";

	if (getsockname(listener, (struct sockaddr *)&at, &n) == 0)
		(void)getnameinfo((const struct sockaddr *)&at, n, NULL, 0, port, sizeof(port),
		        NI_NUMERICSERV);
	return (unsigned)strtoul(port, NULL, 10);
}

hsm_rc front_usbip(struct front *f, const char *host, const char *port, const struct front_usb *usb)
{
	struct usb_twin *twin;
	const char *why;
	char name[300];

	snprintf(name, sizeof(name), "usbip %s:%s", host, port);
	TRY(usb_twin_new(f, name, usb, &twin));
	why = listen_at(twin, host, port);
	if (why != NULL) {
		log_say(LOG_ERROR, "%s: cannot listen there: %s", name, why);
		return HSM_E_IO;
	}
	log_say(LOG_INFO, "%s: listening at port %u for hosts that attach device %s", name,
	        port_of(twin->listener), twin->shown.busid);
	return front_spawn(f, accept_run, twin);
}
