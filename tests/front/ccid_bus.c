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

/* ---- commands for the card ---- */

size_t bus_xfr(struct ccid_bus *b, uint8_t level, struct rd data, uint8_t *out, size_t cap)
{
	struct wr w = wr_of(out, cap);
	const uint8_t head[] = { 0x6F, (uint8_t)data.n, (uint8_t)(data.n >> 8), 0, 0, 0, ++b->seq,
		0, level, 0 };

	wr_put(&w, head, sizeof(head));
	wr_rd_put(&w, data);
	assert_false(w.bad);
	return w.n;
}

static void send_xfr(struct ccid_bus *b, uint8_t level, struct rd data)
{
	uint8_t bytes[1024];

	assert_int_equal(
	        bus_out_bytes(b, rd_of(bytes, bus_xfr(b, level, data, bytes, sizeof(bytes)))),
	        CCID_DEV_OK);
}

/* The data of a DataBlock must be these. */
static void expect_data(
        struct ccid_bus *b, uint8_t chain, struct rd want, const char *file, int line)
{
	char text[2048];
	size_t n = (size_t)snprintf(text, sizeof(text), "80 %02X%02X0000 00 %02X 00 00 %02X",
	        (unsigned)(want.n & 0xFF), (unsigned)(want.n >> 8), b->seq, chain);

	for (size_t i = 0; i < want.n; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%02X", want.p[i]);
	bus_check_in(b, text, file, line);
}

static size_t with_lrc(const char *hex, uint8_t *out, size_t cap)
{
	size_t n = emu_unhex(hex, out, cap - 1);

	out[n] = 0;
	for (size_t i = 0; i < n; i++)
		out[n] ^= out[i];
	return n + 1;
}

void bus_check_t1(
        struct ccid_bus *b, const char *block, const char *want, const char *file, int line)
{
	uint8_t bytes[300];

	send_xfr(b, 0, rd_of(bytes, with_lrc(block, bytes, sizeof(bytes))));
	expect_data(b, 0, rd_of(bytes, with_lrc(want, bytes, sizeof(bytes))), file, line);
}

void bus_check_xfr(struct ccid_bus *b, uint8_t level, const char *data, uint8_t chain,
        const char *want, const char *file, int line)
{
	uint8_t bytes[300];

	send_xfr(b, level, rd_of(bytes, emu_unhex(data, bytes, sizeof(bytes))));
	expect_data(b, chain, rd_of(bytes, emu_unhex(want, bytes, sizeof(bytes))), file, line);
}

void bus_power(struct ccid_bus *b)
{
	const struct t1_host_setup setup = { .ifsc = 254, .ifsd = 254 };

	assert_int_equal(bus_out(b, "62 00000000 00 00 00 0000"), CCID_DEV_OK);
	assert_int_equal(bus_in(b, b->ep_in, 512), CCID_DEV_OK);
	assert_int_equal(b->n, 10 + 24);
	t1_host_init(&b->host, &setup);
}

/* One XfrBlock to its answer, requests for time of the reader in between. */
static struct ccid_answer exchange(struct ccid_bus *b, uint8_t level, struct rd data)
{
	uint8_t bytes[1024];
	const size_t n = bus_xfr(b, level, data, bytes, sizeof(bytes));
	struct ccid_answer answer;
	struct ccid_msg cmd;

	assert_int_equal(ccid_get(rd_of(bytes, n), &cmd), HSM_OK);
	assert_int_equal(bus_out_bytes(b, rd_of(bytes, n)), CCID_DEV_OK);
	do {
		assert_int_equal(bus_in(b, b->ep_in, 512), CCID_DEV_OK);
		assert_int_equal(ccid_judge(&cmd, rd_of(b->in, b->n), &answer), HSM_OK);
		assert_int_not_equal(answer.next, CCID_STALE);
		b->waits += answer.next == CCID_LATER;
	} while (answer.next != CCID_DONE);
	return answer;
}

static void apdu_t1(struct ccid_bus *b, struct rd cmd, struct wr *rsp)
{
	struct t1_step step = t1_host_start(&b->host, cmd, rsp);

	while (step.todo == T1_SEND) {
		const struct ccid_answer answer = exchange(b, 0, step.block);

		b->waits += answer.data.n > 1 && answer.data.p[1] == T1_S_WTX;
		step = t1_host_block(&b->host, answer.data);
	}
	assert_int_equal(step.todo, T1_DONE);
}

static void apdu_pieces(struct ccid_bus *b, struct rd cmd, struct wr *rsp)
{
	struct ccid_cut cut = { .rest = cmd, .piece = 261 };
	struct ccid_answer answer = { 0 };

	while (!cut.ended) {
		struct rd piece;
		const enum ccid_chain chain = ccid_cut_next(&cut, &piece);

		answer = exchange(b, (uint8_t)chain, piece);
	}
	wr_rd_put(rsp, answer.data);
	while (answer.detail == CCID_BEGIN || answer.detail == CCID_MIDDLE) {
		answer = exchange(b, CCID_GO_ON, (struct rd){ 0 });
		wr_rd_put(rsp, answer.data);
	}
}

uint16_t bus_apdu(struct ccid_bus *b, struct rd cmd)
{
	struct wr rsp = WR_ARRAY(b->rsp);

	if (b->model == CCID_DEV_NITROKEY)
		apdu_t1(b, cmd, &rsp);
	else
		apdu_pieces(b, cmd, &rsp);
	assert_true(rsp.n >= 2 && !rsp.bad);
	b->rsp_n = rsp.n;
	return (uint16_t)(rsp.p[rsp.n - 2] << 8 | rsp.p[rsp.n - 1]);
}

uint16_t bus_apdu_hex(struct ccid_bus *b, const char *hex)
{
	uint8_t bytes[1024];

	return bus_apdu(b, rd_of(bytes, emu_unhex(hex, bytes, sizeof(bytes))));
}
