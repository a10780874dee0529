#include "emu_card.h"

#include <stdio.h>

#define SELECT "00A40400 0B E82B0601040181C31F0201 00"

/* INITIALIZE DEVICE with these TLVs; returns the status word. */
static uint16_t init(struct emu_bench *b, const char *tlvs)
{
	uint8_t data[255];

	return emu_cmd(b, 0x80500000, rd_of(data, emu_unhex(tlvs, data, sizeof(data))), 0);
}

struct row {
	const char *tlvs;
	uint16_t sw;
};

#define PIN    "8106363438323139"
#define SO     "8208" TEST_SO
#define SO_BAD "82083537363231383831"

static void play(struct emu_bench *b, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const uint16_t sw = init(b, rows[i].tlvs);

		if (sw != rows[i].sw) {
			print_error("%s: %04X\n", rows[i].tlvs, sw);
			fail();
		}
	}
}

static void initialize__malformed_or_unacceptable__is_refused_and_changes_nothing(void **state)
{
	static const struct row rows[] = {
		{ "8002", 0x6A80 }, { "80020001" PIN, 0x6A80 }, /* no SO-PIN */
		{ "80020001" PIN SO "00", 0x6A80 },             /* a tag without a length */
		{ "80020001" PIN SO "910103"
		  "9101",
		        0x6A80 },                                /* cut off */
		{ "80020001" PIN SO "910103 910103", 0x6A80 },   /* twice */
		{ "80020001" PIN SO "910103 990100", 0x6A80 },   /* unknown */
		{ "80020001" PIN SO "910103 5F290100", 0x6A80 }, /* unknown, two bytes */
		{ "8001 01" PIN SO "910103", 0x6A80 }, { "8003 000001" PIN SO "910103", 0x6A80 },
		{ "80020001 8105 3634383231" SO "910103", 0x6A80 },
		{ "80020001 8111 3634383231393634383231393634383231" SO "910103", 0x6A80 },
		{ "80020001 8100" SO "910103", 0x6A80 },
		{ "80020001" PIN "8207 35373632313838"
		  "910103",
		        0x6A80 },
		{ "80020001" PIN "8209 353736323138383030"
		  "910103",
		        0x6A80 },
		{ "80020001" PIN SO "9100", 0x6A80 }, { "80020001" PIN SO "91020003", 0x6A80 },
		{ "80020001" PIN SO "910100", 0x6A80 },
		{ "80020001" PIN SO "910104", 0x6A80 },                   /* 6: at most 3 */
		{ "80020001 8107 36343832313930" SO "910106", 0x6A80 },   /* 7: at most 5 */
		{ "80020001 8108 3634383231393030" SO "91010B", 0x6A80 }, /* more: 10 */
		{ "80020001" PIN SO "910103 9200", 0x6A80 },
		{ "80020001" PIN SO "910103 92020001", 0x6A80 },
		{ "80020001" PIN SO "910103 920101 970101", 0x6A80 },
		{ "80020001" PIN SO "910103 93020100", 0x6A80 },
		{ "80020001" PIN SO "910103 9500", 0x6A81 },
		{ "80020001" PIN SO "910103 9600", 0x6A81 },
		{ "80020001" PIN SO "910103 970100", 0x6A80 },
		{ "80020001" PIN SO_BAD "910104", 0x6A80 }, /* no try is lost */
	};
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	EMU(b, "00D7CF01 06 54020000 5300", 0x9000, "");
	play(b, rows, sizeof(rows) / sizeof(rows[0]));
	EMU(b, "80500001 0A " SO, 0x6A86, "");
	EMU(b, "80500100 0A " SO, 0x6A86, "");
	EMU(b, "00200081", 0x9000, "");
	EMU(b, "00200088", 0x63CF, "");
	EMU(b, "80580000 00", 0x9000, "2F02 CF01 CC00");
	emu_bench_free(b);
}

static void initialize__acceptable_forms__are_taken(void **state)
{
	static const struct row rows[] = {
		{ "80020001" PIN SO "910103", 0x9000 },
		{ "80020001" PIN SO, 0x9000 },
		{ PIN SO "910101", 0x9000 },
		{ SO PIN "80020001", 0x9000 },
		{ SO, 0x9000 },
		{ "80020001 8107 36343832313930" SO "910105", 0x9000 },
		{ "80020001 8108 3634383231393030" SO "91010A", 0x9000 },
		{ "80020001 8110 36343832313936343832313936343832" SO "91010A", 0x9000 },
		{ "80020001" PIN SO "910103 920101", 0x9000 },
		{ "80020001" PIN SO "910103 920100", 0x9000 },
	};
	struct emu_bench *b = emu_bench_new();

	(void)state;
	play(b, rows, sizeof(rows) / sizeof(rows[0]));
	emu_bench_free(b);
}

static void initialize__without_pin__has_none(void **state)
{
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	assert_int_equal(init(b, SO), 0x9000);
	EMU(b, "00200081", 0x6A88, "");
	EMU(b, "00200088", 0x63CF, "");
	emu_bench_free(b);
}

