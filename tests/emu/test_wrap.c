/* WRAP KEY and UNWRAP KEY; blobs of tests/golden/keyblobs.json, made by another implementation */
#include <openssl/bn.h>
#include <string.h>

#include "base/tlv.h"
#include "emu_file.h"
#include "emu_golden.h"
#include "emu_keys.h"

#define EC_BLOB  "EC secp256r1"
#define RSA_BLOB "RSA-2048 private exponent"
#define RSA_CRT  "RSA-2048 CRT"

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

static void check_part(struct rd got, const char *blob, const char *key)
{
	AUTO_BUF want = { 0 };

	assert_true(rd_equal(got, golden_get(blob, key, &want)));
}

static void unwrap_golden(uint8_t kid, const char *name)
{
	AUTO_BUF blob = { 0 };

	assert_int_equal(golden_unwrap(bench, kid, golden_get(name, "blob", &blob)), 0x9000);
	assert_int_equal(bench->n, 0);
}

/* ---- vectors ---- */

static void unwrap__ec_vectors__sign_and_wrap_the_same_numbers(void **state)
{
	static const char *const names[][2] = {
		{ EC_BLOB, "P-256" },
		{ "EC brainpoolP256r1", "brainpoolP256r1" },
	};
	uint8_t hash[32] = { 7 };

	(void)state;
	for (uint8_t i = 0; i < 2; i++) {
		AUTO_BUF q = { 0 };
		AUTO_BUF plain = { 0 };
		struct keyblob key;
		EVP_PKEY *public = ec_public(names[i][1], golden_get(names[i][0], "Q", &q));
		EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, public, NULL);

		unwrap_golden((uint8_t)(i + 1), names[i][0]);
		assert_int_equal(
		        emu_cmd(bench, 0x80680170u + i * 0x100u, rd_of(hash, sizeof(hash)), 256),
		        0x9000);
		assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
		assert_int_equal(EVP_PKEY_verify(ctx, bench->rsp, bench->n, hash, sizeof(hash)), 1);
		EVP_PKEY_CTX_free(ctx);
		EVP_PKEY_free(public);
		golden_wrap(bench, (uint8_t)(i + 1), &plain, &key);
		assert_int_equal(bench->n, 363);
		assert_int_equal(key.type, KEYBLOB_EC);
		check_part(key.part[KB_EC_D], names[i][0], "d");
		check_part(key.part[KB_EC_Q], names[i][0], "Q");
	}
}

/* m^d by the card, then ^e here, is m again. */
static void check_raw_rsa(uint8_t kid, struct rd n, struct rd e)
{
	uint8_t block[256] = { 0x00, 0x02, 0x03 };
	BIGNUM *modulus = BN_bin2bn(n.p, (int)n.n, NULL), *sig, *exponent;
	BN_CTX *bn = BN_CTX_new();

	exponent = BN_bin2bn(e.p, (int)e.n, NULL);
	assert_int_equal(
	        emu_cmd(bench, 0x80680020u | (uint32_t)kid << 8, rd_of(block, sizeof(block)), 256),
	        0x9000);
	sig = BN_bin2bn(bench->rsp, (int)bench->n, NULL);
	assert_int_equal(BN_mod_exp(sig, sig, exponent, modulus, bn), 1);
	assert_int_equal(BN_bn2binpad(sig, bench->cmd, 256), 256);
	assert_memory_equal(bench->cmd, block, 256);
	BN_free(modulus);
	BN_free(exponent);
	BN_free(sig);
	BN_CTX_free(bn);
}

