#include <string.h>

#include "emu_card.h"

static struct emu_bench *bench;

static int ready(void **state)
{
	(void)state;
	bench = emu_bench_ready();
	return 0;
}

/* Without the limits of a chip's memory and buffers. */
static int ready_large(void **state)
{
	(void)state;
	bench = emu_bench_ready_of("large");
	return 0;
}

static int done(void **state)
{
	(void)state;
	emu_bench_free(bench);
	return 0;
}

/* Writes `n` bytes of `fill` at `offset` in one extended command. */
static uint16_t write_at(uint16_t fid, uint16_t offset, uint8_t fill, size_t n)
{
	static uint8_t data[0xFFFF];
	const uint8_t head[] = { 0x54, 2, (uint8_t)(offset >> 8), (uint8_t)offset, 0x53, 0x82,
		(uint8_t)(n >> 8), (uint8_t)n };

	assert_true(sizeof(head) + n <= sizeof(data));
	memcpy(data, head, sizeof(head));
	memset(data + sizeof(head), fill, n);
	return emu_cmd(bench, 0x00D70000u | fid, rd_of(data, sizeof(head) + n), 0);
}

/* Reads to the end of the file from `offset`. */
static struct rd read_from(uint16_t fid, uint16_t offset)
{
	const uint8_t at[] = { 0x54, 2, (uint8_t)(offset >> 8), (uint8_t)offset };

	emu_cmd(bench, 0x00B10000u | fid, rd_of(at, sizeof(at)), 0x10000);
	assert_int_equal(bench->sw, 0x6282);
	return emu_data(bench);
}

/* ---- READ BINARY ---- */

static void read__whole_parts_and_end(void **state)
{
	(void)state;
	EMU(bench, "00D7CF01 0C 54020000 5306 010203040506", 0x9000, "");
	EMU(bench, "00B1CF01 04 54020000 06", 0x9000, "010203040506");
	EMU(bench, "00B1CF01 04 54020000 00", 0x6282, "010203040506");
	EMU(bench, "00B1CF01 000004 54020000 0000", 0x6282, "010203040506");
	EMU(bench, "00B1CF01 04 54020002 02", 0x9000, "0304");
	EMU(bench, "00B1CF01 04 54020004 03", 0x6282, "0506");
	EMU(bench, "00B1CF01 04 54020006 01", 0x6282, "");
	EMU(bench, "00B1CF01 04 54020007 01", 0x6B00, "");
	EMU(bench, "00B1CF01 04 5402FFFF 00", 0x6B00, "");
}

static void read__current_file__is_what_was_selected_or_written(void **state)
{
	(void)state;
	EMU(bench, "00D7CF01 07 54020000 5301 11", 0x9000, "");
	EMU(bench, "00D7CF02 07 54020000 5301 22", 0x9000, "");
	EMU(bench, "00B10000 04 54020000 01", 0x9000, "22");
	EMU(bench, "00B1CF01 04 54020000 01", 0x9000, "11"); /* naming it does not select it */
	EMU(bench, "00B10000 04 54020000 01", 0x9000, "22");
	EMU(bench, "00A40000 02 CF01 00", 0x9000, NULL);
	EMU(bench, "00B10000 04 54020000 01", 0x9000, "11");
}

static void read__nothing_selected__is_not_found(void **state)
{
	(void)state;
	EMU(bench, "00B10000 04 54020000 00", 0x6A82, "");
	EMU(bench, "00B1CF77 04 54020000 00", 0x6A82, "");
}

static void read__malformed__is_refused(void **state)
{
	static const char *const commands[] = {
		"00B12F02 03 540100 00",
		"00B12F02 05 5403000000 00",
		"00B12F02 04 53020000 00",
		"00B12F02 04 54030000 00",
		"00B12F02 05 5402000000 00",
		"00B12F02 06 540200005300 00",
		"00B12F02 02 5402 00",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const uint16_t sw = emu_hex(bench, commands[i]);

		assert_true(sw == 0x6A80 || sw == 0x6700);
		assert_int_equal(bench->n, 0);
	}
	EMU(bench, "00B12F02 04 54020000", 0x6700, "");
	EMU(bench, "00B12F02 00", 0x6700, "");
}

