#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <string.h>

#include "emu_keys.h"

static struct emu_bench *bench;

static int ready(void **state)
{
	(void)state;
	bench = emu_bench_ready();
	return 0;
}

static int done(void **state)
{
	(void)state;
	emu_bench_free(bench);
	return 0;
}

static uint16_t decipher(uint8_t kid, uint8_t alg, struct rd input)
{
	return emu_cmd(bench, 0x80620000u | (uint32_t)kid << 8 | alg, input, 512);
}

/* ---- RSA ---- */

/* The block, encrypted for the key. */
static struct rd encrypt(EVP_PKEY *pkey, struct rd block)
{
	static uint8_t out[512];
	size_t n = sizeof(out);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);

	assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING), 1);
	assert_int_equal(EVP_PKEY_encrypt(ctx, out, &n, block.p, block.n), 1);
	EVP_PKEY_CTX_free(ctx);
	return rd_of(out, n);
}

static void check_answer(uint16_t sw, struct rd plain)
{
	assert_int_equal(sw, 0x9000);
	assert_true(rd_equal(emu_data(bench), plain));
}

static void check_rsa(EVP_PKEY *pkey, uint8_t kid, size_t modulus_n)
{
	uint8_t block[512];

	memset(block, 0x3C, sizeof(block));
	block[0] = 0;
	check_answer(decipher(kid, 0x21, encrypt(pkey, rd_of(block, modulus_n))),
	        rd_of(block, modulus_n));
}

static void decipher__every_rsa_size(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rsa_specs) / sizeof(rsa_specs[0]); i++) {
		EVP_PKEY *pkey = key_on_card(bench, (uint8_t)(i + 1), &rsa_specs[i]);

		check_rsa(pkey, (uint8_t)(i + 1), (size_t)rsa_specs[i].bits / 8);
		EVP_PKEY_free(pkey);
	}
}

static void decipher__rsa_input__is_checked(void **state)
{
	uint8_t input[256];

	(void)state;
	memset(input, 0xFF, sizeof(input));
	EVP_PKEY_free(key_on_card(bench, 1, &rsa_specs[0]));
	assert_int_equal(decipher(1, 0x21, rd_of(input, 128)), 0x6A80); /* above it */
	assert_int_equal(decipher(1, 0x21, rd_of(input, 127)), 0x6700);
	assert_int_equal(decipher(1, 0x21, rd_of(input, 129)), 0x6700);
	assert_int_equal(decipher(1, 0x21, rd_of(input, 1)), 0x6700);
	/* With the padding removed by the card: other firmware's. */
	assert_int_equal(decipher(1, 0x22, rd_of(input, 128)), 0x6A81);
	assert_int_equal(decipher(1, 0x23, rd_of(input, 128)), 0x6A81);
	assert_int_equal(decipher(1, 0x20, rd_of(input, 128)), 0x6A81);
	assert_int_equal(decipher(1, 0x24, rd_of(input, 128)), 0x6A81);
	assert_int_equal(decipher(1, 0x80, rd_of(input, 65)), 0x6A81);
	assert_int_equal(decipher(2, 0x21, rd_of(input, 128)), 0x6A88);
	EMU(bench, "80620121", 0x6700, "");
	input[0] = 0;
	assert_int_equal(emu_cmd(bench, 0x80620121, rd_of(input, 128), 127), 0x6700);
	assert_int_equal(emu_cmd(bench, 0x80620121, rd_of(input, 128), 128), 0x9000);
	EMU(bench, "00A40400 0B E82B0601040181C31F0201 00", 0x9000, NULL); /* logs out */
	assert_int_equal(decipher(1, 0x21, rd_of(input, 128)), 0x6982);
}

/* The two commands on one key, so that nothing prepared for one serves the other. */
static void decipher__after_sign__and_back(void **state)
{
	EVP_PKEY *pkey = key_on_card(bench, 1, &rsa_specs[0]);
	uint8_t block[128] = { 0, 1 };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct rd cryptogram = encrypt(pkey, rd_of(block, sizeof(block)));

		assert_int_equal(
		        emu_cmd(bench, 0x80680120, rd_of(block, sizeof(block)), 512), 0x9000);
		check_answer(decipher(1, 0x21, cryptogram), rd_of(block, sizeof(block)));
	}
	EVP_PKEY_free(pkey);
}

/* ---- ECDH ---- */

static size_t point_of(EVP_PKEY *pkey, uint8_t *out, size_t cap)
{
	size_t n = 0;

	assert_int_equal(
	        EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, out, cap, &n), 1);
	return n;
}