/* Type 6 comes in, type 5 goes out; both blobs hold the same key. */
static void unwrap__rsa_vectors__sign_and_wrap_the_same_numbers(void **state)
{
	static const char *const names[] = { RSA_BLOB, RSA_CRT };

	(void)state;
	for (uint8_t i = 0; i < 2; i++) {
		AUTO_BUF n = { 0 };
		AUTO_BUF e = { 0 };
		AUTO_BUF plain = { 0 };
		struct keyblob key;

		unwrap_golden((uint8_t)(i + 1), names[i]);
		check_raw_rsa((uint8_t)(i + 1), golden_get(RSA_BLOB, "n", &n),
		        golden_get(RSA_BLOB, "e", &e));
		golden_wrap(bench, (uint8_t)(i + 1), &plain, &key);
		assert_int_equal(bench->n, 587);
		assert_int_equal(key.type, KEYBLOB_RSA);
		assert_int_equal(key.bits, 2048);
		check_part(key.part[KB_RSA_N], RSA_BLOB, "n");
		check_part(key.part[KB_RSA_E], RSA_BLOB, "e");
		if (i == 0)
			check_part(key.part[KB_RSA_D], RSA_BLOB, "d");
	}
}

/* ---- in a file ---- */

static void unwrap__blob_in_a_file__uses_it_up(void **state)
{
	AUTO_BUF blob = { 0 };
	uint8_t data[512];
	struct wr w = WR_ARRAY(data);
	const struct rd bytes = golden_get(EC_BLOB, "blob", &blob);

	(void)state;
	EMU(bench, "80740193", 0x6A82, "");
	wr_put(&w, "\x54\x02\x00\x00\x53\x82\x01\x00", 8);
	wr_put(&w, bytes.p, 256);
	assert_int_equal(emu_cmd(bench, 0x00D72F10, wr_rd(&w), 0), 0x9000);
	EMU(bench, "80740193", 0x6A80, ""); /* not all of it: the file stays */
	w.n = 0;
	wr_put(&w, "\x54\x02\x01\x00\x53\x6B", 6);
	wr_put(&w, bytes.p + 256, 107);
	assert_int_equal(emu_cmd(bench, 0x00D72F10, wr_rd(&w), 0), 0x9000);
	EMU(bench, "80740193", 0x9000, "");
	EMU(bench, "80740293", 0x6A82, "");
	EMU(bench, "80580000 00", 0x9000, "2F02 CC00 CC01");
}

/* ---- every kind of key ---- */

static void check_round_trip(const struct key_spec *spec, uint32_t sign, size_t input_n)
{
	static uint8_t blob[KEYBLOB_MAX];
	uint8_t input[64] = { 9 };
	EVP_PKEY *pkey = key_on_card(bench, 1, spec);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	size_t n;

	assert_int_equal(emu_cmd(bench, 0x80720192, rd_of(NULL, 0), 0x10000), 0x9000);
	n = bench->n;
	memcpy(blob, bench->rsp, n);
	EMU(bench, "00E40200 02 CC01", 0x9000, "");
	assert_int_equal(golden_unwrap(bench, 1, rd_of(blob, n)), 0x9000);
	assert_int_equal(emu_cmd(bench, sign, rd_of(input, input_n), 512), 0x9000);
	assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
	assert_int_equal(EVP_PKEY_verify(ctx, bench->rsp, bench->n, input, input_n), 1);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	EMU(bench, "00E40200 02 CC01", 0x9000, "");
}

static void wrap__every_curve_and_small_rsa__comes_back_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ec_specs) / sizeof(ec_specs[0]); i++)
		check_round_trip(&ec_specs[i], 0x80680170, 32);
	for (size_t i = 0; i < 3; i++)
		check_round_trip(&rsa_specs[i], 0x80680130, 35);
}

static void unwrap__list_of_algorithms__is_kept(void **state)
{
	AUTO_BUF blob = { 0 };
	AUTO_BUF plain = { 0 };
	struct keyblob key;
	uint8_t hash[32] = { 7 };

	(void)state;
	unwrap_golden(1, EC_BLOB);
	golden_wrap(bench, 1, &plain, &key);
	key.algs = rd_of("\x73", 1);
	assert_int_equal(golden_unwrap(bench, 2, golden_build(&key, &blob)), 0x9000);
	EMU(bench, "00A40000 02 CC02 00", 0x9000, "6F0C 820101 8302CC02 A503 910173");
	assert_int_equal(emu_cmd(bench, 0x80680270, rd_of(hash, 32), 256), 0x6A81);
	assert_int_equal(emu_cmd(bench, 0x80680273, rd_of(hash, 32), 256), 0x9000);
	EMU(bench, "80720292 000000", 0x6A81, ""); /* 92 is not in the list */
}

