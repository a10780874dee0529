/* backup/poly.c, backup/split.c; splits made by another implementation and by sc-hsm-tool */
#include <openssl/bn.h>
#include <stdio.h>
#include <string.h>

#include "backup/poly.h"
#include "base/ossl.h"
#include "p15/keyblob.h"
#include "vec.h"

enum { VECTOR_T = 3, VECTOR_N = 5, TOOL_N = 12 };

/* password_shares.json, where they have colons. */
static const char prime_hex[] = "f91a3b5c7d9e00a3";
static const char secret_hex[] = "1122334455667788";
static const char *const coefficients[] = { "c46bf2001f347293", "8a93b2db0c729ed3" };
static const char *const values[VECTOR_N] = {
	"67079cc3036f884b",
	"d8fa309b4cbfd611",
	"6ddfb370b3b96037",
	"1ed2609fb5fa2760",
	"e4ec7384d1202c2f",
};

static void number(const char *hex, uint8_t *out)
{
	struct vec v;

	assert_int_equal(unhex(&v, hex).n, SPLIT_LEN);
	memcpy(out, v.p, SPLIT_LEN);
}

static void vector(struct split *s)
{
	number(prime_hex, s->prime);
	for (s->n = 0; s->n < VECTOR_N; s->n++) {
		s->share[s->n].id = (uint8_t)(s->n + 1);
		number(values[s->n], s->share[s->n].value);
	}
}

/* The split of password_shares_opensc.json; gives its share file. */
static struct rd of_the_tool(struct split *s, struct vec *file)
{
	static const char name[] = "password_shares_opensc.json";
	char key[16];
	struct vec v;

	memcpy(s->prime, golden(&v, name, NULL, "prime").p, SPLIT_LEN);
	for (s->n = 0; s->n < TOOL_N; s->n++) {
		snprintf(key, sizeof(key), "share%zu", s->n + 1);
		s->share[s->n].id = (uint8_t)(s->n + 1);
		memcpy(s->share[s->n].value, golden(&v, name, NULL, key).p, SPLIT_LEN);
	}
	return golden(file, name, NULL, "file");
}

static hsm_rc combine_3(const struct split *s, size_t i, size_t j, size_t k, struct secret *out)
{
	const struct split_share chosen[] = { s->share[i], s->share[j], s->share[k] };

	return split_combine(s->prime, chosen, COUNT(chosen), out);
}

/* Every 3 shares give the secret; gives how many choices there were. */
static unsigned every_three(const struct split *s, struct rd secret)
{
	unsigned choices = 0;
	AUTO_SECRET got = { 0 };

	for (size_t i = 0; i < s->n; i++) {
		for (size_t j = i + 1; j < s->n; j++) {
			for (size_t k = j + 1; k < s->n; k++, choices++) {
				check_rc("three", combine_3(s, k, i, j, &got), HSM_OK);
				check_rd("three", secret_rd(&got), secret);
			}
		}
	}
	return choices;
}

static void no_two(const struct split *s, struct rd secret)
{
	AUTO_SECRET got = { 0 };

	for (size_t i = 0; i < s->n; i++) {
		for (size_t j = 0; j < s->n; j++) {
			const struct split_share two[] = { s->share[i], s->share[j] };

			check_rc("two", split_combine(s->prime, two, 2, &got),
			        i == j ? HSM_E_BAD_DATA : HSM_OK);
			assert_false(rd_equal(secret_rd(&got), secret));
		}
	}
}

static void split_combine__vector__every_3_of_5_and_no_2(void **state)
{
	AUTO_SPLIT s = { 0 };
	struct vec v;
	const struct rd secret = unhex(&v, secret_hex);

	(void)state;
	vector(&s);
	assert_int_equal(every_three(&s, secret), 10);
	no_two(&s, secret);
}

static void split_combine__made_by_sc_hsm_tool__opens_its_file(void **state)
{
	AUTO_SPLIT s = { 0 };
	AUTO_SECRET password = { 0 };
	AUTO_SECRET share = { 0 };
	AUTO_DKEK dkek = { 0 };
	struct vec file, kcv;

	(void)state;
	(void)of_the_tool(&s, &file);
	check_rc("combine", combine_3(&s, 11, 4, 9, &password), HSM_OK);
	assert_int_equal(every_three(&s, secret_rd(&password)), 220);
	no_two(&s, secret_rd(&password));
	check_rc("open", sharefile_open(rd_of(file.p, file.n), secret_rd(&password), NULL, &share),
	        HSM_OK);
	assert_int_equal(dkek_derive(secret_rd(&share), &dkek), HSM_OK);
	check_rd("kcv", rd_of(dkek.kcv, KCV_LEN),
	        golden(&kcv, "password_shares_opensc.json", NULL, "kcv"));
}

