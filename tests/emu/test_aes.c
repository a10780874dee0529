/* AES keys: made, wrapped, and at work; NIST SP 800-38A F.2, SP 800-38B D, keyblobs.json, libcrypto
 */
#include <stdio.h>
#include <string.h>

#include "emu_file.h"
#include "emu_golden.h"

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

static uint16_t cipher(uint8_t kid, uint8_t alg, struct rd input)
{
	return emu_cmd(bench, 0x80780000u | (uint32_t)kid << 8 | alg, input, 1024);
}

static const struct {
	const char *name; /* in keyblobs.json */
	const char *key;  /* of NIST */
	const char *cbc;  /* of the first block of F.2, the IV already in it */
	const char *cmac; /* example 2 */
	const char *libcrypto;
} sizes[] = {
	{ "AES-128", "2B7E151628AED2A6ABF7158809CF4F3C", "7649ABAC8119B246CEE98E9B12E9197D",
	        "070A16B46B4D4144F79BDD9DD04A287C", "AES-128-CBC" },
	{ "AES-192", "8E73B0F7DA0E6452C810F32B809079E562F8EAD2522C6B7B",
	        "4F021DB243BC633D7178183A9FA071E8", "9E99A7BF31E710900662F65E617C5184",
	        "AES-192-CBC" },
	{ "AES-256", "603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4",
	        "F58C4C04D6E5F1BA779EABFB5F7BFBD6", "28A7023F452E8F82BD4BF28D8C37C35C",
	        "AES-256-CBC" },
};

#define EACH_SIZE(i) for (uint8_t i = 0; i < 3; i++)

static void check_hex(struct rd got, const char *want)
{
	uint8_t bytes[64];

	assert_true(rd_equal(got, rd_of(bytes, emu_unhex(want, bytes, sizeof(bytes)))));
}

/* A key with known bytes, by way of a blob. */
static void key_put(uint8_t kid, const char *hex, struct rd algs)
{
	uint8_t bytes[32];
	AUTO_BUF blob = { 0 };
	struct keyblob key = { .type = KEYBLOB_AES, .algs = algs };

	key.part[KB_AES_KEY] = rd_of(bytes, emu_unhex(hex, bytes, sizeof(bytes)));
	key.bits = (uint16_t)(key.part[KB_AES_KEY].n * 8);
	assert_int_equal(golden_unwrap(bench, kid, golden_build(&key, &blob)), 0x9000);
}

static void cipher__published_vectors__same_bytes(void **state)
{
	uint8_t block[16], message[16];

	(void)state;
	emu_unhex("6BC0BCE12A459991E134741A7F9E1925", block, sizeof(block));
	emu_unhex("6BC1BEE22E409F96E93D7E117393172A", message, sizeof(message));
	EACH_SIZE(i)
	{
		uint8_t text[16];

		key_put((uint8_t)(i + 1), sizes[i].key, rd_of(NULL, 0));
		assert_int_equal(cipher((uint8_t)(i + 1), 0x10, rd_of(block, 16)), 0x9000);
		check_hex(emu_data(bench), sizes[i].cbc);
		emu_unhex(sizes[i].cbc, text, sizeof(text));
		assert_int_equal(cipher((uint8_t)(i + 1), 0x11, rd_of(text, 16)), 0x9000);
		assert_true(rd_equal(emu_data(bench), rd_of(block, 16)));
		assert_int_equal(cipher((uint8_t)(i + 1), 0x18, rd_of(message, 16)), 0x9000);
		check_hex(emu_data(bench), sizes[i].cmac);
	}
	assert_int_equal(cipher(1, 0x18, rd_of(NULL, 0)), 0x9000);
	check_hex(emu_data(bench), "BB1D6929E95937287FA37D129B756746"); /* example 1 */
}

