/* Key domains: MANAGE KEY DOMAIN, and keys in them; sc-hsm sheet sections 4.19, 7.2 and 8.5, values
 * of tests/golden/dkek.json and keyblobs.json. */
#include <stdio.h>
#include <string.h>

#include "emu_file.h"
#include "emu_golden.h"
#include "emu_keys.h"

#define SHARE_1          "6A00A1D4327180848F33E1F42B5781F85E54807A801C9182E3596419FC2FC53F"
#define SHARE_2          "C11390D24FCA774C6C01CDBE556491C286370BFCEED6E6CC01101CC111497B38"
#define ZEROS            "0000000000000000000000000000000000000000000000000000000000000000"
#define KCV_1            "4415267344DFB6E8"
#define KCV_1_2          "6668EDA367D7A05F"
#define KCV_ZERO         "66687AADF862BD77"
#define NO_KCV           "0000000000000000"
#define LOGIN            "00200081 06 363438323139"
#define STATUS(kd)       "805200" kd "00"
#define MAKE(kd, shares) "805201" kd "01" shares "00"
#define IMPORT(kd, sh)   "805200" kd "20" sh "00"
#define DELETE(kd)       "805203" kd
#define FORGET(kd)       "805204" kd "00"

/* RSA-1024, with one rule of three bytes. */
#define PAIR(kid, rule)                                                                            \
	"0046" kid "00 2A 5F290100 7F4915 060A04007F00070202020102 8203010001 02020400"            \
	"5F2008 5A5A545730303030" rule

static struct emu_bench *bench;

/* INITIALIZE DEVICE with these last objects; nobody is logged in. */
static uint16_t init(const char *more)
{
	char hex[160];
	uint8_t bytes[16];
	const size_t n = emu_unhex(more, bytes, sizeof(bytes));

	snprintf(hex, sizeof(hex),
	        "80500000 %02X 80020001 8106363438323139 8208" TEST_SO " 910103 %s",
	        (unsigned)(0x19 + n), more);
	return emu_hex(bench, hex);
}

/* A card with three key domains, the user logged in. */
static int ready(void **state)
{
	(void)state;
	bench = emu_bench_new();
	assert_int_equal(init("970103"), 0x9000);
	EMU(bench, LOGIN, 0x9000, "");
	return 0;
}

static int done(void **state)
{
	(void)state;
	emu_bench_free(bench);
	return 0;
}

static void initialize__key_domains__are_empty(void **state)
{
	static const char *const wrong[] = {
		"970100",
		"970109",
		"97020003",
		"9700",
		"920101 970101",
		"970101 920101",
	};

	(void)state;
	EMU(bench, STATUS("00"), 0x6A88, "");
	EMU(bench, STATUS("02"), 0x6A88, "");
	EMU(bench, STATUS("03"), 0x6A86, "");
	EMU(bench, IMPORT("00", SHARE_1), 0x6A88, "");
	EMU(bench, MAKE("02", "01"), 0x9000, "0101" NO_KCV);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(init(wrong[i]), 0x6A80);
	EMU(bench, STATUS("02"), 0x9000, "0101" NO_KCV); /* nothing was wiped */
	assert_int_equal(init("970108"), 0x9000);
	EMU(bench, STATUS("02"), 0x6A88, "");
	EMU(bench, STATUS("07"), 0x6A88, "");
	EMU(bench, STATUS("08"), 0x6A86, "");
	assert_int_equal(init(""), 0x9000);
	EMU(bench, LOGIN, 0x9000, "");
	for (unsigned p1 = 0; p1 < 5; p1++) {
		char hex[32];

		snprintf(hex, sizeof(hex), "8052%02X00 00", p1);
		EMU(bench, hex, 0x6A88, "");
		snprintf(hex, sizeof(hex), "8052%02X01 00", p1);
		EMU(bench, hex, 0x6A88, "");
	}
	EMU(bench, IMPORT("00", SHARE_1), 0x6A88, "");
}

static void domain__without_user_pin__is_6985(void **state)
{
	(void)state;
	EMU(bench, MAKE("01", "02"), 0x9000, "0202" NO_KCV);
	EMU(bench, SELECT_CMD, 0x9000, NULL);
	EMU(bench, MAKE("00", "01"), 0x6985, "");
	EMU(bench, "80520200 01 00 00", 0x6985, "");
	EMU(bench, DELETE("01"), 0x6985, "");
	EMU(bench, FORGET("01"), 0x6985, "");
	EMU(bench, STATUS("01"), 0x9000, "0202" NO_KCV);
	EMU(bench, IMPORT("01", SHARE_1), 0x9000, "0201" NO_KCV);
}