/* ---- what is refused ---- */

static void wrap__wrong_key_or_parameter__is_refused(void **state)
{
	AUTO_BUF blob = { 0 };
	const struct rd bytes = golden_get(EC_BLOB, "blob", &blob);

	(void)state;
	EMU(bench, "80720192 000000", 0x6A88, "");
	unwrap_golden(1, EC_BLOB);
	assert_int_equal(golden_unwrap(bench, 1, bytes), 0x6A89);
	assert_int_equal(golden_unwrap(bench, 0, bytes), 0x6A86);
	assert_int_equal(emu_cmd(bench, 0x80740292, bytes, 0), 0x6A86);
	assert_int_equal(golden_unwrap(bench, 2, rd_of(bytes.p, bytes.n - 1)), 0x6A80);
	EMU(bench, "80720193 000000", 0x6A86, "");
	EMU(bench, "80720192", 0x6700, ""); /* no room for the answer */
	EMU(bench, "80720192 01 00 00", 0x6700, "");
	blob.p[100] ^= 1;
	assert_int_equal(golden_unwrap(bench, 2, bytes), 0x6A80); /* code */
	blob.p[100] ^= 1;
	blob.p[0] ^= 1;
	assert_int_equal(golden_unwrap(bench, 2, bytes), 0x6A80);          /* check value */
	EMU(bench, "00A40400 0B E82B0601040181C31F0201 00", 0x9000, NULL); /* logs out */
	blob.p[0] ^= 1;
	assert_int_equal(golden_unwrap(bench, 2, bytes), 0x6982);
	EMU(bench, "80720192 000000", 0x6982, "");
	EMU(bench, "80740293", 0x6982, "");
}

static void wrap__no_dkek__is_6A88(void **state)
{
	AUTO_BUF blob = { 0 };
	const struct rd bytes = golden_get(EC_BLOB, "blob", &blob);

	(void)state;
	for (int pending = 0; pending < 2; pending++) {
		EMU(bench,
		        pending ? "80500000 1C 80020001 8106363438323139 8208" TEST_SO
		                  " 910103 920102"
		                : "80500000 19 80020001 8106363438323139 8208" TEST_SO " 910103",
		        0x9000, "");
		EMU(bench, "00200081 06 363438323139", 0x9000, "");
		EVP_PKEY_free(key_on_card(bench, 1, &ec_specs[1]));
		EMU(bench, "80720192 000000", 0x6A88, "");
		assert_int_equal(golden_unwrap(bench, 2, bytes), 0x6A88);
	}
}

/* One part of a right key exchanged for another. */
static void check_changed(
        const struct keyblob *key, unsigned place, const void *bytes, size_t n, uint16_t sw)
{
	AUTO_BUF blob = { 0 };
	struct keyblob changed = *key;

	changed.part[place] = rd_of(bytes, n);
	assert_int_equal(golden_unwrap(bench, 2, golden_build(&changed, &blob)), sw);
}