static void initialize__first__sets_the_so_pin_later_ones_need_it(void **state)
{
	struct emu_bench *b = emu_bench_new();

	(void)state;
	assert_int_equal(init(b, "80020001" PIN SO "910103"), 0x9000);
	assert_int_equal(init(b, "80020001" PIN SO_BAD "910103"), 0x6985);
	EMU(b, "00200088", 0x63CE, "");
	assert_int_equal(init(b, "80020001" PIN SO "910103"), 0x9000);
	EMU(b, "00200088", 0x63CF, "");
	emu_bench_free(b);
}

static void initialize__wrong_so_pin__blocks_after_15(void **state)
{
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	for (int i = 0; i < 14; i++)
		assert_int_equal(init(b, "80020001" PIN SO_BAD "910103"), 0x6985);
	assert_int_equal(init(b, "80020001" PIN SO_BAD "910103"), 0x6983);
	assert_int_equal(init(b, "80020001" PIN SO "910103"), 0x6983);
	EMU(b, "00200081", 0x9000, ""); /* the user's login and data are untouched */
	emu_bench_free(b);
}

static void initialize__again__wipes_all_but_the_device(void **state)
{
	struct emu_bench *b = emu_bench_ready();
	uint8_t devaut[1024];
	size_t n;

	(void)state;
	EMU(b, "00B12F02 000004 54020000 0000", 0x6282, NULL);
	n = b->n;
	assert_true(n <= sizeof(devaut));
	memcpy(devaut, b->rsp, n);
	EMU(b,
	        "00460100 27 5F290100 7F4915 060A04007F00070202020102 8203010001 02020400"
	        "5F2008 5A5A545730303030",
	        0x9000, "");
	EMU(b, "00D7CF01 06 54020000 5300", 0x9000, "");
	EMU(b, "80580000 00", 0x9000, "2F02 CE01 CF01 CC00 CC01");
	assert_int_equal(init(b, "80020001" PIN SO "910103"), 0x9000);
	EMU(b, "80580000 00", 0x9000, "2F02 CC00");
	EMU(b, "00200081", 0x63C3, ""); /* logged out */
	EMU(b, "00B12F02 000004 54020000 0000", 0x6282, NULL);
	assert_true(rd_equal(emu_data(b), rd_of(devaut, n)));
	emu_bench_free(b);
}

static void initialize__retry_counter__is_the_one_asked_for(void **state)
{
	struct emu_bench *b = emu_bench_new();

	(void)state;
	assert_int_equal(init(b, "80020001 8108 3634383231393030" SO "91010A"), 0x9000);
	EMU(b, "00200081", 0x63CA, "");
	EMU(b, "00200081 08 3634383231393031", 0x63C9, "");
	EMU(b, "002C0181 08 " TEST_SO, 0x9000, "");
	EMU(b, "00200081", 0x63CA, "");
	emu_bench_free(b);
}

static uint32_t free_memory(struct emu_bench *b)
{
	struct rd r;
	uint32_t n = 0;

	EMU(b, "80500000 00", 0x9000, NULL);
	r = emu_data(b);
	assert_int_equal(r.n, 7);
	assert_true(rd_u32(&r, &n));
	assert_memory_equal(r.p, "\x00\x04\x01", 3); /* JCOP, 4.1 */
	return n;
}

static void initialize__no_data__tells_memory_and_version(void **state)
{
	struct emu_bench *b = emu_bench_ready();
	const uint32_t before = free_memory(b);

	(void)state;
	EMU(b, "00D7CF01 0A 54020000 5304 01020304", 0x9000, "");
	assert_true(free_memory(b) < before);
	EMU(b, "00E40200 02 CF01", 0x9000, "");
	assert_int_equal(free_memory(b), before);
	emu_bench_free(b);
}

static void memory__when_used_up__is_6A84_and_nothing_is_written(void **state)
{
	static uint8_t data[10 + 0xFE00] = { 0x54, 0x02, 0x00, 0x00, 0x53, 0x82, 0xFE, 0x00 };
	struct emu_bench *b = emu_bench_ready_of("large");
	uint32_t nn = 0, before;
	uint16_t sw;

	(void)state;
	do {
		before = free_memory(b);
		sw = emu_cmd(b, 0x00D7CF00 | nn++, rd_of(data, 8 + 0xFE00), 0);
	} while (sw == 0x9000);
	assert_int_equal(sw, 0x6A84);
	assert_true(nn > 2);
	assert_int_equal(free_memory(b), before);
	EMU(b, "00D7CE01 09 54020000 5303AABBCC", 0x9000, ""); /* a small one still fits */
	emu_bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		        initialize__malformed_or_unacceptable__is_refused_and_changes_nothing),
		cmocka_unit_test(initialize__acceptable_forms__are_taken),
		cmocka_unit_test(initialize__without_pin__has_none),
		cmocka_unit_test(initialize__first__sets_the_so_pin_later_ones_need_it),
		cmocka_unit_test(initialize__wrong_so_pin__blocks_after_15),
		cmocka_unit_test(initialize__again__wipes_all_but_the_device),
		cmocka_unit_test(initialize__retry_counter__is_the_one_asked_for),
		cmocka_unit_test(initialize__no_data__tells_memory_and_version),
		cmocka_unit_test(memory__when_used_up__is_6A84_and_nothing_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