static void make__dkek_domains__each_with_its_shares(void **state)
{
	(void)state;
	EMU(bench, MAKE("02", "02"), 0x9000, "0202" NO_KCV);
	EMU(bench, MAKE("00", "01"), 0x9000, "0101" NO_KCV);
	EMU(bench, MAKE("02", "01"), 0x6A89, "");
	EMU(bench, IMPORT("02", SHARE_2), 0x9000, "0201" NO_KCV);
	EMU(bench, IMPORT("00", SHARE_1), 0x9000, "0100" KCV_1);
	EMU(bench, IMPORT("02", SHARE_1), 0x9000, "0200" KCV_1_2);
	EMU(bench, STATUS("00"), 0x9000, "0100" KCV_1);
	EMU(bench, STATUS("01"), 0x6A88, "");
	EMU(bench, IMPORT("02", SHARE_1), 0x6986, "");
	EMU(bench, MAKE("01", "00"), 0x9000, "0000..");
	assert_int_equal(bench->n, 10);
	assert_memory_not_equal(bench->rsp + 2, "\0\0\0\0\0\0\0\0", 8);
}

static void domain__malformed__is_refused(void **state)
{
	static const struct {
		const char *cmd;
		uint16_t sw;
	} rows[] = {
		{ "80520500 00", 0x6A86 },
		{ "80520103 01 01 00", 0x6A86 },
		{ "80520203 02 7F4E 00", 0x6A86 },
		{ "80520303", 0x6A86 },
		{ "80520003 20" SHARE_1 "00", 0x6A86 },
		{ "805204FF 00", 0x6A86 },
		{ "80520100 00", 0x6700 },         /* no number */
		{ "80520100 02 0101 00", 0x6700 }, /* too many */
		{ "80520100 01 01", 0x6700 },      /* no room for the answer */
		{ "80520100 01 01 09", 0x6700 },
		{ "80520301 01 00", 0x6700 }, /* data where there is none */
		{ "80520401 01 00 00", 0x6700 },
		{ "80520001 1F 00A1D4327180848F33E1F42B5781F85E54807A801C9182E3596419FC2FC53F 00",
		        0x6700 },
		{ "80520300", 0x6A88 }, /* empty ones */
		{ "80520400 00", 0x6A88 },
		{ "80520200 02 7F4E 00", 0x6A80 },
	};

	(void)state;
	EMU(bench, MAKE("01", "01"), 0x9000, "0101" NO_KCV);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		EMU(bench, rows[i].cmd, rows[i].sw, "");
	EMU(bench, STATUS("00"), 0x6A88, "");
	EMU(bench, STATUS("01"), 0x9000, "0101" NO_KCV);
}

static void delete__domain_with_keys__is_6A89(void **state)
{
	(void)state;
	EMU(bench, MAKE("01", "01"), 0x9000, "0101" NO_KCV);
	EMU(bench, IMPORT("01", SHARE_1), 0x9000, "0100" KCV_1);
	EMU(bench, "004801B0 03 920101", 0x9000, "");
	EMU(bench, "004802B0 03 920102", 0x9000, "");
	EMU(bench, DELETE("01"), 0x6A89, "");
	EMU(bench, DELETE("02"), 0x6A89, ""); /* empty, but for the key */
	EMU(bench, STATUS("01"), 0x9000, "0100" KCV_1);
	EMU(bench, "00E40200 02 CC01", 0x9000, "");
	EMU(bench, DELETE("01"), 0x6A88, "");
	EMU(bench, STATUS("01"), 0x6A88, "");
	EMU(bench, MAKE("01", "02"), 0x9000, "0202" NO_KCV);
	/* The only domain of a card with DKEK shares is one like the others. */
	assert_int_equal(init("920101"), 0x9000);
	EMU(bench, LOGIN, 0x9000, "");
	EMU(bench, MAKE("00", "02"), 0x6A89, "");
	EMU(bench, DELETE("00"), 0x6A88, "");
	EMU(bench, MAKE("00", "02"), 0x9000, "0202" NO_KCV);
}

