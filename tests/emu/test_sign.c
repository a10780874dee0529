#include <openssl/rsa.h>
#include <string.h>

#include "emu_keys.h"

static struct emu_bench *bench;

static const struct {
	const char *name;
	uint8_t low; /* low digit of the algorithm number */
	size_t size;
	const char *info; /* DigestInfo up to the value, RFC 8017 section 9.2 */
} digests[] = {
	{ "SHA1", 1, 20, "3021300906052B0E03021A05000414" },
	{ "SHA224", 2, 28, "302D300D06096086480165030402040500041C" },
	{ "SHA256", 3, 32, "3031300D060960864801650304020105000420" },
	{ "SHA384", 4, 48, "3041300D060960864801650304020205000430" },
	{ "SHA512", 5, 64, "3051300D060960864801650304020305000440" },
};

#define EACH_DIGEST(d) for (size_t d = 0; d < sizeof(digests) / sizeof(digests[0]); d++)

/* The card hashes with SHA-224 for ECDSA only. */
static bool rsa_hashes(size_t d)
{
	return digests[d].size != 28;
}

static const uint8_t message[] = "The quick brown fox jumps over the lazy dog";

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

static uint16_t sign(uint8_t kid, uint8_t alg, struct rd input)
{
	return emu_cmd(bench, 0x80680000u | (uint32_t)kid << 8 | alg, input, 512);
}

static size_t hash(const char *md, uint8_t *out)
{
	size_t n = 0;

	assert_int_equal(EVP_Q_digest(NULL, md, NULL, message, sizeof(message), out, &n), 1);
	return n;
}

/* Does the last answer verify over a hash value? `padding` 0 is ECDSA; `md` NULL: none. */
static bool verifies(EVP_PKEY *pkey, int padding, const char *md, struct rd value)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	EVP_MD *fetched = md == NULL ? NULL : EVP_MD_fetch(NULL, md, NULL);
	int ok;

	assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
	if (padding != 0)
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, padding), 1);
	if (fetched != NULL)
		assert_int_equal(EVP_PKEY_CTX_set_signature_md(ctx, fetched), 1);
	if (padding == RSA_PKCS1_PSS_PADDING)
		assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST), 1);
	ok = EVP_PKEY_verify(ctx, bench->rsp, bench->n, value.p, value.n);
	EVP_MD_free(fetched);
	EVP_PKEY_CTX_free(ctx);
	return ok == 1;
}

/* What the public key makes of the last answer: as long as the modulus. */
static struct rd recovered(EVP_PKEY *pkey)
{
	static uint8_t out[512];
	size_t n = sizeof(out);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);

	assert_int_equal(EVP_PKEY_verify_recover_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING), 1);
	assert_int_equal(EVP_PKEY_verify_recover(ctx, out, &n, bench->rsp, bench->n), 1);
	EVP_PKEY_CTX_free(ctx);
	return rd_of(out, n);
}

/* ---- RSA ---- */

static void check_raw(EVP_PKEY *pkey, uint8_t kid, size_t modulus_n)
{
	uint8_t block[512];

	memset(block, 0xA5, sizeof(block));
	block[0] = 0x00;
	assert_int_equal(sign(kid, 0x20, rd_of(block, modulus_n)), 0x9000);
	assert_int_equal(bench->n, modulus_n);
	assert_true(rd_equal(recovered(pkey), rd_of(block, modulus_n)));
	assert_int_equal(sign(kid, 0x20, rd_of(block, modulus_n - 1)), 0x6700);
	memset(block, 0xFF, sizeof(block));
	assert_int_equal(sign(kid, 0x20, rd_of(block, modulus_n)), 0x6A80);
	assert_int_equal(bench->n, 0);
}

