/* p15/dkek.c, p15/keyblob.c, base/aes.c; blobs and keys made by another implementation */
#include "base/aes.h"
#include "base/ossl.h"
#include "p15/keyblob.h"
#include "vec.h"

static const char *const dkeks[] = { "zero_shares_xor_nothing", "share1_only",
	"share1_xor_share2" };

static const struct {
	const char *name;
	enum keyblob_type type;
	uint16_t bits;
	const char *algs;
	struct {
		unsigned place;
		const char *key; /* in keyblobs.json */
	} parts[3];
} blobs[] = {
	{ "AES-128", KEYBLOB_AES, 128, "10111899", { { KB_AES_KEY, "key" } } },
	{ "AES-192", KEYBLOB_AES, 192, "10111899", { { KB_AES_KEY, "key" } } },
	{ "AES-256", KEYBLOB_AES, 256, "10111899", { { KB_AES_KEY, "key" } } },
	{ "EC secp256r1", KEYBLOB_EC, 256, "", { { KB_EC_D, "d" }, { KB_EC_Q, "Q" } } },
	{ "EC brainpoolP256r1", KEYBLOB_EC, 256, "", { { KB_EC_D, "d" }, { KB_EC_Q, "Q" } } },
	{ "RSA-2048 private exponent", KEYBLOB_RSA, 2048, "",
	        { { KB_RSA_D, "d" }, { KB_RSA_N, "n" }, { KB_RSA_E, "e" } } },
	{ "RSA-2048 CRT", KEYBLOB_RSA_CRT, 2048, "",
	        { { KB_CRT_DP, "dp" }, { KB_CRT_DQ, "dq" }, { KB_CRT_QINV, "qinv" } } },
};

static void derive(struct dkek *d, const char *file, const char *anchor)
{
	struct vec v;

	assert_int_equal(dkek_derive(golden(&v, file, anchor, "dkek"), d), HSM_OK);
}

static void dkek_derive__vectors__check_value_and_keys(void **state)
{
	struct vec v;
	AUTO_DKEK d = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(dkeks); i++) {
		derive(&d, "dkek.json", dkeks[i]);
		check_rd(dkeks[i], rd_of(d.kcv, KCV_LEN), golden(&v, "dkek.json", dkeks[i], "kcv"));
		check_rd(dkeks[i], secret_rd(&d.enc), golden(&v, "dkek.json", dkeks[i], "kenc"));
		check_rd(dkeks[i], secret_rd(&d.mac), golden(&v, "dkek.json", dkeks[i], "kmac"));
	}
	assert_int_equal(dkek_derive(rd_of(v.p, DKEK_LEN - 1), &d), HSM_E_BAD_LEN);
}

static void check_parts(size_t row, const struct keyblob *key)
{
	struct vec v;

	for (size_t i = 0; i < COUNT(blobs[row].parts); i++) {
		if (blobs[row].parts[i].key != NULL)
			check_rd(blobs[row].name, key->part[blobs[row].parts[i].place],
			        golden(&v, "keyblobs.json", blobs[row].name,
			                blobs[row].parts[i].key));
	}
}

static void keyblob__vectors__open_and_build(void **state)
{
	AUTO_DKEK d = { 0 };

	(void)state;
	derive(&d, "keyblobs.json", NULL);
	for (size_t i = 0; i < COUNT(blobs); i++) {
		static struct vec blob, random;
		uint8_t room[KEYBLOB_MAX];
		struct wr w = WR_ARRAY(room);
		AUTO_BUF plain = { 0 };
		struct keyblob key;
		const char *name = blobs[i].name;
		const struct rd in = golden(&blob, "keyblobs.json", name, "blob");

		check_rc(name, keyblob_open(&d, in, &plain, &key), HSM_OK);
		assert_int_equal(key.type, blobs[i].type);
		assert_int_equal(key.bits, blobs[i].bits);
		check_hex(name, key.algs, blobs[i].algs);
		check_parts(i, &key);
		(void)golden(&random, "keyblobs.json", name, "random");
		check_rc(name, keyblob_build(&d, &key, random.p, &w), HSM_OK);
		check_rd(name, wr_rd(&w), in);
	}
}

/* The plain text of the vectors has the parts of the opened blob, and the RSA primes. */
static void keyblob_plain_parse__vectors__same_parts(void **state)
{
	struct keyblob key;
	struct vec plain, v;

	(void)state;
	for (size_t i = 0; i < COUNT(blobs); i++) {
		const struct rd bytes = golden(&plain, "keyblobs.json", blobs[i].name, "plain");

		check_rc(blobs[i].name, keyblob_plain_parse((uint8_t)blobs[i].type, bytes, &key),
		        HSM_OK);
		assert_int_equal(key.bits, blobs[i].bits);
		check_parts(i, &key);
	}
	check_rd("p", key.part[KB_CRT_P], golden(&v, "keyblobs.json", NULL, "p"));
	check_rd("q", key.part[KB_CRT_Q], golden(&v, "keyblobs.json", NULL, "q"));
	check_rd("n", key.part[KB_CRT_N], golden(&v, "keyblobs.json", NULL, "n"));
}

