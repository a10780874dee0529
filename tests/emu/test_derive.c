/* DERIVE EC KEY: sc-hsm sheet section 4.15; scalars and points of tests/golden/ec_derive.json. */
#include <openssl/bn.h>
#include <string.h>

#include "apdu/smartcardhsm.h"
#include "base/tlv.h"
#include "emu_file.h"
#include "emu_golden.h"
#include "emu_keys.h"

#define VECTORS "ec_derive.json"
#define SIGN    "80680170 04 01020304 00"

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

/* ---- sources with a known scalar ---- */

static void source_in(
        uint8_t kid, const struct curve *curve, struct rd d, struct rd q, struct rd algs)
{
	struct keyblob key = { .type = KEYBLOB_EC, .bits = curve->bits, .algs = algs };
	AUTO_BUF blob = { 0 };

	key.part[KB_EC_A] = curve->a;
	key.part[KB_EC_B] = curve->b;
	key.part[KB_EC_P] = curve->p;
	key.part[KB_EC_ORDER] = curve->order;
	key.part[KB_EC_G] = curve->g;
	key.part[KB_EC_D] = d;
	key.part[KB_EC_Q] = q;
	assert_int_equal(golden_unwrap(bench, kid, golden_build(&key, &blob)), 0x9000);
}

/* The P-256 key of the first vector under kid 01, with this list. */
static void p256_source(const char *algs)
{
	AUTO_BUF d = { 0 };
	AUTO_BUF q = { 0 };
	uint8_t list[16];

	source_in(1, curve_by_name("prime256v1"), golden_value(VECTORS, "P-256", "source", &d),
	        golden_value(VECTORS, "P-256", "source_point", &q),
	        rd_of(list, emu_unhex(algs, list, sizeof(list))));
}

static uint16_t derive(uint8_t from, uint8_t to, struct rd parameter)
{
	uint8_t data[256] = { 0x98 };

	assert_true(parameter.n < sizeof(data));
	if (parameter.n != 0)
		memcpy(data + 1, parameter.p, parameter.n);
	return emu_cmd(
	        bench, 0x80760000u | (uint32_t)from << 8 | to, rd_of(data, 1 + parameter.n), 0);
}

static struct rd read_file(uint16_t fid)
{
	const uint8_t from_start[] = { 0x54, 2, 0, 0 };

	assert_int_equal(emu_cmd(bench, 0x00B10000u | fid, rd_of(from_start, 4), 0x10000), 0x6282);
	return emu_data(bench);
}

/* ---- vectors ---- */

/* Both signatures of the request hold, and its public key is the point. */
static void check_request(uint8_t kid, const struct curve *curve, struct rd point)
{
	const struct key_spec spec = { curve->name, curve->bits };
	EVP_PKEY *device = device_public(bench), *want = ec_public(curve->name, point);
	EVP_PKEY *got = request_check(read_file(FID(FID_CERT, kid)), device, &spec);

	assert_int_equal(EVP_PKEY_eq(got, want), 1);
	EVP_PKEY_free(got);
	EVP_PKEY_free(want);
	EVP_PKEY_free(device);
}

static void check_vector(const char *name, const char *curve_name)
{
	const struct curve *curve = curve_by_name(curve_name);
	AUTO_BUF d = { 0 };
	AUTO_BUF q = { 0 };
	AUTO_BUF parameter = { 0 };
	AUTO_BUF plain = { 0 };
	struct keyblob key;

	source_in(1, curve, golden_value(VECTORS, name, "source", &d),
	        golden_value(VECTORS, name, "source_point", &q), rd_of(NULL, 0));
	assert_int_equal(
	        derive(1, 2, golden_value(VECTORS, name, "parameter", &parameter)), 0x9000);
	assert_int_equal(bench->n, 0);
	check_request(2, curve, golden_value(VECTORS, name, "target_point", &q));
	golden_wrap(bench, 2, &plain, &key);
	assert_true(rd_equal(key.part[KB_EC_D], golden_value(VECTORS, name, "target", &d)));
	EMU(bench, "00E40200 02 CC01", 0x9000, "");
	EMU(bench, "00E40200 02 CC02", 0x9000, "");
}