static void check_pkcs1(EVP_PKEY *pkey, uint8_t kid, size_t modulus_n)
{
	uint8_t value[64], info[128];

	EACH_DIGEST(d)
	{
		const size_t n = hash(digests[d].name, value);
		const size_t info_n = emu_unhex(digests[d].info, info, sizeof(info));

		memcpy(info + info_n, value, n);
		assert_int_equal(sign(kid, 0x30, rd_of(info, info_n + n)), 0x9000);
		assert_int_equal(bench->n, modulus_n);
		assert_true(verifies(pkey, RSA_PKCS1_PADDING, digests[d].name, rd_of(value, n)));
		assert_int_equal(sign(kid, 0x30 + digests[d].low, rd_of(message, sizeof(message))),
		        rsa_hashes(d) ? 0x9000 : 0x6A81);
		if (!rsa_hashes(d))
			continue;
		assert_int_equal(bench->n, modulus_n);
		assert_true(verifies(pkey, RSA_PKCS1_PADDING, digests[d].name, rd_of(value, n)));
		value[0] ^= 1;
		assert_false(verifies(pkey, RSA_PKCS1_PADDING, digests[d].name, rd_of(value, n)));
	}
}

static void check_pss(EVP_PKEY *pkey, uint8_t kid, size_t modulus_n)
{
	uint8_t value[64], info[128];

	EACH_DIGEST(d)
	{
		const size_t n = hash(digests[d].name, value);
		const size_t info_n = emu_unhex(digests[d].info, info, sizeof(info));
		/* EMSA-PSS needs hash, salt and two bytes (RFC 8017 section 9.1.1). */
		const uint16_t sw = modulus_n >= 2 * n + 2 ? 0x9000 : 0x6A80;
		const struct {
			uint8_t alg;
			struct rd input;
		} forms[] = {
			{ 0x40, rd_of(value, n) },
			{ 0x40, rd_of(info, info_n + n) }, /* as OpenSC 0.23 does */
			{ (uint8_t)(0x40 + digests[d].low), rd_of(message, sizeof(message)) },
		};

		memcpy(info + info_n, value, n);
		for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
			const bool has = forms[i].alg == 0x40 || rsa_hashes(d);

			assert_int_equal(
			        sign(kid, forms[i].alg, forms[i].input), has ? sw : 0x6A81);
			if (sw != 0x9000 || !has)
				continue;
			assert_int_equal(bench->n, modulus_n);
			assert_true(verifies(
			        pkey, RSA_PKCS1_PSS_PADDING, digests[d].name, rd_of(value, n)));
		}
	}
}

static void sign__every_rsa_size_and_algorithm__verifies(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rsa_specs) / sizeof(rsa_specs[0]); i++) {
		const uint8_t kid = (uint8_t)(i + 1);
		const size_t modulus_n = (size_t)rsa_specs[i].bits / 8;
		EVP_PKEY *pkey = key_on_card(bench, kid, &rsa_specs[i]);

		check_raw(pkey, kid, modulus_n);
		check_pkcs1(pkey, kid, modulus_n);
		check_pss(pkey, kid, modulus_n);
		EVP_PKEY_free(pkey);
	}
}

static void sign__rsa_inputs__have_limits(void **state)
{
	uint8_t input[256] = { 0 };
	EVP_PKEY *pkey = key_on_card(bench, 1, &rsa_specs[0]);

	(void)state;
	assert_int_equal(sign(1, 0x30, rd_of(input, 117)), 0x9000);
	assert_int_equal(sign(1, 0x30, rd_of(input, 118)), 0x6700);
	assert_int_equal(sign(1, 0x40, rd_of(input, 31)), 0x6700);
	assert_int_equal(sign(1, 0x40, rd_of(input, 51)), 0x6700); /* not a DigestInfo */
	assert_int_equal(sign(1, 0x20, rd_of(input, 129)), 0x6700);
	/* Without a hash around it: what TLS before 1.2 signs. */
	assert_int_equal(sign(1, 0x30, rd_of(input, 36)), 0x9000);
	EVP_PKEY_free(pkey);
}

