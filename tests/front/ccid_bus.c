#include "ccid_bus.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PATIENCE_S = 60, NEVER_MS = 600000 };

static void ready(void *arg)
{
	struct ccid_bus *b = arg;

	pthread_mutex_lock(&b->lock);
	b->news = true;
	pthread_cond_broadcast(&b->wake);
	pthread_mutex_unlock(&b->lock);
}

struct ccid_bus *bus_new(const struct ccid_bus_how *how)
{
	struct ccid_bus *b = calloc(1, sizeof(*b));
	struct ccid_dev_setup setup = {
		.token = how->token == NULL ? ":memory:" : how->token,
		.model = how->model,
		.ready = ready,
		.arg = b,
		.pace_ms = how->pace_ms == 0 ? NEVER_MS : how->pace_ms,
	};

	assert_non_null(b);
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->wake, NULL);
	assert_int_equal(ccid_faults_parse(rd_str(how->faults), &b->faults), HSM_OK);
	setup.faults = b->faults;
	b->model = how->model;
	b->ep_out = how->model == CCID_DEV_NITROKEY ? 0x02 : 0x01;
	b->ep_in = 0x82;
	b->ep_notice = how->model == CCID_DEV_NITROKEY ? 0x81 : 0x83;
	assert_int_equal(ccid_dev_new(&setup, &b->dev), HSM_OK);
	assert_int_equal(bus_control(b, "00 09 0100 0000 0000"), CCID_DEV_OK);
	return b;
}

void bus_free(struct ccid_bus *b)
{
	ccid_dev_free(b->dev);
	ccid_faults_free(b->faults);
	pthread_cond_destroy(&b->wake);
	pthread_mutex_destroy(&b->lock);
	free(b);
}

enum ccid_dev_status bus_control(struct ccid_bus *b, const char *setup)
{
	uint8_t bytes[8];
	struct wr w = WR_ARRAY(b->in);
	enum ccid_dev_status status;

	assert_int_equal(emu_unhex(setup, bytes, sizeof(bytes)), sizeof(bytes));
	status = ccid_dev_control(b->dev, bytes, (struct rd){ 0 }, &w);
	b->n = w.n;
	return status;
}

enum ccid_dev_status bus_out_bytes(struct ccid_bus *b, struct rd bytes)
{
	return ccid_dev_out(b->dev, b->ep_out, bytes);
}

enum ccid_dev_status bus_out(struct ccid_bus *b, const char *hex)
{
	uint8_t bytes[1024];

	return bus_out_bytes(b, rd_of(bytes, emu_unhex(hex, bytes, sizeof(bytes))));
}

enum ccid_dev_status bus_poll(struct ccid_bus *b, uint8_t ep, size_t room)
{
	struct wr w = wr_of(b->in, room);
	enum ccid_dev_status status;

	assert_true(room <= sizeof(b->in));
	status = ccid_dev_in(b->dev, ep, &w);
	b->n = w.n;
	return status;
}

enum ccid_dev_status bus_in(struct ccid_bus *b, uint8_t ep, size_t room)
{
	enum ccid_dev_status status;
	struct timespec until;
	int failed = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	while ((status = bus_poll(b, ep, room)) == CCID_DEV_NOT_YET && failed == 0) {
		pthread_mutex_lock(&b->lock);
		while (!b->news && failed == 0)
			failed = pthread_cond_timedwait(&b->wake, &b->lock, &until);
		b->news = false;
		pthread_mutex_unlock(&b->lock);
	}
	return status;
}

/* Compares hex digits with bytes. */
static bool fits(const char *want, const uint8_t *p, size_t n)
{
	char digits[3];

	while (true) {
		while (isspace((unsigned char)*want))
			want++;
		if (*want == '\0' || n == 0)
			return *want == '\0' && n == 0;
		snprintf(digits, sizeof(digits), "%02X", *p);
		if (want[0] != '.' && strncasecmp(want, digits, 2) != 0)
			return false;
		want += 2;
		p++;
		n--;
	}
}

void bus_check_got(const struct ccid_bus *b, const char *want, const char *file, int line)
{
	if (fits(want, b->in, b->n))
		return;
	print_error("expected %s\ngot      ", want);
	for (size_t i = 0; i < b->n; i++)
		print_error("%02X", b->in[i]);
	print_error("\n");
	_fail(file, line);
}

void bus_check_in(struct ccid_bus *b, const char *want, const char *file, int line)
{
	const enum ccid_dev_status status = bus_in(b, b->ep_in, 1024);

	if (status != CCID_DEV_OK) {
		print_error("expected %s\nstatus %d\n", want, (int)status);
		_fail(file, line);
	}
	bus_check_got(b, want, file, line);
}

void bus_check(struct ccid_bus *b, const char *hex, const char *want, const char *file, int line)
{
	const enum ccid_dev_status status = bus_out(b, hex);

	if (status != CCID_DEV_OK) {
		print_error("> %s\nstatus %d\n", hex, (int)status);
		_fail(file, line);
	}
	bus_check_in(b, want, file, line);
}