static void unwrap__numbers_that_do_not_belong_together__are_refused(void **state)
{
	AUTO_BUF ec_plain = { 0 };
	AUTO_BUF rsa_plain = { 0 };
	struct keyblob ec, rsa;
	uint8_t other[256], zeros[32] = { 0 };

	(void)state;
	unwrap_golden(1, EC_BLOB);
	golden_wrap(bench, 1, &ec_plain, &ec);
	for (unsigned place = 0; place < 7; place++) {
		const struct rd part = ec.part[place];

		memcpy(other, part.p, part.n);
		other[part.n - 1] ^= 1;
		check_changed(&ec, place, other, part.n, place == KB_EC_P ? 0x6A81 : 0x6A80);
		check_changed(&ec, place, other, 0,
		        place == KB_EC_P   ? 0x6A81
		        : place == KB_EC_A ? 0x9000 /* as some writers have it */
		                           : 0x6A80);
		if (place == KB_EC_A)
			EMU(bench, "00E40200 02 CC02", 0x9000, "");
	}
	check_changed(&ec, KB_EC_D, zeros, sizeof(zeros), 0x6A80);
	check_changed(&ec, KB_EC_D, ec.part[KB_EC_ORDER].p, 32, 0x6A80);
	unwrap_golden(3, RSA_BLOB);
	golden_wrap(bench, 3, &rsa_plain, &rsa);
	for (unsigned place = 0; place < 3; place++) {
		const struct rd part = rsa.part[place];

		memcpy(other, part.p, part.n);
		other[part.n - 1] ^= 2;
		check_changed(&rsa, place, other, part.n, 0x6A80);
		check_changed(&rsa, place, other, 0, 0x6A80);
	}
	rsa.bits = 1024;
	check_changed(&rsa, KB_RSA_D, rsa.part[KB_RSA_D].p, rsa.part[KB_RSA_D].n, 0x6A80);
	rsa.bits = 2040;
	check_changed(&rsa, KB_RSA_D, rsa.part[KB_RSA_D].p, rsa.part[KB_RSA_D].n, 0x6A81);
	EMU(bench, "80580000 00", 0x9000, "2F02 CC00 CC01 CC03");
}

static void unwrap__rsa_halves_that_do_not_belong_together__are_refused(void **state)
{
	AUTO_BUF blob = { 0 };
	AUTO_BUF plain = { 0 };
	struct keyblob key;
	uint8_t other[256];

	(void)state;
	golden_open(golden_get(RSA_CRT, "blob", &blob), &plain, &key);
	for (unsigned place = 0; place < 7; place++) {
		const struct rd part = key.part[place];

		memcpy(other, part.p, part.n);
		other[part.n - 1] ^= 2;
		check_changed(&key, place, other, part.n, 0x6A80);
		check_changed(&key, place, other, 0, 0x6A80);
		check_changed(&key, place, "\1", 1, 0x6A80);
	}
	unwrap_golden(2, RSA_CRT);
}

/* The blob in a file of sc-hsm-tool. */
static void unwrap__wrap_file__holds_a_blob(void **state)
{
	AUTO_BUF file = { 0 };
	struct rd r, outer, blob = { 0 };

	(void)state;
	file_read(TEST_SOURCE_DIR "/golden/wrapfile_ec.bin", &file);
	r = buf_rd(&file);
	assert_true(tlv_get(&r, 0x30, &outer) && tlv_get(&outer, 0x04, &blob));
	assert_int_equal(golden_unwrap(bench, 1, blob), 0x9000);
}

#define WRAP_TEST(f) cmocka_unit_test_setup_teardown(f, ready, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WRAP_TEST(unwrap__ec_vectors__sign_and_wrap_the_same_numbers),
		WRAP_TEST(unwrap__rsa_vectors__sign_and_wrap_the_same_numbers),
		WRAP_TEST(unwrap__blob_in_a_file__uses_it_up),
		WRAP_TEST(wrap__every_curve_and_small_rsa__comes_back_the_same),
		WRAP_TEST(unwrap__list_of_algorithms__is_kept),
		WRAP_TEST(wrap__wrong_key_or_parameter__is_refused),
		WRAP_TEST(wrap__no_dkek__is_6A88),
		WRAP_TEST(unwrap__numbers_that_do_not_belong_together__are_refused),
		WRAP_TEST(unwrap__rsa_halves_that_do_not_belong_together__are_refused),
		WRAP_TEST(unwrap__wrap_file__holds_a_blob),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