/* Peer's private key times the card's point, the whole of it. */
static size_t shared_point(const char *curve, EVP_PKEY *peer, EVP_PKEY *card, uint8_t *out)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(OBJ_sn2nid(curve));
	EC_POINT *point = EC_POINT_new(group);
	BIGNUM *scalar = NULL;
	uint8_t bytes[POINT_MAX];
	const size_t n = point_of(card, bytes, sizeof(bytes));

	assert_int_equal(EVP_PKEY_get_bn_param(peer, OSSL_PKEY_PARAM_PRIV_KEY, &scalar), 1);
	assert_int_equal(EC_POINT_oct2point(group, point, bytes, n, NULL), 1);
	assert_int_equal(EC_POINT_mul(group, point, NULL, point, scalar, NULL), 1);
	assert_int_equal(EC_POINT_point2oct(
	                         group, point, POINT_CONVERSION_UNCOMPRESSED, out, POINT_MAX, NULL),
	        n);
	BN_free(scalar);
	EC_POINT_free(point);
	EC_GROUP_free(group);
	return n;
}

/* What libcrypto itself derives: X. */
static size_t derived_x(EVP_PKEY *peer, EVP_PKEY *card, uint8_t *out)
{
	size_t n = CURVE_WIDTH_MAX;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, peer, NULL);

	assert_int_equal(EVP_PKEY_derive_init(ctx), 1);
	assert_int_equal(EVP_PKEY_derive_set_peer(ctx, card), 1);
	assert_int_equal(EVP_PKEY_derive(ctx, out, &n), 1);
	EVP_PKEY_CTX_free(ctx);
	return n;
}

static void check_ecdh(const struct key_spec *spec, EVP_PKEY *card, uint8_t kid)
{
	EVP_PKEY *peer = EVP_EC_gen(spec->curve);
	uint8_t point[POINT_MAX], want[POINT_MAX], x[CURVE_WIDTH_MAX];
	const size_t point_n = point_of(peer, point, sizeof(point));
	const size_t want_n = shared_point(spec->curve, peer, card, want);
	const size_t x_n = derived_x(peer, card, x);

	check_answer(decipher(kid, 0x80, rd_of(point, point_n)), rd_of(want, want_n));
	assert_memory_equal(bench->rsp + 1, x, x_n);
	assert_int_equal(bench->n, 1 + 2 * x_n);
	EVP_PKEY_free(peer);
}

static void check_bad_points(const struct key_spec *spec, uint8_t kid)
{
	EVP_PKEY *peer = EVP_EC_gen(spec->curve);
	uint8_t point[POINT_MAX + 1] = { 0 };
	const size_t n = point_of(peer, point, sizeof(point));

	assert_int_equal(decipher(kid, 0x80, rd_of(point, n - 1)), 0x6700);
	assert_int_equal(decipher(kid, 0x80, rd_of(point, n + 1)), 0x6700);
	assert_int_equal(decipher(kid, 0x80, rd_of("", 1)), 0x6700); /* infinity */
	point[n - 1] ^= 1;
	assert_int_equal(decipher(kid, 0x80, rd_of(point, n)), 0x6A80); /* not on the curve */
	assert_int_equal(bench->n, 0);
	point[n - 1] ^= 1;
	point[0] = 0x06; /* hybrid */
	assert_int_equal(decipher(kid, 0x80, rd_of(point, n)), 0x6A80);
	point[0] = 0x00;
	assert_int_equal(decipher(kid, 0x80, rd_of(point, n)), 0x6A80);
	point[0] = 0x04;
	memset(point + 1, 0, n - 1);
	assert_int_equal(decipher(kid, 0x80, rd_of(point, n)), 0x6A80);
	memset(point + 1, 0xFF, n - 1); /* not reduced */
	assert_int_equal(decipher(kid, 0x80, rd_of(point, n)), 0x6A80);
	EVP_PKEY_free(peer);
}

static void decipher__ecdh_on_every_curve__is_the_shared_point(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ec_specs) / sizeof(ec_specs[0]); i++) {
		const uint8_t kid = (uint8_t)(i + 1);
		EVP_PKEY *card = key_on_card(bench, kid, &ec_specs[i]);

		check_ecdh(&ec_specs[i], card, kid);
		check_bad_points(&ec_specs[i], kid);
		EVP_PKEY_free(card);
	}
}

static void decipher__ec_key__takes_only_ecdh(void **state)
{
	uint8_t input[65] = { 4 };

	(void)state;
	EVP_PKEY_free(key_on_card(bench, 1, &ec_specs[1]));
	for (uint8_t alg = 0x21; alg <= 0x23; alg++)
		assert_int_equal(decipher(1, alg, rd_of(input, sizeof(input))), 0x6A81);
	assert_int_equal(decipher(1, 0x70, rd_of(input, sizeof(input))), 0x6A81);
	assert_int_equal(decipher(1, 0x84, rd_of(input, sizeof(input))), 0x6A81);
	EVP_PKEY_free(key_on_card_with(bench, 2, &ec_specs[1], "910170"));
	assert_int_equal(decipher(2, 0x80, rd_of(input, sizeof(input))), 0x6A81);
}

#define DECIPHER_TEST(f) cmocka_unit_test_setup_teardown(f, ready, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECIPHER_TEST(decipher__every_rsa_size),
		DECIPHER_TEST(decipher__rsa_input__is_checked),
		DECIPHER_TEST(decipher__after_sign__and_back),
		DECIPHER_TEST(decipher__ecdh_on_every_curve__is_the_shared_point),
		DECIPHER_TEST(decipher__ec_key__takes_only_ecdh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
