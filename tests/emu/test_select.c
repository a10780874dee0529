#include "emu_card.h"

#include <stdlib.h>
#include <string.h>

#define AID "E82B0601040181C31F0201"

/* A card in memory that has seen nothing yet. */
static struct emu_bench *cold_card(void)
{
	struct emu_bench *b = emu_bench_new();

	emu_reset(b->card);
	return b;
}

static void emu_atr__any_card__is_nitrokey_hsm_2(void **state)
{
	static const char want[] = "3BDE96FF8191FE1FC38031815448534D3173802140810792";
	struct emu_bench *b = emu_bench_new();
	uint8_t bytes[32];
	const size_t n = emu_unhex(want, bytes, sizeof(bytes));

	(void)state;
	assert_true(rd_equal(emu_atr(b->card), rd_of(bytes, n)));
	emu_bench_free(b);
}

static void any_command__before_select__is_6E00(void **state)
{
	static const char *const commands[] = {
		"80580000 00",
		"00200081",
		"00B12F02 04 54020000 00",
		"80500000 00",
		"00840000 08",
		"00A40000 02 2F02 00",
		"00A40400 06 A00000000101",
		"00FF0000",
	};
	struct emu_bench *b = cold_card();

	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		EMU(b, commands[i], 0x6E00, "");
	emu_bench_free(b);
}

static void select__applet__answers_template_by_p2(void **state)
{
	struct emu_bench *b = cold_card();

	(void)state;
	EMU(b, "00A40400 0B " AID " 00", 0x9000, "6F0A 820178 85050000000401");
	EMU(b, "00A40400 0B " AID, 0x9000, ""); /* no Le, no data */
	EMU(b, "00A40400 0B " AID " 05", 0x6700, "");
	EMU(b, "00A40404 0B " AID " 00", 0x9000, "620A 820178 85050000000401");
	EMU(b, "00A4040C 0B " AID, 0x9000, "");
	EMU(b, "00A40402 0B " AID " 00", 0x6A86, "");
	emu_bench_free(b);
}

static void select__applet__tells_options(void **state)
{
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	EMU(b, "00A40400 0B " AID " 00", 0x9000, "6F0A 820178 85050001000401");
	EMU(b, "80500000 19 80020021 8106363438323139 8208" TEST_SO " 910103", 0x9000, "");
	EMU(b, "00A40400 0B " AID " 00", 0x9000, "6F0A 820178 85050021000401");
	emu_bench_free(b);
}

static void select__applet__logs_out(void **state)
{
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	EMU(b, "00200081", 0x9000, "");
	EMU(b, "00A40400 0B " AID " 00", 0x9000, NULL);
	EMU(b, "00200081", 0x63C3, "");
	EMU(b, "00D7CF01 06 54020000 5300", 0x6982, "");
	emu_bench_free(b);
}

static void select__foreign_names_and_forms__are_refused(void **state)
{
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	EMU(b, "00A40400 07 627601FF000000", 0x6A82, "");
	EMU(b, "00A40400 06 A00000000101", 0x6A82, "");
	EMU(b, "00A40400 0A E82B0601040181C31F02", 0x6A82, "");
	EMU(b, "00A40400", 0x6A82, "");
	EMU(b, "00A40800 02 2F00 00", 0x6A86, "");
	EMU(b, "00A40800 04 50154946 00", 0x6A86, "");
	EMU(b, "00A40000 02 3F00 00", 0x6A82, "");
	EMU(b, "00A40000 01 2F 00", 0x6700, "");
	EMU(b, "00A40000 03 2F0200 00", 0x6700, "");
	EMU(b, "00A40000", 0x6700, "");
	EMU(b, "00A40001 02 2F02 00", 0x6A86, "");
	EMU(b, "00200081", 0x9000, ""); /* a failed SELECT logs nobody out */
	emu_bench_free(b);
}

static void select__file__tells_its_size(void **state)
{
	struct emu_bench *b = emu_bench_ready();
	uint8_t want[16];
	struct wr w = WR_ARRAY(want);
	size_t n;

	(void)state;
	emu_hex(b, "00B12F02 00 0004 54020000 0000");
	n = b->n;
	wr_put(&w, "\x6F\x0B\x80\x02", 4);
	wr_u16(&w, (uint16_t)n);
	wr_put(&w, "\x82\x01\x01\x83\x02\x2F\x02", 7);
	EMU(b, "00A40000 02 2F02 00", 0x9000, NULL);
	assert_true(rd_equal(emu_data(b), wr_rd(&w)));
	EMU(b, "00D7CF01 09 54020000 5303AABBCC", 0x9000, "");
	EMU(b, "00A40000 02 CF01 00", 0x9000, "6F0B 80020003 820101 8302CF01");
	EMU(b, "00B10000 04 54020000 03", 0x9000, "AABBCC"); /* the file selected last */
	EMU(b, "00A40000 02 CC00 00", 0x9000, "6F07 820101 8302CC00");
	EMU(b, "00A40000 02 CC01 00", 0x6A82, "");
	EMU(b, "00A40000 02 2F02", 0x9000, "");
	EMU(b, "80580000", 0x6700, "");
	EMU(b, "80580000 03", 0x6700, "");
	EMU(b, "80500000", 0x6700, "");
	emu_bench_free(b);
}

