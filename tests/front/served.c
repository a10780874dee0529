#include "served.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"

enum { PATIENCE_MS = 20000 };

int served_setup(void **state)
{
	struct served *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	log_set(LOG_OFF); /* what bad clients do is said, which is not the matter here */
	place_ready(&s->place, EMU_KDF_CHEAP);
	snprintf(s->path, sizeof(s->path), "%s/socket", s->place.folder);
	snprintf(s->trace, sizeof(s->trace), "%s/trace", s->place.folder);
	assert_int_equal(front_new(s->place.path, s->trace, &s->front), HSM_OK);
	assert_int_equal(front_socket(s->front, s->path), HSM_OK);
	*state = s;
	return 0;
}

int served_teardown(void **state)
{
	struct served *s = *state;

	front_stop(s->front);
	place_remove(&s->place);
	free(s);
	log_set(LOG_ERROR);
	return 0;
}

struct wire wire_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct wire w = { socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), 4 };

	assert_true(strlen(path) < sizeof(address.sun_path));
	strcpy(address.sun_path, path);
	assert_int_equal(connect(w.fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return w;
}

struct driver driver_listen(const char *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)atoi(port)) };
	struct driver d = { .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
	socklen_t n = sizeof(address);

	setsockopt(d.fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	assert_int_equal(bind(d.fd, (const struct sockaddr *)&address, n), 0);
	assert_int_equal(listen(d.fd, 4), 0);
	assert_int_equal(getsockname(d.fd, (struct sockaddr *)&address, &n), 0);
	snprintf(d.port, sizeof(d.port), "%u", ntohs(address.sin_port));
	return d;
}

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, PATIENCE_MS) == 1;
}

struct wire driver_accept(const struct driver *d)
{
	struct wire w = { -1, 2 };

	assert_true(readable(d->fd));
	w.fd = accept4(d->fd, NULL, NULL, SOCK_CLOEXEC);
	assert_true(w.fd >= 0);
	return w;
}

void wire_close(struct wire *w)
{
	close(w->fd);
	w->fd = -1;
}

void wire_raw(const struct wire *w, const void *bytes, size_t n)
{
	assert_int_equal(send(w->fd, bytes, n, MSG_NOSIGNAL), n);
}

void wire_send(const struct wire *w, struct rd message)
{
	uint8_t head[4];

	for (size_t i = 0; i < w->head_n; i++)
		head[i] = (uint8_t)(message.n >> 8 * (w->head_n - 1 - i));
	wire_raw(w, head, w->head_n);
	wire_raw(w, message.p, message.n);
}

/* Reads as many bytes, or none at the end of the connection. */
static bool receive(const struct wire *w, uint8_t *p, size_t n)
{
	while (n != 0) {
		ssize_t k;

		assert_true(readable(w->fd));
		k = recv(w->fd, p, n, 0);
		if (k <= 0)
			return false;
		p += k;
		n -= (size_t)k;
	}
	return true;
}

size_t wire_receive(const struct wire *w, uint8_t *out, size_t cap)
{
	uint8_t head[4];
	size_t n = 0;

	if (!receive(w, head, w->head_n))
		return 0;
	for (size_t i = 0; i < w->head_n; i++)
		n = n << 8 | head[i];
	assert_true(n <= cap);
	assert_true(receive(w, out, n));
	return n;
}

void wire_check(const struct wire *w, const char *hex, const char *want, const char *file, int line)
{
	static uint8_t bytes[CAPDU_MAX], expected[RAPDU_MAX];
	size_t n = emu_unhex(hex, bytes, sizeof(bytes));

	wire_send(w, rd_of(bytes, n));
	n = wire_receive(w, bytes, sizeof(bytes));
	if (rd_equal(rd_of(bytes, n), rd_of(expected, emu_unhex(want, expected, sizeof(expected)))))
		return;
	print_error("> %s\n< ", hex);
	for (size_t i = 0; i < n; i++)
		print_error("%02X", bytes[i]);
	print_error("\nexpected %s\n", want);
	_fail(file, line);
}

bool wire_ended(const struct wire *w)
{
	uint8_t byte;

	return readable(w->fd) && recv(w->fd, &byte, 1, 0) <= 0;
}