static void keyblob_open__any_byte_changed__is_refused(void **state)
{
	struct vec blob;
	AUTO_DKEK d = { 0 };
	AUTO_BUF plain = { 0 };
	struct keyblob key;

	(void)state;
	derive(&d, "keyblobs.json", NULL);
	(void)golden(&blob, "keyblobs.json", "AES-192", "blob");
	for (size_t i = 0; i < blob.n; i++) {
		blob.p[i] ^= 0x01;
		assert_int_equal(
		        keyblob_open(&d, rd_of(blob.p, blob.n), &plain, &key), HSM_E_BAD_DATA);
		blob.p[i] ^= 0x01;
	}
	for (size_t n = 0; n < blob.n; n++)
		assert_int_equal(keyblob_open(&d, rd_of(blob.p, n), &plain, &key), HSM_E_BAD_DATA);
	assert_int_equal(keyblob_open(&d, rd_of(blob.p, blob.n), &plain, &key), HSM_OK);
	derive(&d, "dkek.json", "share1_xor_share2");
	assert_int_equal(keyblob_open(&d, rd_of(blob.p, blob.n), &plain, &key), HSM_E_BAD_DATA);
}

static void keyblob_plain_parse__parts_beyond_the_end__are_refused(void **state)
{
	static const struct {
		uint8_t type;
		const char *plain;
		hsm_rc rc;
	} rows[] = {
		{ 5, "0000000000000000 0400 0001AA 0001BB 0001CC", HSM_OK },
		{ 5, "0000000000000000 0400 0001AA 0001BB 0002CC", HSM_E_BAD_DATA },
		{ 5, "0000000000000000 0400 0001AA 0001BB", HSM_E_BAD_DATA },
		{ 5, "0000000000000000 0400 FFFF", HSM_E_BAD_DATA },
		{ 5, "0000000000000000", HSM_E_BAD_DATA },
		{ 7, "0000000000000000 0400 0001AA 0001BB 0001CC", HSM_E_BAD_DATA },
		{ 15, "0000000000000000 0010 00112233445566778899AABBCCDDEEFF", HSM_OK },
		{ 15, "0000000000000000 0010 00112233445566778899AABBCCDDEE", HSM_E_BAD_DATA },
		{ 15, "0000000000000000 000F 00112233445566778899AABBCCDDEEFF", HSM_E_BAD_DATA },
	};
	struct keyblob key;
	struct vec v;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_rc(rows[i].plain,
		        keyblob_plain_parse(rows[i].type, unhex(&v, rows[i].plain), &key),
		        rows[i].rc);
}

/* NIST SP 800-38B, D.1 and D.3; SP 800-38A, F.2.1 with the IV in the first block. */
static void aes__published_vectors__same_bytes(void **state)
{
	const char *key = "2B7E151628AED2A6ABF7158809CF4F3C";
	const char *key_256 = "603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4";
	struct vec v_key, v;
	uint8_t out[2 * AES_BLOCK];
	struct wr w = WR_ARRAY(out);

	(void)state;
	assert_int_equal(aes_cmac(unhex(&v_key, key), rd_of("", 0), out), HSM_OK);
	check_hex("empty", rd_of(out, AES_BLOCK), "BB1D6929E95937287FA37D129B756746");
	assert_int_equal(aes_cmac(unhex(&v_key, key_256), rd_of("", 0), out), HSM_OK);
	check_hex("256", rd_of(out, AES_BLOCK), "028962F61B7BF89EFC6B551F4667D983");
	assert_int_equal(aes_cbc_encrypt(unhex(&v_key, key),
	                         unhex(&v, "6BC0BCE12A459991E134741A7F9E1925"
	                                   "AE2D8A571E03AC9C9EB76FAC45AF8E51"),
	                         &w),
	        HSM_OK);
	check_hex("cbc", wr_rd(&w),
	        "7649ABAC8119B246CEE98E9B12E9197D 5086CB9B507219EE95DB113A917678B2");
	assert_int_equal(aes_cbc_encrypt(rd_of(v_key.p, 15), rd_of(v.p, 16), &w), HSM_E_BAD_LEN);
	assert_int_equal(aes_cbc_encrypt(rd_of(v_key.p, 16), rd_of(v.p, 15), &w), HSM_E_BAD_LEN);
	assert_int_equal(aes_cbc_encrypt(rd_of(v_key.p, 16), rd_of(v.p, 16), &w), HSM_E_SMALL);
}

static int setup(void **state)
{
	(void)state;
	return ossl_acquire() == HSM_OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	ossl_release();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dkek_derive__vectors__check_value_and_keys),
		cmocka_unit_test(keyblob__vectors__open_and_build),
		cmocka_unit_test(keyblob_plain_parse__vectors__same_parts),
		cmocka_unit_test(keyblob_open__any_byte_changed__is_refused),
		cmocka_unit_test(keyblob_plain_parse__parts_beyond_the_end__are_refused),
		cmocka_unit_test(aes__published_vectors__same_bytes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
