/* Shares and state of the DKEK; values of tests/golden/dkek.json */
#include <stdio.h>
#include <string.h>

#include "emu_file.h"

#define SHARE_1    "6A00A1D4327180848F33E1F42B5781F85E54807A801C9182E3596419FC2FC53F"
#define SHARE_2    "C11390D24FCA774C6C01CDBE556491C286370BFCEED6E6CC01101CC111497B38"
#define KCV_1      "4415267344DFB6E8"
#define KCV_1_2    "6668EDA367D7A05F"
#define KCV_ZERO   "66687AADF862BD77"
#define NO_KCV     "0000000000000000"
#define ZEROS      "0000000000000000000000000000000000000000000000000000000000000000"
#define STATUS     "80520000 00"
#define IMPORT(sh) "80520000 20" sh "00"

/* Initialises with this number of shares; nobody is logged in. */
static void init(struct emu_bench *b, const char *shares)
{
	char hex[128];

	snprintf(hex, sizeof(hex),
	        "80500000 1C 80020001 8106363438323139 8208" TEST_SO " 910103 9201%s", shares);
	EMU(b, hex, 0x9000, "");
}

static void status__without_a_scheme__is_6A88(void **state)
{
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	EMU(b, STATUS, 0x6A88, "");
	EMU(b, IMPORT(SHARE_1), 0x6A88, "");
	emu_bench_free(b);
}

static void import__share_by_share__until_complete(void **state)
{
	struct emu_bench *b = emu_bench_new();

	(void)state;
	init(b, "02");
	EMU(b, STATUS, 0x9000, "0202" NO_KCV);
	EMU(b, IMPORT(SHARE_2), 0x9000, "0201" NO_KCV);
	EMU(b, STATUS, 0x9000, "0201" NO_KCV);
	EMU(b, IMPORT(SHARE_1), 0x9000, "0200" KCV_1_2);
	EMU(b, STATUS, 0x9000, "0200" KCV_1_2);
	EMU(b, IMPORT(SHARE_1), 0x6986, "");
	EMU(b, STATUS, 0x9000, "0200" KCV_1_2);
	init(b, "01");
	EMU(b, STATUS, 0x9000, "0101" NO_KCV);
	EMU(b, IMPORT(SHARE_1), 0x9000, "0100" KCV_1);
	init(b, "01");
	EMU(b, IMPORT(ZEROS), 0x9000, "0100" KCV_ZERO);
	init(b, "FF");
	EMU(b, STATUS, 0x9000, "FFFF" NO_KCV);
	emu_bench_free(b);
}

static void initialize__no_shares__makes_a_dkek_by_chance(void **state)
{
	struct emu_bench *b = emu_bench_new();
	uint8_t first[10];

	(void)state;
	init(b, "00");
	EMU(b, STATUS, 0x9000, NULL);
	assert_int_equal(b->n, 10);
	memcpy(first, b->rsp, 10);
	assert_memory_equal(first, "\0\0", 2);
	EMU(b, IMPORT(SHARE_1), 0x6986, "");
	init(b, "00");
	EMU(b, STATUS, 0x9000, NULL);
	assert_memory_not_equal(first + 2, b->rsp + 2, 8);
	emu_bench_free(b);
}

static void initialize__without_a_scheme__forgets_the_dkek(void **state)
{
	struct emu_bench *b = emu_bench_new();

	(void)state;
	init(b, "01");
	EMU(b, IMPORT(SHARE_1), 0x9000, "0100" KCV_1);
	EMU(b, INIT_CMD, 0x9000, "");
	EMU(b, STATUS, 0x6A88, "");
	emu_bench_free(b);
}

