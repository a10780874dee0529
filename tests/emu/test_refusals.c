/* What commands have in common when they refuse: wrong lengths, no login, no such key, no room. */
#include <stdio.h>
#include <string.h>

#include "base/tlv.h"
#include "emu_file.h"
#include "emu_golden.h"
#include "emu_keys.h"

#define EC_BLOB "EC secp256r1"
#define NEW_PIN "313233343536"

static struct emu_bench *bench;

static int ready(void **state)
{
	(void)state;
	bench = emu_bench_new();
	golden_ready(bench);
	return 0;
}

static int done(void **state)
{
	(void)state;
	emu_bench_free(bench);
	return 0;
}

/* ---- lengths ---- */

/* The data are looked at before P1 and P2. */
static void any_command__data_of_wrong_length__is_6700(void **state)
{
	static const struct {
		uint32_t header;
		size_t n;
	} rows[] = {
		{ 0x00A40400, 256 },
		{ 0x00A40000, 256 },
		{ 0x00A40800, 256 },
		{ 0x00200081, 256 },
		{ 0x00200088, 256 },
		{ 0x00200200, 256 },
		{ 0x00240081, 0 },
		{ 0x00240088, 0 },
		{ 0x00240100, 0 },
		{ 0x00240081, 256 },
		{ 0x002C0081, 256 },
		{ 0x002C0181, 256 },
		{ 0x002C0281, 256 },
		{ 0x002C0381, 256 },
		{ 0x002C0481, 256 },
		{ 0x80500000, 256 },
		{ 0x80500001, 256 },
		{ 0x80527F00, 1025 },
		{ 0x00B12F02, 0 },
		{ 0x00B12F02, 256 },
		{ 0x00D7CF01, 5 },
		{ 0x00E40200, 1 },
		{ 0x00E40200, 3 },
		{ 0x00E40000, 0 },
		{ 0x80580000, 1 },
		{ 0x80580100, 1 },
		{ 0x00840000, 1 },
		{ 0x00840100, 1 },
		{ 0x00460100, 0 },
		{ 0x004801B0, 256 },
		{ 0x80720192, 1 },
		{ 0x80620121, 0 },
		{ 0x80620199, 0 },
		{ 0x002241A4, 0 },
		{ 0x002281B6, 0 },
		{ 0x002281A4, 0 },
		{ 0x00220000, 0 },
		{ 0x002241A4, 256 },
		{ 0x002A00BE, 0 },
		{ 0x002A00BE, 1025 },
		{ 0x002A0000, 0 },
		{ 0x00860000, 0 },
		{ 0x00860001, 0 },
		{ 0x00860000, 256 },
		{ 0x00820000, 0 },
		{ 0x00820000, 513 },
	};
	static const uint8_t zeros[1025] = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
		        emu_cmd(bench, rows[i].header, rd_of(zeros, rows[i].n), 256), 0x6700);
	EMU(bench, "00A40000 03 CC0000 00", 0x6700, "");
	EMU(bench, "00200081", 0x9000, ""); /* no try was counted, nobody logged out */
	EMU(bench, "00200088", 0x63CF, "");
}

/* ---- logins ---- */

static void any_command__without_login__is_6982(void **state)
{
	static const char *const commands[] = {
		"00D7CF01 07 54020000 530100",
		"00E40200 02 CF01",
		"00E40000 02 CF01",
		"00460100 01 00",
		"004801B0",
		"80720192 00",
		"80740193 01 00",
		"80740193",
		"80680120 01 00 00",
		"80680130 01 00 00",
		"80680140 01 00 00",
		"80680170 01 00 00",
		"80680199 01 00 00",
		"80620121 01 00 00",
		"80620122 01 00 00",
		"80620123 01 00 00",
		"80620180 01 00 00",
		"80620199 01 00 00",
		"80780110 01 00 00",
		"80780111 01 00 00",
		"80780118 01 00 00",
		"80780112 01 00 00",
	};

	(void)state;
	EMU(bench, SELECT_CMD, 0x9000, NULL); /* logs out */
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		EMU(bench, commands[i], 0x6982, "");
	EMU(bench, "80580000 00", 0x9000, "2F02 CC00");
}

static void so_pin__never_set__is_6A88(void **state)
{
	struct emu_bench *b = emu_bench_new();

	(void)state;
	EMU(b, "00200088 08 " TEST_SO, 0x6A88, "");
	EMU(b, "00240088 10 " TEST_SO TEST_SO, 0x6A88, "");
	emu_bench_free(b);
}

static void reset_retry__pin_never_set__is_6A88(void **state)
{
	struct emu_bench *b = emu_bench_new();

	(void)state;
	EMU(b, "80500000 11 80020001 8208" TEST_SO " 910103", 0x9000, "");
	EMU(b, "00200088 08 " TEST_SO, 0x9000, "");
	EMU(b, "002C0081 0E " TEST_SO NEW_PIN, 0x6A88, "");
	EMU(b, "002C0181 08 " TEST_SO, 0x6A88, "");
	EMU(b, "002C0281 06 " NEW_PIN, 0x6A88, "");
	EMU(b, "002C0381", 0x6A88, "");
	emu_bench_free(b);
}

