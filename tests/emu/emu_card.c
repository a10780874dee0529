#include "emu_card.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct emu_bench *bench_on(struct emu_card *card, bool owns)
{
	struct emu_bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->card = card;
	b->owns_card = owns;
	assert_int_equal(emu_lane_new(card, &b->lane), HSM_OK);
	return b;
}

struct emu_bench *emu_bench_of(const char *profile)
{
	struct emu_card *card = NULL;
	struct emu_bench *b;
	char path[64];

	snprintf(path, sizeof(path), ":memory:%s", profile);
	assert_int_equal(emu_open(path, &card), HSM_OK);
	b = bench_on(card, true);
	EMU(b, "00A40400 0B E82B0601040181C31F0201 00", 0x9000, NULL);
	return b;
}

struct emu_bench *emu_bench_new(void)
{
	return emu_bench_of("");
}

struct emu_bench *emu_bench_ready_of(const char *profile)
{
	struct emu_bench *b = emu_bench_of(profile);

	EMU(b, "80500000 19 80020001 8106363438323139 8208" TEST_SO " 910103", 0x9000, "");
	EMU(b, "00200081 06 363438323139", 0x9000, "");
	return b;
}

struct emu_bench *emu_bench_ready(void)
{
	return emu_bench_ready_of("");
}

struct emu_bench *emu_bench_lane(struct emu_bench *of)
{
	return bench_on(of->card, false);
}

void emu_bench_free(struct emu_bench *b)
{
	emu_lane_free(b->lane);
	if (b->owns_card)
		emu_close(b->card);
	free(b);
}

size_t emu_unhex(const char *hex, uint8_t *out, size_t cap)
{
	size_t n = 0;

	for (; *hex != '\0'; hex++) {
		char pair[3] = { hex[0], hex[1], '\0' };

		if (isspace((unsigned char)*hex))
			continue;
		assert_true(isxdigit((unsigned char)hex[0]) && isxdigit((unsigned char)hex[1]));
		assert_true(n < cap);
		out[n++] = (uint8_t)strtoul(pair, NULL, 16);
		hex++;
	}
	return n;
}

/* Sends the first `n` bytes of b->cmd. */
static uint16_t transmit(struct emu_bench *b, size_t n)
{
	struct wr rsp = WR_ARRAY(b->rsp);

	assert_int_equal(emu_lane_xfer(b->lane, rd_of(b->cmd, n), &rsp), HSM_OK);
	assert_true(rsp.n >= 2);
	b->n = rsp.n - 2;
	b->sw = (uint16_t)(b->rsp[b->n] << 8 | b->rsp[b->n + 1]);
	return b->sw;
}

uint16_t emu_hex(struct emu_bench *b, const char *hex)
{
	return transmit(b, emu_unhex(hex, b->cmd, sizeof(b->cmd)));
}

uint16_t emu_cmd(struct emu_bench *b, uint32_t header, struct rd data, size_t ne)
{
	uint8_t *cmd = b->cmd;
	size_t n = 0;

	for (int shift = 24; shift >= 0; shift -= 8)
		cmd[n++] = (uint8_t)(header >> shift);
	if (data.n != 0 || ne != 0)
		cmd[n++] = 0;
	if (data.n != 0) {
		cmd[n++] = (uint8_t)(data.n >> 8);
		cmd[n++] = (uint8_t)data.n;
		memcpy(cmd + n, data.p, data.n);
		n += data.n;
	}
	if (ne != 0) {
		cmd[n++] = (uint8_t)(ne >> 8);
		cmd[n++] = (uint8_t)ne;
	}
	return transmit(b, n);
}

struct rd emu_data(const struct emu_bench *b)
{
	return rd_of(b->rsp, b->n);
}

/* Does hex `data` with ".." wildcards describe these bytes? One wildcard at most. */
static bool matches(const char *data, struct rd bytes)
{
	static uint8_t want[RAPDU_MAX];
	const char *gap = strstr(data, "..");
	static char head[2 * RAPDU_MAX];
	size_t n, tail;

	if (gap == NULL) {
		n = emu_unhex(data, want, sizeof(want));
		return rd_equal(bytes, rd_of(want, n));
	}
	snprintf(head, sizeof(head), "%.*s", (int)(gap - data), data);
	n = emu_unhex(head, want, sizeof(want));
	if (n > bytes.n || memcmp(want, bytes.p, n) != 0)
		return false;
	tail = emu_unhex(gap + 2, want, sizeof(want));
	return n + tail <= bytes.n && memcmp(want, bytes.p + bytes.n - tail, tail) == 0;
}

static void print_answer(const struct emu_bench *b, const char *hex)
{
	print_error("> %s\n< ", hex);
	for (size_t i = 0; i < b->n + 2; i++)
		print_error("%02X", b->rsp[i]);
	print_error("\n");
}

void emu_check(struct emu_bench *b, const char *hex, uint16_t sw, const char *data,
        const char *file, int line)
{
	emu_hex(b, hex);
	if (b->sw == sw && (data == NULL || matches(data, emu_data(b))))
		return;
	print_answer(b, hex);
	print_error("expected %s %04X\n", data == NULL ? "any data" : data, sw);
	_fail(file, line);
}

void emu_play(struct emu_bench *b, const char *name)
{
	char path[512];
	char *line = NULL;
	size_t cap = 0;
	int number = 0;
	FILE *f;

	snprintf(path, sizeof(path), TEST_SOURCE_DIR "/golden/%s", name);
	f = fopen(path, "re");
	assert_non_null(f);
	while (getline(&line, &cap, f) > 0) {
		number++;
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '>')
			emu_hex(b, line + 1);
		if (line[0] != '<' || matches(line + 1, rd_of(b->rsp, b->n + 2)))
			continue;
		print_answer(b, "(see transcript)");
		print_error("expected %s\n", line + 1);
		_fail(path, number);
	}
	free(line);
	fclose(f);
}