static void read__access__by_kind_of_file(void **state)
{
	(void)state;
	EMU(bench, "00D7CD01 07 54020000 5301 AA", 0x9000, "");
	EMU(bench, "00D7CF01 07 54020000 5301 BB", 0x9000, "");
	EMU(bench, "00B1CD01 04 54020000 01", 0x9000, "AA");
	EMU(bench, "00B1CC00 04 54020000 00", 0x6982, "");
	EMU(bench, "00A40400 0B E82B0601040181C31F0201 00", 0x9000, NULL); /* logs out */
	EMU(bench, "00B1CD01 04 54020000 01", 0x6982, "");
	EMU(bench, "00B1CD02 04 54020000 01", 0x6982, "");
	EMU(bench, "00B1CF01 04 54020000 01", 0x9000, "BB");
	EMU(bench, "00A40000 02 CD01 00", 0x9000, NULL);
	EMU(bench, "00B10000 04 54020000 01", 0x6982, "");
}

/* ---- UPDATE BINARY ---- */

static void update__empty_object__creates_and_selects(void **state)
{
	(void)state;
	EMU(bench, "00D7CE05 06 54020000 5300", 0x9000, "");
	EMU(bench, "00B10000 04 54020000 00", 0x6282, "");
	EMU(bench, "00D70000 09 54020000 5303 414243", 0x9000, "");
	EMU(bench, "00B1CE05 04 54020000 00", 0x6282, "414243");
	EMU(bench, "00A40000 02 CE05 00", 0x9000, "6F0B 80020003 820101 8302CE05");
}

static void update__pieces_of_any_size__make_one_file(void **state)
{
	struct rd data;
	uint16_t at = 0;

	(void)state;
	for (size_t i = 0; i < 40; i++) { /* as OpenSC on a small reader: 230 and 8 */
		const size_t n = i % 2 == 0 ? 230 : 8;

		assert_int_equal(write_at(0xCF10, at, (uint8_t)i, n), 0x9000);
		at = (uint16_t)(at + n);
	}
	data = read_from(0xCF10, 0);
	assert_int_equal(data.n, at);
	for (size_t i = 0; i < data.n; i++)
		assert_int_equal(data.p[i], i / 238 * 2 + (i % 238 >= 230));
}

static void update__offset_0__begins_the_file_anew(void **state)
{
	(void)state;
	EMU(bench, "00D7C401 0B 54020000 5305 0102030405", 0x9000, "");
	EMU(bench, "00D7C401 08 54020000 5302 A1A2", 0x9000, "");
	EMU(bench, "00B1C401 04 54020000 00", 0x6282, "A1A2");
	EMU(bench, "00D7C401 06 54020000 5300", 0x9000, "");
	EMU(bench, "00B1C401 04 54020000 00", 0x6282, "");
}

static void update__inside__keeps_the_tail(void **state)
{
	(void)state;
	EMU(bench, "00D7CF01 0C 54020000 5306 010203040506", 0x9000, "");
	EMU(bench, "00D7CF01 08 54020002 5302 F1F2", 0x9000, "");
	EMU(bench, "00D7CF01 08 54020005 5302 F3F4", 0x9000, "");
	EMU(bench, "00B1CF01 04 54020000 00", 0x6282, "0102F1F205F3F4");
	EMU(bench, "00D7CF01 06 54020003 5300", 0x9000, "");
	EMU(bench, "00B1CF01 04 54020000 00", 0x6282, "0102F1F205F3F4");
}

static void update__gap__is_refused_and_changes_nothing(void **state)
{
	(void)state;
	EMU(bench, "00D7CF01 07 54020000 5301 11", 0x9000, "");
	EMU(bench, "00D7CF01 07 54020002 5301 22", 0x6B00, "");
	EMU(bench, "00B1CF01 04 54020000 00", 0x6282, "11");
	EMU(bench, "00D7CF02 07 54020001 5301 22", 0x6B00, "");
	EMU(bench, "00B1CF02 04 54020000 00", 0x6A82, "");
	EMU(bench, "00B10000 04 54020000 00", 0x6282, "11"); /* still the one written last */
}