static void reset_retry__new_pin_too_short__is_6A80(void **state)
{
	(void)state;
	EMU(bench, "00200088 08 " TEST_SO, 0x9000, "");
	EMU(bench, "002C0281 05 3132333435", 0x6A80, "");
	EMU(bench, "00200081", 0x9000, "");
}

static void reset_retry__so_pin_blocked__is_6983(void **state)
{
	(void)state;
	for (unsigned left = 14; left != 0; left--)
		EMU(bench, "002C0181 08 3537363231383831", (uint16_t)(0x63C0 | left), "");
	EMU(bench, "002C0181 08 3537363231383831", 0x6983, "");
	EMU(bench, "002C0181 08 " TEST_SO, 0x6983, "");
	EMU(bench, "00200081", 0x9000, "");
}

/* ---- parameters ---- */

static void select__key__only_with_p2_00(void **state)
{
	(void)state;
	EMU(bench, "00A40004 02 CC00 00", 0x6A86, "");
	EMU(bench, "00A40000 02 CC00 00", 0x9000, NULL);
}

/* ---- keys ---- */

static void any_key__not_there__is_6A88(void **state)
{
	static const uint8_t commands[][2] = { { 0x68, 0x20 }, { 0x68, 0x30 }, { 0x68, 0x40 },
		{ 0x68, 0x70 }, { 0x68, 0x99 }, { 0x62, 0x21 }, { 0x62, 0x22 }, { 0x62, 0x23 },
		{ 0x62, 0x80 }, { 0x62, 0x99 }, { 0x78, 0x10 }, { 0x78, 0x11 }, { 0x78, 0x18 },
		{ 0x78, 0x12 } };

	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		assert_int_equal(
		        emu_cmd(bench,
		                0x80000500u | (uint32_t)commands[i][0] << 16 | commands[i][1],
		                RD_LIT("0123456789ABCDEF"), 256),
		        0x6A88);
}

static void cipher__list_of_algorithms_and_le__are_kept(void **state)
{
	static const char *const ciphers[] = { "80780110", "80780111", "80780118" };
	static const char *const lists[] = { "004801B0 04 91021118", "004801B0 04 91021018",
		"004801B0 04 91021011" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char cmd[64];

		EMU(bench, lists[i], 0x9000, "");
		for (size_t k = 0; k < 3; k++) {
			snprintf(cmd, sizeof(cmd), "%s 10 000102030405060708090A0B0C0D0E0F",
			        ciphers[k]);
			EMU(bench, cmd, k == i ? 0x6A81 : 0x6700, ""); /* no Le */
			strcat(cmd, "00");
			EMU(bench, cmd, k == i ? 0x6A81 : 0x9000, NULL);
		}
		EMU(bench, "00E40200 02 CC01", 0x9000, "");
	}
}

/* ---- key blobs in EF 2F10 ---- */

static void put_file(struct rd blob)
{
	uint8_t data[1024];
	struct wr w = WR_ARRAY(data);

	wr_put(&w, "\x54\x02\x00\x00", 4);
	tlv_put(&w, 0x53, blob);
	assert_int_equal(emu_cmd(bench, 0x00D72F10, wr_rd(&w), 0), 0x9000);
}

static void unwrap__refused_from_a_file__the_file_stays(void **state)
{
	AUTO_BUF blob = { 0 };
	AUTO_BUF plain = { 0 };
	AUTO_BUF other = { 0 };
	struct keyblob key;
	uint8_t p[32];

	(void)state;
	golden_open(golden_get(EC_BLOB, "blob", &blob), &plain, &key);
	memcpy(p, key.part[KB_EC_P].p, sizeof(p));
	p[0] ^= 1;
	key.part[KB_EC_P] = rd_of(p, sizeof(p));
	put_file(golden_build(&key, &other));
	EMU(bench, "80740193", 0x6A81, ""); /* no curve of the card */
	put_file(buf_rd(&blob));
	EMU(bench, "80740093", 0x6A86, "");
	EMU(bench, "80740192", 0x6A86, "");
	EMU(bench, "80740193", 0x9000, "");
	put_file(buf_rd(&blob));
	EMU(bench, "80740193", 0x6A89, "");
	EMU(bench, "00A40000 02 2F10 00", 0x9000, NULL);
}

static void unwrap__from_a_file_without_dkek__is_6A88(void **state)
{
	AUTO_BUF blob = { 0 };

	(void)state;
	EMU(bench, INIT_CMD, 0x9000, "");
	EMU(bench, VERIFY_CMD, 0x9000, "");
	put_file(golden_get(EC_BLOB, "blob", &blob));
	EMU(bench, "80740193", 0x6A88, "");
}

