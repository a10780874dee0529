/* A card in memory as the bytes of a token file, and back. */
#include <stdlib.h>
#include <string.h>

#include "emu_file.h"

#define UPDATE_CMD "00D7CF01 09 54020000 5303 414243"
#define READ_CMD   "00B1CF01 04 54020000 00"

static struct emu_bench *bench_from(struct rd bytes)
{
	struct emu_bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->owns_card = true;
	assert_int_equal(emu_open_bytes(bytes, &b->card), HSM_OK);
	assert_int_equal(emu_lane_new(b->card, &b->lane), HSM_OK);
	EMU(b, SELECT_CMD, 0x9000, NULL);
	return b;
}

/* The bytes of a card with a file CF01, and one PIN try used up. */
static void bytes_make(struct buf *out)
{
	struct emu_bench *b = emu_bench_ready();

	EMU(b, UPDATE_CMD, 0x9000, "");
	EMU(b, WRONG_CMD, 0x63C2, "");
	assert_int_equal(emu_bytes(b->card, out), HSM_OK);
	emu_bench_free(b);
}

static void bytes__opened_again__are_the_same_card(void **state)
{
	AUTO_BUF bytes = { 0 };
	struct emu_bench *b;

	(void)state;
	bytes_make(&bytes);
	b = bench_from(buf_rd(&bytes));
	EMU(b, "00200081", 0x63C2, "");
	EMU(b, READ_CMD, 0x6282, "414243");
	EMU(b, "80580000 00", 0x9000, "2F02 CF01 CC00");
	EMU(b, VERIFY_CMD, 0x9000, "");
	emu_bench_free(b);
}

static void bytes__written_to_a_file__are_a_token_file(void **state)
{
	AUTO_BUF bytes = { 0 };
	struct token_place p;
	struct emu_bench *b;

	(void)state;
	bytes_make(&bytes);
	place_make(&p);
	file_write(p.path, buf_rd(&bytes));
	b = emu_bench_open(p.path);
	EMU(b, READ_CMD, 0x6282, "414243");
	emu_bench_free(b);
	assert_int_equal(place_remove(&p), 1);
}

static void bytes__of_a_token_file__are_those_in_it(void **state)
{
	AUTO_BUF bytes = { 0 };
	AUTO_BUF in_file = { 0 };
	struct token_place p;
	struct emu_bench *b;

	(void)state;
	place_ready(&p, EMU_KDF_CHEAP);
	b = emu_bench_open(p.path);
	assert_int_equal(emu_bytes(b->card, &bytes), HSM_OK);
	emu_bench_free(b);
	file_read(p.path, &in_file);
	assert_int_equal(bytes.n, in_file.n);
	assert_memory_equal(bytes.p, in_file.p, bytes.n);
	place_remove(&p);
}

/* The bytes that were opened stay what they are. */
static void bytes__changes_of_a_copy__do_not_reach_the_other(void **state)
{
	AUTO_BUF bytes = { 0 };
	AUTO_BUF after = { 0 };
	struct emu_bench *a, *b;

	(void)state;
	bytes_make(&bytes);
	a = bench_from(buf_rd(&bytes));
	b = bench_from(buf_rd(&bytes));
	EMU(a, VERIFY_CMD, 0x9000, "");
	EMU(a, "00E40200 02 CF01", 0x9000, "");
	EMU(a, READ_CMD, 0x6A82, "");
	EMU(b, READ_CMD, 0x6282, "414243");
	EMU(b, "00200081", 0x63C2, "");
	assert_int_equal(emu_bytes(b->card, &after), HSM_OK);
	assert_true(rd_equal(buf_rd(&after), buf_rd(&bytes)));
	assert_int_equal(emu_bytes(a->card, &after), HSM_OK);
	assert_false(rd_equal(buf_rd(&after), buf_rd(&bytes)));
	emu_bench_free(a);
	emu_bench_free(b);
}

static void refused(struct rd bytes, hsm_rc rc)
{
	struct emu_card *card = NULL;

	assert_int_equal(emu_open_bytes(bytes, &card), rc);
	assert_null(card);
}

static void bytes__of_something_else__are_refused(void **state)
{
	static const uint8_t zeros[8192];
	AUTO_BUF bytes = { 0 };

	(void)state;
	bytes_make(&bytes);
	refused(rd_of(NULL, 0), HSM_E_TOKEN_FOREIGN);
	refused(rd_of("text", 4), HSM_E_TOKEN_FOREIGN);
	refused(rd_of(zeros, sizeof(zeros)), HSM_E_TOKEN_FOREIGN);
	refused(rd_of(bytes.p, 50), HSM_E_TOKEN_FOREIGN);
	refused(rd_of(bytes.p, bytes.n - 4096), HSM_E_TOKEN_DAMAGED);
	refused(rd_of(bytes.p, bytes.n - 1), HSM_E_TOKEN_DAMAGED);
	bytes.p[61] = 9; /* versions, see specs/token-file.md */
	bytes.p[63] = 9;
	refused(buf_rd(&bytes), HSM_E_TOKEN_NEWER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes__opened_again__are_the_same_card),
		cmocka_unit_test(bytes__written_to_a_file__are_a_token_file),
		cmocka_unit_test(bytes__of_a_token_file__are_those_in_it),
		cmocka_unit_test(bytes__changes_of_a_copy__do_not_reach_the_other),
		cmocka_unit_test(bytes__of_something_else__are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