static void poly_value__vector__the_published_shares(void **state)
{
	uint8_t prime[SPLIT_LEN], c[VECTOR_T][SPLIT_LEN], got[SPLIT_LEN];

	(void)state;
	number(prime_hex, prime);
	number(secret_hex, c[0]);
	number(coefficients[0], c[1]);
	number(coefficients[1], c[2]);
	for (uint8_t i = 0; i < VECTOR_N; i++) {
		check_rc(values[i],
		        poly_value(prime, (const uint8_t(*)[SPLIT_LEN])c, VECTOR_T,
		                (uint8_t)(i + 1), got),
		        HSM_OK);
		check_hex(values[i], rd_of(got, SPLIT_LEN), values[i]);
	}
}

/* password_shares.json, leading_zero_case */
static void split_combine__secret_with_a_zero_in_front__both_readings(void **state)
{
	AUTO_SPLIT s = { 0 };
	AUTO_SECRET got = { 0 };
	uint8_t c[VECTOR_T][SPLIT_LEN];
	struct vec v;

	(void)state;
	vector(&s);
	memcpy(c[0],
	        golden(&v, "password_shares.json", "leading_zero_case",
	                "password_used_for_encryption")
	                .p,
	        SPLIT_LEN);
	number(coefficients[0], c[1]);
	number(coefficients[1], c[2]);
	for (size_t i = 0; i < s.n; i++)
		check_rc("value",
		        poly_value(s.prime, (const uint8_t(*)[SPLIT_LEN])c, VECTOR_T, s.share[i].id,
		                s.share[i].value),
		        HSM_OK);
	check_rc("combine", combine_3(&s, 0, 2, 4, &got), HSM_OK);
	check_rd("eight", secret_rd(&got), rd_of(c[0], SPLIT_LEN));
	check_rd("seven", split_minimal(&got),
	        golden(&v, "password_shares.json", "leading_zero_case",
	                "recombined_by_sc_hsm_tool"));
}

static void is_safe_prime(const uint8_t *bytes)
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *p = BN_bin2bn(bytes, SPLIT_LEN, NULL);

	assert_int_equal(BN_num_bits(p), 64);
	assert_int_equal(BN_check_prime(p, ctx, NULL), 1);
	assert_int_equal(BN_rshift1(p, p), 1);
	assert_int_equal(BN_check_prime(p, ctx, NULL), 1);
	BN_free(p);
	BN_CTX_free(ctx);
}

static void split_make__thresholds_and_totals__exactly_enough_shares(void **state)
{
	static const unsigned rows[][2] = { { 2, 3 }, { 3, 3 }, { 3, 5 }, { 5, 8 }, { 2, 255 },
		{ 255, 255 } };
	AUTO_SPLIT s = { 0 };
	AUTO_SECRET got = { 0 };
	struct vec v;
	const struct rd secret = unhex(&v, secret_hex);

	(void)state;
	for (size_t r = 0; r < COUNT(rows); r++) {
		const unsigned t = rows[r][0], n = rows[r][1];

		check_rc("make", split_make(secret, t, n, &s), HSM_OK);
		assert_int_equal(s.n, n);
		is_safe_prime(s.prime);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(s.share[i].id, i + 1);
		for (size_t from = 0; from <= n - t; from++) {
			check_rc(
			        "combine", split_combine(s.prime, &s.share[from], t, &got), HSM_OK);
			check_rd("combine", secret_rd(&got), secret);
		}
		if (t == 2)
			continue;
		check_rc("too few", split_combine(s.prime, s.share, t - 1, &got), HSM_OK);
		assert_false(rd_equal(secret_rd(&got), secret));
	}
}

static void split_make__twice__other_numbers(void **state)
{
	AUTO_SPLIT a = { 0 };
	AUTO_SPLIT b = { 0 };
	struct vec v;
	const struct rd secret = unhex(&v, secret_hex);

	(void)state;
	check_rc("make", split_make(secret, 2, 3, &a), HSM_OK);
	check_rc("make", split_make(secret, 2, 3, &b), HSM_OK);
	assert_memory_not_equal(a.prime, b.prime, SPLIT_LEN);
	for (size_t i = 0; i < a.n; i++)
		assert_memory_not_equal(a.share[i].value, b.share[i].value, SPLIT_LEN);
	split_wipe(&a);
	memset(&b, 0, sizeof(b));
	assert_memory_equal(&a, &b, sizeof(a));
}

static void split_make__outside_the_limits__is_refused(void **state)
{
	static const struct {
		const char *secret;
		unsigned t, n;
	} rows[] = {
		{ secret_hex, 1, 3 },
		{ secret_hex, 0, 3 },
		{ secret_hex, 2, 2 },
		{ secret_hex, 4, 3 },
		{ secret_hex, 2, 256 },
		{ secret_hex, 256, 256 },
		{ "0022334455667788", 2, 3 },
		{ "8022334455667788", 2, 3 },
		{ "FF22334455667788", 2, 3 },
		{ "11223344556677", 2, 3 },
		{ "112233445566778899", 2, 3 },
	};
	AUTO_SPLIT s = { 0 };
	struct vec v;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_rc(rows[i].secret,
		        split_make(unhex(&v, rows[i].secret), rows[i].t, rows[i].n, &s),
		        HSM_E_BAD_PARAM);
}