static void forget__kek__waits_for_its_shares_again(void **state)
{
	uint8_t kcv[8];

	(void)state;
	EMU(bench, MAKE("01", "01"), 0x9000, "0101" NO_KCV);
	EMU(bench, IMPORT("01", SHARE_1), 0x9000, "0100" KCV_1);
	EMU(bench, "004801B0 03 920101", 0x9000, "");
	EMU(bench, "80720192 000000", 0x9000, KCV_1 "..");
	EMU(bench, FORGET("01"), 0x9000, "0101" NO_KCV);
	EMU(bench, "80720192 000000", 0x6A88, "");
	EMU(bench, "80780118 10 00000000000000000000000000000000 00", 0x9000,
	        NULL); /* the key stays */
	EMU(bench, IMPORT("01", ZEROS), 0x9000, "0100" KCV_ZERO);
	EMU(bench, "80720192 000000", 0x9000, KCV_ZERO "..");
	EMU(bench, MAKE("02", "02"), 0x9000, "0202" NO_KCV);
	EMU(bench, IMPORT("02", SHARE_1), 0x9000, "0201" NO_KCV);
	EMU(bench, FORGET("02"), 0x9000, "0202" NO_KCV);
	EMU(bench, IMPORT("02", SHARE_1), 0x9000, "0201" NO_KCV);
	EMU(bench, IMPORT("02", SHARE_2), 0x9000, "0200" KCV_1_2); /* not that of three */
	EMU(bench, MAKE("00", "00"), 0x9000, "0000..");
	memcpy(kcv, bench->rsp + 2, 8);
	EMU(bench, FORGET("00"), 0x9000, "0000..");
	assert_memory_not_equal(bench->rsp + 2, kcv, 8);
}

/* ---- keys ---- */

static void key__domain__decides_about_the_kek(void **state)
{
	(void)state;
	EMU(bench, MAKE("01", "01"), 0x9000, "0101" NO_KCV);
	EMU(bench, MAKE("02", "01"), 0x9000, "0101" NO_KCV);
	EMU(bench, IMPORT("01", SHARE_1), 0x9000, "0100" KCV_1);
	EMU(bench, IMPORT("02", ZEROS), 0x9000, "0100" KCV_ZERO);
	EMU(bench, "004801B0 03 920101", 0x9000, "");
	EMU(bench, "004802B0 06 910192 920102", 0x9000, "");
	EMU(bench, "004803B0", 0x9000, ""); /* domain 0 */
	EVP_PKEY_free(key_on_card_with(bench, 4, &ec_specs[1], "920101"));
	EMU(bench, "80720192 000000", 0x9000, KCV_1 "..");
	EMU(bench, "80720292 000000", 0x9000, KCV_ZERO "..");
	EMU(bench, "80720392 000000", 0x6A88, "");
	EMU(bench, "80720492 000000", 0x9000, KCV_1 "..");
	EMU(bench, "00A40000 02 CC01 00", 0x9000, "6F0C 820101 8302CC01 A503 920101");
	EMU(bench, "00A40000 02 CC02 00", 0x9000, "6F0F 820101 8302CC02 A506 910192 920102");
	EMU(bench, "00A40000 02 CC03 00", 0x9000, "6F0C 820101 8302CC03 A503 920100");
	EMU(bench, "004805B0 03 920103", 0x6A88, "");
	EMU(bench, PAIR("05", "920103"), 0x6A88, "");
	EMU(bench, "004805B0 04 92020101", 0x6A80, "");
	EMU(bench, "004805B0 02 9200", 0x6A80, "");
	assert_int_equal(init(""), 0x9000); /* no domains: keys are in domain 0 */
	EMU(bench, LOGIN, 0x9000, "");
	EMU(bench, "004801B0 03 920100", 0x9000, "");
	EMU(bench, "004802B0 03 920101", 0x6A88, "");
	EMU(bench, "00A40000 02 CC01 00", 0x9000, "6F07 820101 8302CC01");
}

static void unwrap__blob__goes_to_the_domain_of_its_check_value(void **state)
{
	AUTO_BUF blob = { 0 };
	AUTO_BUF want = { 0 };
	AUTO_BUF plain = { 0 };
	const struct rd bytes = golden_get("AES-128", "blob", &blob);
	struct keyblob key;

	(void)state;
	assert_int_equal(golden_unwrap(bench, 1, bytes), 0x6A88); /* no KEK at all */
	EMU(bench, MAKE("01", "01"), 0x9000, "0101" NO_KCV);
	EMU(bench, IMPORT("01", ZEROS), 0x9000, "0100" KCV_ZERO);
	assert_int_equal(golden_unwrap(bench, 1, bytes), 0x6A80); /* another one */
	EMU(bench, MAKE("02", "01"), 0x9000, "0101" NO_KCV);
	assert_int_equal(golden_unwrap(bench, 1, bytes), 0x6A80);
	EMU(bench, IMPORT("02", SHARE_1), 0x9000, "0100" KCV_1);
	assert_int_equal(golden_unwrap(bench, 1, bytes), 0x9000);
	EMU(bench, "00A40000 02 CC01 00", 0x9000, "6F12 820101 8302CC01 A509 910410111899 920102");
	golden_unwrap(bench, 2, rd_of(bytes.p, 7));
	assert_int_equal(bench->sw, 0x6A80);
	/* Without the list, which does not allow it, it would wrap again. */
	golden_open(bytes, &plain, &key);
	key.algs = rd_of(NULL, 0);
	assert_int_equal(golden_unwrap(bench, 2, golden_build(&key, &blob)), 0x9000);
	golden_wrap(bench, 2, &plain, &key);
	assert_true(rd_equal(key.part[KB_AES_KEY], golden_get("AES-128", "key", &want)));
}