/* ---- room ---- */

/* Files until there are 726 entries, with 2F02, CC00 and 2F10. */
static void fill(void)
{
	static const uint32_t kinds[] = { 0xC400, 0xC800, 0xC900, 0xCE00 };

	assert_int_equal(emu_lane_hold(bench->lane, true), HSM_OK);
	for (uint32_t i = 0; i < 723; i++)
		assert_int_equal(emu_cmd(bench, 0x00D70000 | kinds[i / 256] | i % 256,
		                         RD_LIT("\x54\x02\x00\x00\x53\x01\x55"), 0),
		        0x9000);
	assert_int_equal(emu_lane_hold(bench->lane, false), HSM_OK);
}

static void new_key__card_full__is_6A84(void **state)
{
	AUTO_BUF blob = { 0 };
	uint8_t template[1024];
	const size_t n = key_template_put(
	        &ec_specs[1], NULL, "ZZTEST0100001", NULL, template, sizeof(template));

	(void)state;
	put_file(golden_get(EC_BLOB, "blob", &blob));
	fill();
	assert_int_equal(emu_cmd(bench, 0x00460100, rd_of(template, n), 0x10000), 0x6A84);
	EMU(bench, "004801B0", 0x6A84, "");
	assert_int_equal(golden_unwrap(bench, 1, buf_rd(&blob)), 0x6A84);
	EMU(bench, "80740193", 0x6A84, "");
	assert_int_equal(emu_hex(bench, "80580000 000000"), 0x9000);
	assert_int_equal(bench->n, 2 * 726);
	EMU(bench, "00E40200 02 C400", 0x9000, "");
	EMU(bench, "80740193", 0x9000, "");
}

/* ---- certificates ---- */

/* The device certificate of a new card, without 7F21. */
static struct rd device_cert(struct emu_bench *b)
{
	struct rd chain, cert;

	assert_int_equal(emu_cmd(b, 0x00B12F02, RD_LIT("\x54\x02\x00\x00"), 0x10000), 0x6282);
	chain = emu_data(b);
	assert_true(tlv_get(&chain, 0x7F21, &cert));
	return cert;
}

static void choose_issuer(void)
{
	EMU(bench, "002281B6 0F 830D 5A5A5457494E43413030303031", 0x9000, ""); /* ZZTWINCA00001 */
}

static void pso__more_than_16_keys__is_6A84(void **state)
{
	(void)state;
	choose_issuer();
	for (int i = 0; i < 17; i++) {
		struct emu_bench *other = emu_bench_new();

		assert_int_equal(emu_cmd(bench, 0x002A00BE, device_cert(other), 0),
		        i < 16 ? 0x9000 : 0x6A84);
		emu_bench_free(other);
	}
}

static void pso__another_kind_of_key__is_6A81(void **state)
{
	static const uint8_t ecdsa[] = { 0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x02, 0x02,
		0x03 };
	struct emu_bench *other = emu_bench_new();
	const struct rd cert = device_cert(other);
	uint8_t bytes[512], *oid;

	(void)state;
	assert_true(cert.n <= sizeof(bytes));
	memcpy(bytes, cert.p, cert.n);
	oid = memmem(bytes, cert.n, ecdsa, sizeof(ecdsa));
	assert_non_null(oid);
	oid[sizeof(ecdsa) - 1] = 0x01; /* ECDSA with SHA-1 */
	choose_issuer();
	assert_int_equal(emu_cmd(bench, 0x002A00BE, rd_of(bytes, cert.n), 0), 0x6A81);
	emu_bench_free(other);
}

#define REFUSAL_TEST(f) cmocka_unit_test_setup_teardown(f, ready, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		REFUSAL_TEST(any_command__data_of_wrong_length__is_6700),
		REFUSAL_TEST(any_command__without_login__is_6982),
		cmocka_unit_test(so_pin__never_set__is_6A88),
		cmocka_unit_test(reset_retry__pin_never_set__is_6A88),
		REFUSAL_TEST(reset_retry__new_pin_too_short__is_6A80),
		REFUSAL_TEST(reset_retry__so_pin_blocked__is_6983),
		REFUSAL_TEST(select__key__only_with_p2_00),
		REFUSAL_TEST(any_key__not_there__is_6A88),
		REFUSAL_TEST(cipher__list_of_algorithms_and_le__are_kept),
		REFUSAL_TEST(unwrap__refused_from_a_file__the_file_stays),
		REFUSAL_TEST(unwrap__from_a_file_without_dkek__is_6A88),
		REFUSAL_TEST(new_key__card_full__is_6A84),
		REFUSAL_TEST(pso__more_than_16_keys__is_6A84),
		REFUSAL_TEST(pso__another_kind_of_key__is_6A81),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