static void update__forbidden_files__are_refused(void **state)
{
	(void)state;
	EMU(bench, "00D72F02 07 54020000 5301 00", 0x6982, "");
	EMU(bench, "00D7CC00 07 54020000 5301 00", 0x6982, "");
	EMU(bench, "00D7CC01 07 54020000 5301 00", 0x6982, "");
	EMU(bench, "00A40000 02 2F02 00", 0x9000, NULL);
	EMU(bench, "00D70000 07 54020000 5301 00", 0x6982, "");
	EMU(bench, "00A40400 0B E82B0601040181C31F0201 00", 0x9000, NULL); /* logs out */
	EMU(bench, "00D7CF01 07 54020000 5301 00", 0x6982, "");
	EMU(bench, "00B1CF01 04 54020000 00", 0x6A82, "");
}

static void update__malformed__is_refused(void **state)
{
	static const char *const commands[] = {
		"00D7CF01 04 54020000",
		"00D7CF01 07 54020000 530201",
		"00D7CF01 07 54020000 530000",
		"00D7CF01 06 5401005300 00",
		"00D7CF01 07 53010054020000",
		"00D7CF01 07 540200005401 00",
		"00D7CF01 08 54020000 5380 0000",
		"00D7CF01 01 54",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const uint16_t sw = emu_hex(bench, commands[i]);

		assert_true(sw == 0x6A80 || sw == 0x6700);
	}
	EMU(bench, "00D7CF01", 0x6700, "");
	EMU(bench, "00B1CF01 04 54020000 00", 0x6A82, "");
}

static void update__size_limit__is_65535(void **state)
{
	(void)state;
	assert_int_equal(write_at(0xCF01, 0, 0x11, 60000), 0x9000);
	assert_int_equal(write_at(0xCF01, 60000, 0x22, 5535), 0x9000);
	assert_int_equal(read_from(0xCF01, 0).n, 65535);
	assert_int_equal(write_at(0xCF01, 60000, 0x33, 5536), 0x6700);
	assert_int_equal(write_at(0xCF01, 65535, 0x33, 1), 0x6700);
	assert_int_equal(read_from(0xCF01, 60000).n, 5535);
	assert_int_equal(emu_data(bench).p[0], 0x22);
}

static void update__file_limit__is_1024_entries(void **state)
{
	static const uint16_t kinds[] = { 0xC400, 0xC800, 0xC900, 0xCE00 };

	(void)state;
	/* 2F02 and CC00 are entries as well. */
	assert_int_equal(emu_lane_hold(bench->lane, true), HSM_OK);
	for (unsigned i = 0; i < 1022; i++)
		assert_int_equal(
		        write_at((uint16_t)(kinds[i / 256] + i % 256), 0, 0x55, 1), 0x9000);
	assert_int_equal(emu_lane_hold(bench->lane, false), HSM_OK);
	assert_int_equal(write_at(0xCF00, 0, 0x55, 1), 0x6A84);
	assert_int_equal(write_at(0xC400, 0, 0x66, 2), 0x9000); /* those that exist may change */
	assert_int_equal(emu_hex(bench, "80580000 000000"), 0x9000);
	assert_int_equal(bench->n, 2 * 1024);
}

/* ---- DELETE FILE ---- */

static void delete__file__is_gone(void **state)
{
	(void)state;
	EMU(bench, "00D7CF01 07 54020000 5301 11", 0x9000, "");
	EMU(bench, "00E40200 02 CF01", 0x9000, "");
	EMU(bench, "00B10000 04 54020000 00", 0x6A82, ""); /* nor is it the current one */
	EMU(bench, "00A40000 02 CF01 00", 0x6A82, "");
	EMU(bench, "00E40200 02 CF01", 0x6A82, "");
	EMU(bench, "00D70000 07 54020000 5301 11", 0x6A82, "");
}

static void delete__refusals(void **state)
{
	(void)state;
	EMU(bench, "00E40200 02 2F02", 0x6982, "");
	EMU(bench, "00E40200 02 CC00", 0x6982, "");
	EMU(bench, "00E40200 02 CC01", 0x6A82, "");
	EMU(bench, "00E40000 02 CF01", 0x6A86, "");
	EMU(bench, "00E40201 02 CF01", 0x6A86, "");
	EMU(bench, "00E40200 01 CF", 0x6700, "");
	EMU(bench, "00E40200 03 CF0100", 0x6700, "");
	EMU(bench, "00E40200", 0x6700, "");
	EMU(bench, "00D7CF01 07 54020000 5301 11", 0x9000, "");
	EMU(bench, "00A40400 0B E82B0601040181C31F0201 00", 0x9000, NULL); /* logs out */
	EMU(bench, "00E40200 02 CF01", 0x6982, "");
	EMU(bench, "00B1CF01 04 54020000 00", 0x6282, "11");
}