static void import__malformed__is_refused_and_changes_nothing(void **state)
{
	static const struct {
		const char *cmd;
		uint16_t sw;
	} rows[] = {
		{ "80520001 00", 0x6A86 }, /* one domain only */
		{ "80520500 00", 0x6A86 },
		{ "80520000", 0x6700 },
		{ "80520000 09", 0x6700 },
		{ "80520000 20" SHARE_1, 0x6700 }, /* no room for the answer, no import */
		{ "80520000 1F"
		  "00A1D4327180848F33E1F42B5781F85E54807A801C9182E3596419FC2FC53F 00",
		        0x6700 },
		{ "80520000 21"
		  "00" SHARE_1 "00",
		        0x6700 },
		{ "00520000 00", 0x6E00 },
	};
	struct emu_bench *b = emu_bench_new();

	(void)state;
	init(b, "01");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		EMU(b, rows[i].cmd, rows[i].sw, "");
	EMU(b, STATUS, 0x9000, "0101" NO_KCV);
	EMU(b, "80520000 0A", 0x9000, "0101" NO_KCV);
	emu_bench_free(b);
}

/* Neither the DKEK nor, once it is complete, the sum that was waiting is anywhere in the file. */
static void file__complete__shows_no_part_of_the_dkek(void **state)
{
	static const char *const hidden[] = { SHARE_1, SHARE_2,
		"AB1331067DBBF7C8E3322C4A7E33103AD8638B866ECA774EE24978D8ED66BE07" };
	struct token_place p;
	struct emu_bench *b;
	AUTO_BUF file = { 0 };
	uint8_t bytes[32];

	(void)state;
	place_make(&p);
	place_create(&p, EMU_KDF_CHEAP);
	b = emu_bench_open(p.path);
	init(b, "02");
	EMU(b, IMPORT(SHARE_1), 0x9000, "0201" NO_KCV);
	emu_bench_free(b);
	file_read(p.path, &file);
	emu_unhex(SHARE_1, bytes, sizeof(bytes));
	assert_non_null(memmem(file.p, file.n, bytes, sizeof(bytes))); /* waits in clear */
	b = emu_bench_open(p.path);
	EMU(b, STATUS, 0x9000, "0201" NO_KCV);
	EMU(b, IMPORT(SHARE_2), 0x9000, "0200" KCV_1_2);
	emu_bench_free(b);
	b = emu_bench_open(p.path);
	EMU(b, STATUS, 0x9000, "0200" KCV_1_2);
	emu_bench_free(b);
	file_read(p.path, &file);
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
		emu_unhex(hidden[i], bytes, sizeof(bytes));
		assert_null(memmem(file.p, file.n, bytes, sizeof(bytes)));
	}
	place_remove(&p);
}

static void file__record_out_of_bounds__is_damage(void **state)
{
	static const char *const damages[] = {
		"UPDATE kek SET domain = 1",
		"UPDATE kek SET shares = 256",
		"UPDATE kek SET missing = 3",
		"UPDATE kek SET missing = -1",
		"UPDATE kek SET missing = 0",
		"UPDATE kek SET pending = NULL",
		"UPDATE kek SET pending = x'00'",
		"UPDATE kek SET public = x'00'",
		"UPDATE kek SET private = x''",
		"UPDATE kek SET kcv = x'0000000000000000'",
		"UPDATE kek SET sealed = x'00'",
		("INSERT INTO kek SELECT 1, 2, 2, public, private, pending, kcv, sealed, uid FROM "
		 "kek"),
		"UPDATE kek SET uid = zeroblob(65)",
		"UPDATE card SET domains = 0",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct token_place p;
		struct emu_bench *b;

		place_make(&p);
		place_create(&p, EMU_KDF_CHEAP);
		b = emu_bench_open(p.path);
		init(b, "02");
		emu_bench_free(b);
		OPENS(p.path, HSM_OK);
		file_sql(p.path, damages[i]);
		OPENS(p.path, HSM_E_TOKEN_DAMAGED);
		place_remove(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status__without_a_scheme__is_6A88),
		cmocka_unit_test(import__share_by_share__until_complete),
		cmocka_unit_test(initialize__no_shares__makes_a_dkek_by_chance),
		cmocka_unit_test(initialize__without_a_scheme__forgets_the_dkek),
		cmocka_unit_test(import__malformed__is_refused_and_changes_nothing),
		cmocka_unit_test(file__complete__shows_no_part_of_the_dkek),
		cmocka_unit_test(file__record_out_of_bounds__is_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