static void derive__vectors__scalar_is_the_sum_modulo_the_order(void **state)
{
	static const char *const rows[][2] = {
		{ "P-256", "prime256v1" },
		{ "P-256 sum above the order", "prime256v1" },
		{ "P-256 parameter above the order", "prime256v1" },
		{ "brainpoolP256r1", "brainpoolP256r1" },
		{ "brainpoolP256r1 short parameter", "brainpoolP256r1" },
		{ "secp256k1 sum above the order", "secp256k1" },
		{ "P-521", "secp521r1" },
		{ "P-521 sum above the order", "secp521r1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_vector(rows[i][0], rows[i][1]);
}

/* Order minus source, as parameter. */
static void derive__sum_is_zero__6A80(void **state)
{
	AUTO_BUF source = { 0 };
	BIGNUM *n = NULL, *d;
	uint8_t parameter[32];

	(void)state;
	p256_source("");
	golden_value(VECTORS, "P-256", "source", &source);
	assert_true(
	        BN_hex2bn(&n, "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"));
	d = BN_bin2bn(source.p, (int)source.n, NULL);
	assert_int_equal(BN_sub(n, n, d), 1);
	assert_int_equal(BN_bn2binpad(n, parameter, sizeof(parameter)), 32);
	assert_int_equal(derive(1, 2, rd_of(parameter, sizeof(parameter))), 0x6A80);
	EMU(bench, "80580000 00", 0x9000, "2F02 CC00 CC01");
	BN_free(n);
	BN_free(d);
}

/* ---- rules ---- */

static void derive__target__has_the_list_and_no_counter(void **state)
{
	static const struct key_spec p256 = { "prime256v1", 256 };

	(void)state;
	EVP_PKEY_free(key_on_card_with(bench, 1, &p256, "900400000002 91037098A0"));
	EMU(bench, "80760102 02 9801", 0x9000, "");
	EMU(bench, "00A40000 02 CC02 00", 0x9000, "6F0E 820101 8302CC02 A505 91037098A0");
	EMU(bench, "00A40000 02 CC01 00", 0x9000,
	        "6F14 820101 8302CC01 A50B 900400000001 91037098A0");
	EMU(bench, "80760103 02 9801", 0x9000, "");
	EMU(bench, "80760104 02 9801", 0x6984, "");
	EMU(bench, SIGN, 0x6984, "");
	EMU(bench, "80760205 02 9801", 0x9000, ""); /* and on from there */
	EMU(bench, "80580000 00", 0x9000, "2F02 CE02 CE03 CE05 CC00 CC01 CC02 CC03 CC05");
}

/* Serial number and kid, no inner reference; the device vouches for it. */
static void derive__request__names_the_card_and_the_key(void **state)
{
	struct rd file, request, cert, body = { 0 }, chain, chr, car = { 0 }, holder;
	char serial[17] = { 0 };

	(void)state;
	p256_source("");
	EMU(bench, "80760110 02 9801", 0x9000, "");
	chain = read_file(EF_DEVAUT);
	assert_true(tlv_get(&chain, 0x7F21, &cert) && tlv_get(&cert, 0x7F4E, &body));
	assert_true(tlv_find(body, 0x5F20, &holder) && holder.n == 16);
	memcpy(serial, holder.p, 16);
	file = read_file(0xCE10);
	assert_true(tlv_get(&file, 0x67, &request));
	assert_true(tlv_get(&request, 0x7F21, &cert) && tlv_get(&request, 0x42, &car));
	assert_true(rd_equal(car, rd_str(serial)));
	assert_true(tlv_get(&cert, 0x7F4E, &body));
	assert_false(tlv_find(body, 0x42, &car));
	assert_true(tlv_find(body, 0x5F20, &chr));
	memcpy(serial + 11, "00016", 5);
	assert_true(rd_equal(chr, rd_str(serial)));
}

static void derive__wrong_key_or_data__is_refused(void **state)
{
	static const struct {
		const char *cmd;
		uint16_t sw;
	} rows[] = {
		{ "80760100 02 9801", 0x6A86 },
		{ "80760101 02 9801", 0x6A89 },
		{ "80760103 02 9801", 0x6A89 },
		{ "80760002 02 9801", 0x6A88 },
		{ "80760902 02 9801", 0x6A88 },
		{ "80760302 02 9801", 0x6A81 }, /* AES */
		{ "80760402 02 9801", 0x6A81 }, /* a list without 98 */
		{ "80760102 02 9901", 0x6A81 },
		{ "80760102 01 98", 0x6700 },
		{ "80760102", 0x6700 },
		{ "00760102 02 9801", 0x6E00 },
		{ SELECT_CMD, 0x9000 },
		{ "80760102 02 9801", 0x6982 },
	};
	static const struct key_spec p256 = { "prime256v1", 256 };
	const uint8_t parameter[33] = { 0 };

	(void)state;
	p256_source("98");
	EMU(bench, "004803B0", 0x9000, "");
	EVP_PKEY_free(key_on_card_with(bench, 4, &p256, "9102A073"));
	assert_int_equal(derive(1, 2, rd_of(parameter, sizeof(parameter))), 0x6700);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		EMU(bench, rows[i].cmd, rows[i].sw, NULL);
	EMU(bench, "80580000 00", 0x9000, "2F02 CC00 CC01 CC03 CC04");
}

static void fill(void)
{
	static const uint16_t kinds[] = { 0xC400, 0xC800, 0xC900, 0xCA00, 0xCF00 };
	uint32_t n = 0;

	assert_int_equal(emu_lane_hold(bench->lane, true), HSM_OK);
	do {
		emu_cmd(bench, 0x00D70000u | kinds[n / 256] | n % 256,
		        RD_LIT("\x54\x02\x00\x00\x53\x01\x55"), 0);
	} while (bench->sw == 0x9000 && ++n < 5 * 256);
	assert_int_equal(bench->sw, 0x6A84);
	assert_int_equal(emu_lane_hold(bench->lane, false), HSM_OK);
}

static void derive__card_full__6A84(void **state)
{
	(void)state;
	p256_source("");
	fill();
	EMU(bench, "80760102 02 9801", 0x6A84, "");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, ready, done)
	const struct CMUnitTest tests[] = {
		T(derive__vectors__scalar_is_the_sum_modulo_the_order),
		T(derive__sum_is_zero__6A80),
		T(derive__target__has_the_list_and_no_counter),
		T(derive__request__names_the_card_and_the_key),
		T(derive__wrong_key_or_data__is_refused),
		T(derive__card_full__6A84),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
