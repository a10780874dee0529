/* USB/IP: hosts that attach the twin over a network (Linux, Documentation/usb/usbip_protocol.rst).
 * Each connection asks for the list, or for the device and then has it. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "front/usbip_session.h"

enum {
	BACKLOG = 16,
	CLIENTS_MAX = 16,
	PAUSE_MS = 200,
	REQUEST_MS = 10000, /* for the whole request */
	IDLE_S = 30,        /* after which a silent host is asked whether it is there */
	LIST_MAX = USBIP_OP_HEAD + 4 + USBIP_DEVICE + 4 * USBIP_INTERFACES_MAX,
};

struct client {
	struct usb_twin *twin;
	int fd;
	char name[330];
};

/* ---- one connection ---- */

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

static void serve(const struct stream *s, struct usb_twin *twin)
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

static void client_run(struct front *f, void *arg)
{
	struct client *c = arg;

	serve(&(struct stream){ f, c->fd, NULL, c->name }, c->twin);
	close(c->fd);
	atomic_fetch_sub(&c->twin->clients, 1);
	free(c);
}

/* ---- all of them ---- */

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