/* What libcrypto makes of 64 bytes is what the card makes of them. */
static void check_against_libcrypto(uint8_t kid, const char *name, struct rd key)
{
	uint8_t plain[64], text[64 + 16], iv[16] = { 0 };
	EVP_CIPHER *c = EVP_CIPHER_fetch(NULL, name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0;

	memset(plain, 0x5A, sizeof(plain));
	assert_int_equal(EVP_EncryptInit_ex2(ctx, c, key.p, iv, NULL), 1);
	assert_int_equal(EVP_EncryptUpdate(ctx, text, &n, plain, sizeof(plain)), 1);
	assert_int_equal(n, sizeof(plain));
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(c);
	assert_int_equal(cipher(kid, 0x10, rd_of(plain, sizeof(plain))), 0x9000);
	assert_true(rd_equal(emu_data(bench), rd_of(text, sizeof(plain))));
	assert_int_equal(cipher(kid, 0x11, rd_of(text, sizeof(plain))), 0x9000);
	assert_true(rd_equal(emu_data(bench), rd_of(plain, sizeof(plain))));
}

static void unwrap__vectors__are_these_keys_with_their_list(void **state)
{
	(void)state;
	EACH_SIZE(i)
	{
		const uint8_t kid = (uint8_t)(i + 1);
		AUTO_BUF blob = { 0 };
		AUTO_BUF key = { 0 };
		char select[32];

		assert_int_equal(
		        golden_unwrap(bench, kid, golden_get(sizes[i].name, "blob", &blob)),
		        0x9000);
		check_against_libcrypto(
		        kid, sizes[i].libcrypto, golden_get(sizes[i].name, "key", &key));
		snprintf(select, sizeof(select), "00A40000 02 CC%02X 00", kid);
		EMU(bench, select, 0x9000, NULL);
		check_hex(rd_of(bench->rsp + 9, bench->n - 9), "A506 910410111899");
		assert_int_equal(
		        emu_cmd(bench, 0x80720092u | (uint32_t)kid << 8, rd_of(NULL, 0), 0x10000),
		        0x6A81); /* 92 is not in the list */
	}
	EMU(bench, "80580000 00", 0x9000, "2F02 CC00 CC01 CC02 CC03");
}

static void generate__every_size__works_and_can_be_wrapped(void **state)
{
	uint8_t first[32] = { 0 };

	(void)state;
	EACH_SIZE(i)
	{
		const uint8_t kid = (uint8_t)(i + 1);
		AUTO_BUF plain = { 0 };
		struct keyblob key;
		uint8_t rules[] = { 0x91, 0x03, 0x10, 0x11, 0x92 };

		assert_int_equal(emu_cmd(bench, 0x004800B0u + i + kid * 0x100u,
		                         rd_of(rules, sizeof(rules)), 0),
		        0x9000);
		golden_wrap(bench, kid, &plain, &key);
		assert_int_equal(bench->n, i == 0 ? 76 : 92); /* one less than with four */
		assert_int_equal(key.type, KEYBLOB_AES);
		assert_int_equal(key.bits, 128 + 64 * i);
		check_hex(key.algs, "101192");
		check_against_libcrypto(kid, sizes[i].libcrypto, key.part[KB_AES_KEY]);
		assert_memory_not_equal(first, key.part[KB_AES_KEY].p, 16);
		memcpy(first, key.part[KB_AES_KEY].p, 16);
	}
	assert_int_equal(cipher(1, 0x18, rd_of(first, 16)), 0x6A81); /* not in the list */
	EMU(bench, "00E40200 02 CC01", 0x9000, "");
	assert_int_equal(cipher(1, 0x10, rd_of(first, 16)), 0x6A88);
	EMU(bench, "004801B0", 0x9000, ""); /* no rules */
	EMU(bench, "00A40000 02 CC01 00", 0x9000, "6F07 820101 8302CC01");
	EMU(bench, "004804B0 03 920100", 0x9000, "");
}

static void aes__wrong_key_input_or_parameter__is_refused(void **state)
{
	static const struct {
		const char *cmd;
		uint16_t sw;
	} rows[] = {
		{ "004801B0 06 910410111899", 0x6A89 },
		{ "004800B0 06 910410111899", 0x6A86 },
		{ "004802AF 06 910410111899", 0x6A81 },
		{ "004802B3 06 910410111899", 0x6A81 },
		{ "004802B0 06 900400000000", 0x6A80 },
		{ "004802B0 03 920101", 0x6A88 },
		{ "004802B0 03 930101", 0x6A81 },
		{ "004802B0 02 9100", 0x6A80 },
		{ "004802B0 03 910510", 0x6A80 },
		{ "004802B0 01 91", 0x6A80 },
		{ "80780110 0F 000102030405060708090A0B0C0D0E 00", 0x6A80 },
		{ "80780111 11 000102030405060708090A0B0C0D0E0F10 00", 0x6A80 },
		{ "80780110 00", 0x6A80 },
		{ "80780199 10 000102030405060708090A0B0C0D0E0F 00", 0x6A81 },
		{ "80780112 10 000102030405060708090A0B0C0D0E0F 00", 0x6A81 },
		{ "80780270 10 000102030405060708090A0B0C0D0E0F 00", 0x6A88 },
		{ "80780110 10 000102030405060708090A0B0C0D0E0F", 0x6700 }, /* no Le */
		{ "80680170 10 000102030405060708090A0B0C0D0E0F 00", 0x6A81 },
		{ "80680120 10 000102030405060708090A0B0C0D0E0F 00", 0x6A81 },
		{ "80620121 10 000102030405060708090A0B0C0D0E0F 00", 0x6A81 },
	};
	static const char *const without_login[] = { "004802B0 06 910410111899",
		"80780110 10 000102030405060708090A0B0C0D0E0F 00" };

	(void)state;
	EMU(bench, "004801B0 06 910410111899", 0x9000, "");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		EMU(bench, rows[i].cmd, rows[i].sw, "");
	EMU(bench, SELECT_CMD, 0x9000, NULL); /* logs out */
	for (size_t i = 0; i < 2; i++)
		EMU(bench, without_login[i], 0x6982, "");
	EMU(bench, "80580000 00", 0x9000, "2F02 CC00 CC01");
}

static void aes__token_file__keeps_the_key_sealed(void **state)
{
	static const char encrypt[] = "80780110 10 6BC0BCE12A459991E134741A7F9E1925 00";
	struct token_place p;
	AUTO_BUF file = { 0 };
	uint8_t key[32];
	struct emu_bench *other = bench;

	(void)state;
	place_make(&p);
	place_create(&p, EMU_KDF_CHEAP);
	bench = emu_bench_open(p.path);
	golden_ready(bench);
	key_put(1, sizes[2].key, rd_of("\x10\x11", 2));
	emu_bench_free(bench);
	file_read(p.path, &file);
	emu_unhex(sizes[2].key, key, sizeof(key));
	assert_null(memmem(file.p, file.n, key, sizeof(key)));
	bench = emu_bench_open(p.path);
	EMU(bench, encrypt, 0x6982, "");
	EMU(bench, VERIFY_CMD, 0x9000, "");
	EMU(bench, encrypt, 0x9000, sizes[2].cbc);
	emu_bench_free(bench);
	file_sql(p.path, "UPDATE key SET bits = 384");
	OPENS(p.path, HSM_E_TOKEN_DAMAGED);
	file_sql(p.path, "UPDATE key SET bits = 256, curve = 'prime256v1'");
	OPENS(p.path, HSM_E_TOKEN_DAMAGED);
	place_remove(&p);
	bench = other;
}

#define AES_TEST(f) cmocka_unit_test_setup_teardown(f, ready, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		AES_TEST(cipher__published_vectors__same_bytes),
		AES_TEST(unwrap__vectors__are_these_keys_with_their_list),
		AES_TEST(generate__every_size__works_and_can_be_wrapped),
		AES_TEST(aes__wrong_key_input_or_parameter__is_refused),
		AES_TEST(aes__token_file__keeps_the_key_sealed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
