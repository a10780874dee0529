#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "emu.h"

void check_rc(hsm_rc got, hsm_rc want, const char *what, const char *file, int line)
{
	if (got == want)
		return;
	print_error("%s: %s, expected %s\n", what, rc_name(got), rc_name(want));
	_fail(file, line);
}

size_t unhex(const char *hex, void *out, size_t cap)
{
	struct wr w = wr_of(out, cap);

	assert_ok(hex_get(rd_str(hex), &w));
	return w.n;
}

void assert_hex(struct rd got, const char *want)
{
	char *text = test_malloc(2 * got.n + 1);

	assert_ok(hex_put(got, text, 2 * got.n + 1));
	assert_string_equal(text, want);
	test_free(text);
}

void bench_file(char *path)
{
	char dir[] = "/tmp/twinhsm-card-XXXXXX";

	assert_non_null(mkdtemp(dir));
	snprintf(path, 64, "%s/a.token", dir);
	assert_ok(emu_create(path, &(struct emu_make){ .kdf = EMU_KDF_CHEAP }));
}

void bench_file_gone(const char *path)
{
	char dir[64];

	unlink(path);
	snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(path, '/') - path), path);
	assert_int_equal(rmdir(dir), 0);
}

void bench_init(struct card *card)
{
	struct card_init init = {
		.options = OPT_RESET_RETRY,
		.pin = rd_str(TEST_PIN),
		.so_pin = rd_str(TEST_SO),
		.pin_tries = 3,
	};
	AUTO_LANE *lane = NULL;

	assert_ok(card_take(card, &lane));
	assert_ok(card_initialize(lane, &init));
}

struct card *bench_card(const char *path)
{
	char address[80];
	struct card *card;

	snprintf(address, sizeof(address), "emu:%s", path == NULL ? ":memory:" : path);
	assert_ok(card_open(address, &card));
	if (path == NULL)
		bench_init(card);
	return card;
}

void golden_file(const char *name, struct buf *out)
{
	char path[256];
	struct stat st;
	FILE *f;

	snprintf(path, sizeof(path), TEST_SOURCE_DIR "/golden/%s", name);
	f = fopen(path, "re");
	assert_non_null(f);
	assert_int_equal(fstat(fileno(f), &st), 0);
	assert_ok(buf_reserve(out, (size_t)st.st_size + 1));
	out->n = fread(out->p, 1, (size_t)st.st_size, f);
	assert_int_equal(out->n, st.st_size);
	fclose(f);
}