/* One algorithm number, another digest from one command to the next. */
static void sign__pss_by_length__follows_the_length(void **state)
{
	uint8_t value[64];
	EVP_PKEY *pkey = key_on_card(bench, 1, &rsa_specs[1]);

	(void)state;
	for (int round = 0; round < 2; round++) {
		EACH_DIGEST(d)
		{
			const size_t n = hash(digests[d].name, value);

			assert_int_equal(sign(1, 0x40, rd_of(value, n)), 0x9000);
			assert_true(verifies(
			        pkey, RSA_PKCS1_PSS_PADDING, digests[d].name, rd_of(value, n)));
		}
	}
	EVP_PKEY_free(pkey);
}

/* ---- ECDSA ---- */

static void check_ecdsa(EVP_PKEY *pkey, uint8_t kid)
{
	uint8_t value[64];

	EACH_DIGEST(d)
	{
		const size_t n = hash(digests[d].name, value);

		/* The leftmost bits count where the hash is longer than the order. */
		assert_int_equal(sign(kid, 0x70, rd_of(value, n)), 0x9000);
		assert_true(verifies(pkey, 0, NULL, rd_of(value, n)));
		assert_int_equal(bench->rsp[0], 0x30);
		assert_int_equal(
		        sign(kid, 0x70 + digests[d].low, rd_of(message, sizeof(message))), 0x9000);
		assert_true(verifies(pkey, 0, digests[d].name, rd_of(value, n)));
		value[0] ^= 1;
		assert_false(verifies(pkey, 0, digests[d].name, rd_of(value, n)));
	}
	assert_int_equal(sign(kid, 0x70, rd_of(message, 1)), 0x9000);
	assert_true(verifies(pkey, 0, NULL, rd_of(message, 1)));
}

static void sign__every_curve_and_algorithm__verifies(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ec_specs) / sizeof(ec_specs[0]); i++) {
		EVP_PKEY *pkey = key_on_card(bench, (uint8_t)(i + 1), &ec_specs[i]);

		check_ecdsa(pkey, (uint8_t)(i + 1));
		EVP_PKEY_free(pkey);
	}
}

/* An application may well sign nothing: the message is empty, its hash is not. */
static void sign__empty_message__is_hashed(void **state)
{
	uint8_t value[64];
	size_t n = 0;
	EVP_PKEY *pkey = key_on_card(bench, 1, &ec_specs[1]);

	(void)state;
	assert_int_equal(EVP_Q_digest(NULL, "SHA256", NULL, "", 0, value, &n), 1);
	assert_int_equal(sign(1, 0x73, rd_of(NULL, 0)), 0x9000);
	assert_true(verifies(pkey, 0, "SHA256", rd_of(value, n)));
	assert_int_equal(sign(1, 0x70, rd_of(NULL, 0)), 0x6700);
	EVP_PKEY_free(pkey);
}

/* ---- rules ---- */

static void sign__wrong_key_or_algorithm__is_refused(void **state)
{
	uint8_t input[128] = { 0 };
	static const uint8_t foreign[] = { 0x00, 0x10, 0x20, 0x21, 0x22, 0x23, 0x30, 0x33, 0x40,
		0x46, 0x76, 0x80, 0xA0, 0xFF };

	(void)state;
	EVP_PKEY_free(key_on_card(bench, 1, &ec_specs[1]));
	for (size_t i = 0; i < sizeof(foreign); i++)
		assert_int_equal(sign(1, foreign[i], rd_of(input, sizeof(input))), 0x6A81);
	assert_int_equal(sign(2, 0x70, rd_of(input, 32)), 0x6A88);
	assert_int_equal(sign(0, 0x70, rd_of(input, 32)), 0x6A88); /* the device key */
	EMU(bench, "80680170 00", 0x6700, "");
	EMU(bench, "80680170", 0x6700, "");
	EMU(bench, "80680170 01 55", 0x6700, ""); /* no Le, so no room for the answer */
	EMU(bench, "80680170 01 55 08", 0x6700, "");
	EMU(bench, "80680170 01 55 00", 0x9000, NULL);
}