/* ---- in the file ---- */

static void file__domains__are_there_again(void **state)
{
	struct token_place p;

	(void)state;
	emu_bench_free(bench);
	place_make(&p);
	place_create(&p, EMU_KDF_CHEAP);
	bench = emu_bench_open(p.path);
	assert_int_equal(init("970102"), 0x9000);
	EMU(bench, LOGIN, 0x9000, "");
	EMU(bench, MAKE("01", "02"), 0x9000, "0202" NO_KCV);
	EMU(bench, "004801B0 03 920101", 0x9000, "");
	EMU(bench, IMPORT("01", SHARE_1), 0x9000, "0201" NO_KCV);
	emu_bench_free(bench);
	bench = emu_bench_open(p.path);
	EMU(bench, STATUS("01"), 0x9000, "0201" NO_KCV);
	EMU(bench, STATUS("02"), 0x6A86, "");
	EMU(bench, IMPORT("01", SHARE_2), 0x9000, "0200" KCV_1_2);
	EMU(bench, LOGIN, 0x9000, "");
	EMU(bench, "80720192 000000", 0x9000, KCV_1_2 "..");
	emu_bench_free(bench);
	bench = emu_bench_open(p.path);
	EMU(bench, LOGIN, 0x9000, "");
	EMU(bench, "80720192 000000", 0x9000, KCV_1_2 "..");
	EMU(bench, "00E40200 02 CC01", 0x9000, "");
	EMU(bench, DELETE("01"), 0x6A88, "");
	emu_bench_free(bench);
	bench = emu_bench_open(p.path);
	EMU(bench, STATUS("01"), 0x6A88, "");
	place_remove(&p);
}

/* A KEK moved to another domain does not open there. */
static void file__kek_in_another_domain__is_damage(void **state)
{
	static const uint8_t wrap[] = { 0x80, 0x72, 0x01, 0x92, 0x00, 0x00, 0x00 };
	static uint8_t rsp[RAPDU_MAX];
	struct wr w = WR_ARRAY(rsp);
	struct token_place p;

	(void)state;
	emu_bench_free(bench);
	place_make(&p);
	place_create(&p, EMU_KDF_CHEAP);
	bench = emu_bench_open(p.path);
	assert_int_equal(init("970102"), 0x9000);
	EMU(bench, LOGIN, 0x9000, "");
	EMU(bench, MAKE("00", "01"), 0x9000, "0101" NO_KCV);
	EMU(bench, IMPORT("00", SHARE_1), 0x9000, "0100" KCV_1);
	EMU(bench, "004801B0 03 920101", 0x9000, "");
	EMU(bench, "80720192 000000", 0x6A88, "");
	emu_bench_free(bench);
	file_sql(p.path, "UPDATE kek SET domain = 1");
	bench = emu_bench_open(p.path);
	EMU(bench, STATUS("01"), 0x9000, "0100" KCV_1);
	EMU(bench, LOGIN, 0x9000, "");
	assert_int_equal(
	        emu_lane_xfer(bench->lane, rd_of(wrap, sizeof(wrap)), &w), HSM_E_TOKEN_DAMAGED);
	place_remove(&p);
}

#define DOMAIN_TEST(f) cmocka_unit_test_setup_teardown(f, ready, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DOMAIN_TEST(initialize__key_domains__are_empty),
		DOMAIN_TEST(domain__without_user_pin__is_6985),
		DOMAIN_TEST(make__dkek_domains__each_with_its_shares),
		DOMAIN_TEST(domain__malformed__is_refused),
		DOMAIN_TEST(delete__domain_with_keys__is_6A89),
		DOMAIN_TEST(forget__kek__waits_for_its_shares_again),
		DOMAIN_TEST(key__domain__decides_about_the_kek),
		DOMAIN_TEST(unwrap__blob__goes_to_the_domain_of_its_check_value),
		DOMAIN_TEST(file__domains__are_there_again),
		DOMAIN_TEST(file__kek_in_another_domain__is_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