static void split_secret__first_bytes__top_bit_cleared_never_zero(void **state)
{
	static const struct {
		const char *random, *secret;
		hsm_rc rc;
	} rows[] = {
		{ "0102030405060708", "0102030405060708", HSM_OK },
		{ "FF02030405060708", "7F02030405060708", HSM_OK },
		{ "8102030405060708", "0102030405060708", HSM_OK },
		{ "0002030405060708", "", HSM_E_BAD_DATA },
		{ "8002030405060708", "", HSM_E_BAD_DATA },
		{ "01020304050607", "", HSM_E_BAD_LEN },
		{ "010203040506070809", "", HSM_E_BAD_LEN },
	};
	struct vec v;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO_SECRET s = { 0 };

		check_rc(rows[i].random, split_secret(unhex(&v, rows[i].random), &s), rows[i].rc);
		check_hex(rows[i].random, secret_rd(&s), rows[i].secret);
	}
}

static void split_prime_check__not_a_prime_of_64_bits__is_refused(void **state)
{
	static const struct {
		const char *prime;
		hsm_rc rc;
	} rows[] = {
		{ prime_hex, HSM_OK },
		{ "FFFFFFFFFFFFFFC5", HSM_OK },         /* the largest */
		{ "800000000000001D", HSM_OK },         /* the smallest */
		{ "7FFFFFFFFFFFFFE7", HSM_E_BAD_DATA }, /* a prime of 63 bits */
		{ "F91A3B5C7D9E00A2", HSM_E_BAD_DATA }, /* even */
		{ "F91A3B5C7D9E00A5", HSM_E_BAD_DATA }, /* odd, not prime */
		{ "9F1A3B5C7D9E00A3", HSM_E_BAD_DATA }, /* two digits exchanged */
		{ "0000000000000000", HSM_E_BAD_DATA },
		{ "FFFFFFFFFFFFFFFF", HSM_E_BAD_DATA },
	};
	struct vec v;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_rc(rows[i].prime, split_prime_check(unhex(&v, rows[i].prime).p), rows[i].rc);
}

static void split_share_check__ids_and_values__told_apart(void **state)
{
	static const struct {
		uint8_t id;
		const char *value;
		hsm_rc rc;
	} rows[] = {
		{ 2, "D8FA309B4CBFD611", HSM_OK },
		{ 255, "D8FA309B4CBFD611", HSM_OK },
		{ 0, "D8FA309B4CBFD611", HSM_E_BAD_DATA },
		{ 1, "D8FA309B4CBFD611", HSM_E_EXISTS },
		{ 2, "F91A3B5C7D9E00A2", HSM_OK },
		{ 2, prime_hex, HSM_E_BAD_PARAM },
		{ 2, "FFFFFFFFFFFFFFFF", HSM_E_BAD_PARAM },
		{ 2, "0000000000000000", HSM_OK },
	};
	AUTO_SPLIT s = { 0 };
	AUTO_SECRET got = { 0 };

	(void)state;
	vector(&s);
	for (size_t i = 0; i < COUNT(rows); i++) {
		s.share[1].id = rows[i].id;
		number(rows[i].value, s.share[1].value);
		check_rc(rows[i].value, split_share_check(s.prime, s.share, 2), rows[i].rc);
		check_rc(rows[i].value, split_combine(s.prime, s.share, 2, &got),
		        rows[i].rc == HSM_OK ? HSM_OK : HSM_E_BAD_DATA);
		assert_int_equal(got.n, rows[i].rc == HSM_OK ? SPLIT_LEN : 0);
	}
}

static void split_combine__numbers_of_shares__2_to_255(void **state)
{
	AUTO_SPLIT s = { 0 };
	static struct split_share many[SPLIT_TOTAL_MAX + 1];
	AUTO_SECRET got = { 0 };

	(void)state;
	vector(&s);
	check_rc("none", split_combine(s.prime, s.share, 0, &got), HSM_E_BAD_PARAM);
	check_rc("one", split_combine(s.prime, s.share, 1, &got), HSM_E_BAD_PARAM);
	check_rc("256", split_combine(s.prime, many, COUNT(many), &got), HSM_E_BAD_PARAM);
	s.prime[7] = 0xA5;
	check_rc("no prime", split_combine(s.prime, s.share, 3, &got), HSM_E_BAD_DATA);
	assert_int_equal(got.n, 0);
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
		cmocka_unit_test(split_combine__vector__every_3_of_5_and_no_2),
		cmocka_unit_test(split_combine__made_by_sc_hsm_tool__opens_its_file),
		cmocka_unit_test(poly_value__vector__the_published_shares),
		cmocka_unit_test(split_combine__secret_with_a_zero_in_front__both_readings),
		cmocka_unit_test(split_make__thresholds_and_totals__exactly_enough_shares),
		cmocka_unit_test(split_make__twice__other_numbers),
		cmocka_unit_test(split_make__outside_the_limits__is_refused),
		cmocka_unit_test(split_secret__first_bytes__top_bit_cleared_never_zero),
		cmocka_unit_test(split_prime_check__not_a_prime_of_64_bits__is_refused),
		cmocka_unit_test(split_share_check__ids_and_values__told_apart),
		cmocka_unit_test(split_combine__numbers_of_shares__2_to_255),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