/* ---- ENUMERATE OBJECTS, GET CHALLENGE ---- */

static void enumerate__order__is_that_of_creation(void **state)
{
	(void)state;
	EMU(bench, "80580000 000000", 0x9000, "2F02CC00");
	EMU(bench, "80580000 00", 0x9000, "2F02CC00");
	EMU(bench, "00D7CF05 06 54020000 5300", 0x9000, "");
	EMU(bench, "00D72F03 06 54020000 5300", 0x9000, "");
	EMU(bench, "00D7C401 06 54020000 5300", 0x9000, "");
	EMU(bench, "00D7CF05 07 54020000 5301 11", 0x9000, ""); /* keeps its place */
	EMU(bench, "80580000 00", 0x9000, "2F02 CF05 2F03 C401 CC00");
	EMU(bench, "00E40200 02 CF05", 0x9000, "");
	EMU(bench, "00D7CF05 06 54020000 5300", 0x9000, "");
	EMU(bench, "80580000 00", 0x9000, "2F02 2F03 C401 CF05 CC00");
	EMU(bench, "00A40400 0B E82B0601040181C31F0201 00", 0x9000, NULL); /* logs out */
	EMU(bench, "80580000 00", 0x9000, "2F02 2F03 C401 CF05 CC00");
}

static void enumerate__refusals(void **state)
{
	(void)state;
	EMU(bench, "80580100 00", 0x6A86, "");
	EMU(bench, "80580001 00", 0x6A86, "");
	EMU(bench, "80580000 03", 0x6700, ""); /* half a list would mislead */
	EMU(bench, "80580000", 0x6700, "");
}

static void challenge__lengths(void **state)
{
	uint8_t first[8];

	(void)state;
	assert_int_equal(emu_hex(bench, "00840000 08"), 0x9000);
	assert_int_equal(bench->n, 8);
	memcpy(first, bench->rsp, 8);
	assert_int_equal(emu_hex(bench, "00840000 08"), 0x9000);
	assert_memory_not_equal(first, bench->rsp, 8);
	assert_int_equal(emu_hex(bench, "00840000 00"), 0x9000);
	assert_int_equal(bench->n, 256);
	assert_int_equal(emu_hex(bench, "00840000 000400"), 0x9000);
	assert_int_equal(bench->n, 1024);
	EMU(bench, "00840000 000401", 0x6700, "");
	EMU(bench, "00840000 000000", 0x6700, "");
	EMU(bench, "00840000", 0x6700, "");
	EMU(bench, "00840100 08", 0x6A86, "");
	EMU(bench, "00840001 08", 0x6A86, "");
}

/* ---- transcripts ---- */

static void transcripts__recorded_dialogues(void **state)
{
	struct emu_bench *b = emu_bench_new();

	(void)state;
	emu_play(b, "dialogue_initialize.txt");
	emu_play(b, "dialogue_opensc_files.txt");
	emu_bench_free(b);
}

#define FILE_TEST(f)  cmocka_unit_test_setup_teardown(f, ready, done)
#define LARGE_TEST(f) cmocka_unit_test_setup_teardown(f, ready_large, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(read__whole_parts_and_end),
		FILE_TEST(read__current_file__is_what_was_selected_or_written),
		FILE_TEST(read__nothing_selected__is_not_found),
		FILE_TEST(read__malformed__is_refused),
		FILE_TEST(read__access__by_kind_of_file),
		FILE_TEST(update__empty_object__creates_and_selects),
		LARGE_TEST(update__pieces_of_any_size__make_one_file),
		FILE_TEST(update__offset_0__begins_the_file_anew),
		FILE_TEST(update__inside__keeps_the_tail),
		FILE_TEST(update__gap__is_refused_and_changes_nothing),
		FILE_TEST(update__forbidden_files__are_refused),
		FILE_TEST(update__malformed__is_refused),
		LARGE_TEST(update__size_limit__is_65535),
		LARGE_TEST(update__file_limit__is_1024_entries),
		FILE_TEST(delete__file__is_gone),
		FILE_TEST(delete__refusals),
		FILE_TEST(enumerate__order__is_that_of_creation),
		FILE_TEST(enumerate__refusals),
		FILE_TEST(challenge__lengths),
		cmocka_unit_test(transcripts__recorded_dialogues),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