static void sign__list_of_algorithms__is_kept(void **state)
{
	uint8_t input[32] = { 1 };

	(void)state;
	EVP_PKEY_free(key_on_card_with(bench, 1, &ec_specs[1], "9102 7073"));
	assert_int_equal(sign(1, 0x70, rd_of(input, sizeof(input))), 0x9000);
	assert_int_equal(sign(1, 0x73, rd_of(input, sizeof(input))), 0x9000);
	assert_int_equal(sign(1, 0x71, rd_of(input, sizeof(input))), 0x6A81);
	assert_int_equal(sign(1, 0x70, rd_of(input, sizeof(input))), 0x9000);
	assert_int_equal(emu_cmd(bench, 0x80620180, rd_of(input, sizeof(input)), 512), 0x6A81);
}

static void sign__without_login__is_refused(void **state)
{
	uint8_t input[32] = { 1 };

	(void)state;
	EVP_PKEY_free(key_on_card(bench, 1, &ec_specs[1]));
	assert_int_equal(sign(1, 0x70, rd_of(input, sizeof(input))), 0x9000);
	EMU(bench, "00A40400 0B E82B0601040181C31F0201 00", 0x9000, NULL); /* logs out */
	assert_int_equal(sign(1, 0x70, rd_of(input, sizeof(input))), 0x6982);
	assert_int_equal(bench->n, 0);
	EMU(bench, "00200081 06 363438323139", 0x9000, "");
	assert_int_equal(sign(1, 0x70, rd_of(input, sizeof(input))), 0x9000);
}

/* What a lane keeps prepared must not outlive the key. */
static void sign__key_replaced_under_its_number__uses_the_new_one(void **state)
{
	uint8_t value[64];
	const size_t n = hash("SHA256", value);
	EVP_PKEY *old = key_on_card(bench, 1, &ec_specs[1]), *new;

	(void)state;
	assert_int_equal(sign(1, 0x70, rd_of(value, n)), 0x9000);
	assert_true(verifies(old, 0, NULL, rd_of(value, n)));
	EMU(bench, "00E40200 02 CC01", 0x9000, "");
	assert_int_equal(sign(1, 0x70, rd_of(value, n)), 0x6A88);
	new = key_on_card(bench, 1, &ec_specs[1]);
	assert_int_equal(sign(1, 0x70, rd_of(value, n)), 0x9000);
	assert_true(verifies(new, 0, NULL, rd_of(value, n)));
	assert_false(verifies(old, 0, NULL, rd_of(value, n)));
	EVP_PKEY_free(old);
	EVP_PKEY_free(new);
}

static void sign__two_lanes__share_key_and_login(void **state)
{
	uint8_t value[64];
	const size_t n = hash("SHA256", value);
	EVP_PKEY *pkey = key_on_card(bench, 1, &ec_specs[1]);
	struct emu_bench *first = bench, *second = emu_bench_lane(bench);

	(void)state;
	bench = second;
	assert_int_equal(sign(1, 0x70, rd_of(value, n)), 0x9000);
	assert_true(verifies(pkey, 0, NULL, rd_of(value, n)));
	bench = first;
	assert_int_equal(sign(1, 0x70, rd_of(value, n)), 0x9000);
	EMU(bench, "00E40200 02 CC01", 0x9000, "");
	bench = second;
	assert_int_equal(sign(1, 0x70, rd_of(value, n)), 0x6A88);
	bench = first;
	emu_bench_free(second);
	EVP_PKEY_free(pkey);
}

#define SIGN_TEST(f) cmocka_unit_test_setup_teardown(f, ready, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SIGN_TEST(sign__every_rsa_size_and_algorithm__verifies),
		SIGN_TEST(sign__rsa_inputs__have_limits),
		SIGN_TEST(sign__pss_by_length__follows_the_length),
		SIGN_TEST(sign__every_curve_and_algorithm__verifies),
		SIGN_TEST(sign__empty_message__is_hashed),
		SIGN_TEST(sign__wrong_key_or_algorithm__is_refused),
		SIGN_TEST(sign__list_of_algorithms__is_kept),
		SIGN_TEST(sign__without_login__is_refused),
		SIGN_TEST(sign__key_replaced_under_its_number__uses_the_new_one),
		SIGN_TEST(sign__two_lanes__share_key_and_login),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