static void select__key__tells_its_algorithms(void **state)
{
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	/* RSA-1024 with tag 91, and one without it */
	EMU(b,
	        "00460100 2B 5F290100 7F4915 060A04007F00070202020102 8203010001 02020400"
	        "5F2008 5A5A545730303030 9102 2070",
	        0x9000, "");
	EMU(b, "00A40000 02 CC01 00", 0x9000, "6F0D 820101 8302CC01 A504 91022070");
	EMU(b,
	        "00460200 27 5F290100 7F4915 060A04007F00070202020102 8203010001 02020400"
	        "5F2008 5A5A545730303030",
	        0x9000, "");
	EMU(b, "00A40000 02 CC02 00", 0x9000, "6F07 820101 8302CC02");
	emu_bench_free(b);
}

static void dispatch__wrong_class_or_instruction__is_named(void **state)
{
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	EMU(b, "00010000", 0x6D00, "");
	EMU(b, "00B00000 00", 0x6D00, ""); /* the even READ BINARY is not there */
	EMU(b, "80200081", 0x6E00, "");
	EMU(b, "00580000 00", 0x6E00, "");
	EMU(b, "01200081", 0x6E00, "");
	EMU(b, "0C200081", 0x6E00, "");
	EMU(b, "FF200081", 0x6E00, "");
	EMU(b, "A0A40400 0B " AID " 00", 0x6E00, "");
	emu_bench_free(b);
}

static void dispatch__malformed_length__is_6700(void **state)
{
	static const char *const commands[] = {
		"",
		"00",
		"002000",
		"00200081 06 3634",
		"00200081 06 363438323139 0000",
		"00200081 000006 3634",
		"00200081 000000 36",
		"00A40400 00 0B",
	};
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		EMU(b, commands[i], 0x6700, "");
	EMU(b, "00200081", 0x9000, "");
	emu_bench_free(b);
}

static void dispatch__chained_parts__are_one_command(void **state)
{
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	EMU(b, "00A40400 0B " AID " 00", 0x9000, NULL);
	EMU(b, "10200081 03 363438", 0x9000, "");
	EMU(b, "00200081 03 323139", 0x9000, "");
	EMU(b, "00200081", 0x9000, "");
	/* a part of another command ends the chain and counts no try */
	EMU(b, "10200081 03 363438", 0x9000, "");
	EMU(b, "10200088 03 323139", 0x6A80, "");
	EMU(b, "00200081", 0x9000, "");
	emu_bench_free(b);
}

static void dispatch__random_bytes__always_answer(void **state)
{
	struct emu_bench *b = emu_bench_ready();
	static const uint8_t ins[] = { 0x20, 0x24, 0x2C, 0x46, 0x50, 0x58, 0x62, 0x68, 0x84, 0xA4,
		0xB1, 0xD7, 0xE4 };
	static uint8_t rsp[RAPDU_MAX];

	(void)state;
	srand(1);
	for (int i = 0; i < 20000; i++) {
		uint8_t cmd[64];
		const size_t n = (size_t)rand() % sizeof(cmd);
		struct wr w = WR_ARRAY(rsp);

		for (size_t k = 0; k < n; k++)
			cmd[k] = (uint8_t)rand();
		if (n > 4 && i % 4 != 0) { /* mostly known commands with a right length */
			cmd[0] = (uint8_t)(rand() % 2 * 0x80);
			cmd[1] = ins[(size_t)rand() % sizeof(ins)];
			cmd[4] = (uint8_t)(n - 5);
		}
		assert_int_equal(emu_lane_xfer(b->lane, rd_of(cmd, n), &w), HSM_OK);
		assert_true(w.n >= 2);
	}
	emu_bench_free(b);
}

static void emu_lane_xfer__no_room__is_small(void **state)
{
	struct emu_bench *b = emu_bench_ready();
	uint8_t cmd[32], rsp[8];
	const size_t n = emu_unhex("00A40000 02 2F02 00", cmd, sizeof(cmd));
	struct wr w = WR_ARRAY(rsp);

	(void)state;
	assert_int_equal(emu_lane_xfer(b->lane, rd_of(cmd, n), &w), HSM_E_SMALL);
	emu_bench_free(b);
}

static void emu_reset__forgets__selection_and_login(void **state)
{
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	emu_reset(b->card);
	EMU(b, "00200081", 0x6E00, "");
	EMU(b, "00A40400 0B " AID " 00", 0x9000, NULL);
	EMU(b, "00200081", 0x63C3, "");
	emu_bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(emu_atr__any_card__is_nitrokey_hsm_2),
		cmocka_unit_test(any_command__before_select__is_6E00),
		cmocka_unit_test(select__applet__answers_template_by_p2),
		cmocka_unit_test(select__applet__tells_options),
		cmocka_unit_test(select__applet__logs_out),
		cmocka_unit_test(select__foreign_names_and_forms__are_refused),
		cmocka_unit_test(select__file__tells_its_size),
		cmocka_unit_test(select__key__tells_its_algorithms),
		cmocka_unit_test(dispatch__wrong_class_or_instruction__is_named),
		cmocka_unit_test(dispatch__malformed_length__is_6700),
		cmocka_unit_test(dispatch__chained_parts__are_one_command),
		cmocka_unit_test(dispatch__random_bytes__always_answer),
		cmocka_unit_test(emu_lane_xfer__no_room__is_small),
		cmocka_unit_test(emu_reset__forgets__selection_and_login),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
