#include "emu_golden.h"

#include <stdio.h>
#include <string.h>

#define SHARE "6A00A1D4327180848F33E1F42B5781F85E54807A801C9182E3596419FC2FC53F"
#define KCV   "4415267344DFB6E8"

void golden_ready(struct emu_bench *b)
{
	EMU(b, "80500000 1C 80020001 8106363438323139 8208" TEST_SO " 910103 920101", 0x9000, "");
	EMU(b, "80520000 20" SHARE "00", 0x9000, "0100" KCV);
	EMU(b, "00200081 06 363438323139", 0x9000, "");
}

static const char *after(const char *text, const char *format, const char *name)
{
	char pattern[64];
	const char *at;

	snprintf(pattern, sizeof(pattern), format, name);
	at = strstr(text, pattern);
	assert_non_null(at);
	return at + strlen(pattern);
}

struct rd golden_value(const char *file, const char *anchor, const char *key, struct buf *out)
{
	static char text[65536], hex[8192];
	char path[512];
	const char *value;
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), TEST_SOURCE_DIR "/golden/%s", file);
	f = fopen(path, "re");
	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	value = after(after(text, "\"%s\"", anchor), "\"%s\": \"", key);
	n = strcspn(value, "\"");
	assert_true(n < sizeof(hex));
	memcpy(hex, value, n);
	hex[n] = '\0';
	out->n = 0;
	assert_int_equal(buf_reserve(out, n / 2), HSM_OK);
	out->n = emu_unhex(hex, out->p, n / 2);
	return buf_rd(out);
}

struct rd golden_get(const char *anchor, const char *key, struct buf *out)
{
	return golden_value("keyblobs.json", anchor, key, out);
}

uint16_t golden_unwrap(struct emu_bench *b, uint8_t kid, struct rd blob)
{
	return emu_cmd(b, 0x80740093u | (uint32_t)kid << 8, blob, 0);
}

static void dkek(struct dkek *out)
{
	uint8_t share[DKEK_LEN];

	emu_unhex(SHARE, share, sizeof(share));
	assert_int_equal(dkek_derive(rd_of(share, sizeof(share)), out), HSM_OK);
}

void golden_open(struct rd blob, struct buf *plain, struct keyblob *out)
{
	AUTO_DKEK d = { 0 };

	dkek(&d);
	assert_int_equal(keyblob_open(&d, blob, plain, out), HSM_OK);
}

void golden_wrap(struct emu_bench *b, uint8_t kid, struct buf *plain, struct keyblob *out)
{
	assert_int_equal(
	        emu_cmd(b, 0x80720092u | (uint32_t)kid << 8, rd_of(NULL, 0), 0x10000), 0x9000);
	golden_open(emu_data(b), plain, out);
}

struct rd golden_build(const struct keyblob *key, struct buf *out)
{
	static const uint8_t random[KEYBLOB_RANDOM] = { 0 };
	AUTO_DKEK d = { 0 };
	struct wr w;

	dkek(&d);
	assert_int_equal(buf_reserve(out, KEYBLOB_MAX), HSM_OK);
	w = wr_of(out->p, KEYBLOB_MAX);
	assert_int_equal(keyblob_build(&d, key, random, &w), HSM_OK);
	out->n = w.n;
	return buf_rd(out);
}
