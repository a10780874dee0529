/* base/alg.c: curves against libcrypto and golden/curves.json, digests against RFC 8017 */
#include "base/alg.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/objects.h>

#include "vec.h"

/* Our name, and the one in curves.json. */
static const char *const names[][2] = {
	{ "prime192v1", "secp192r1" },
	{ "prime256v1", "secp256r1" },
	{ "secp384r1", "secp384r1" },
	{ "secp521r1", "secp521r1" },
	{ "secp192k1", "secp192k1" },
	{ "secp256k1", "secp256k1" },
	{ "brainpoolP192r1", "brainpoolP192r1" },
	{ "brainpoolP224r1", "brainpoolP224r1" },
	{ "brainpoolP256r1", "brainpoolP256r1" },
	{ "brainpoolP320r1", "brainpoolP320r1" },
	{ "brainpoolP384r1", "brainpoolP384r1" },
	{ "brainpoolP512r1", "brainpoolP512r1" },
};

static void curve_at__every_place__listed_and_found_by_all_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		const struct curve *c = curve_at(i);

		assert_non_null(c);
		assert_non_null(curve_by_name(names[i][0]));
		assert_ptr_equal(curve_by_name(c->name), c);
		assert_ptr_equal(curve_by_oid(c->oid), c);
		assert_ptr_equal(curve_by_params(c->p, c->a, c->b, c->g, c->order), c);
	}
	assert_null(curve_at(COUNT(names)));
}

static void curve__parameters__are_those_of_the_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		const struct curve *c = curve_by_name(names[i][0]);
		const struct {
			const char *key;
			struct rd value;
		} parts[] = { { "oid_body", c->oid }, { "81_p", c->p }, { "82_a", c->a },
			{ "83_b", c->b }, { "84_G", c->g }, { "85_n", c->order } };

		for (size_t k = 0; k < COUNT(parts); k++) {
			struct vec v;

			check_rd(names[i][0], parts[k].value,
			        golden(&v, "curves.json", names[i][1], parts[k].key));
		}
	}
}

/* Curves of the vectors that the card does not have share p and order with those that it has. */
static void curve_by__twisted_brainpool__null(void **state)
{
	static const char *const twisted[] = { "brainpoolP192t1", "brainpoolP224t1",
		"brainpoolP256t1", "brainpoolP320t1", "brainpoolP384t1", "brainpoolP512t1" };
	static const char *const keys[] = { "oid_body", "81_p", "82_a", "83_b", "84_G", "85_n" };

	(void)state;
	for (size_t i = 0; i < COUNT(twisted); i++) {
		struct vec v[COUNT(keys)];
		struct rd part[COUNT(keys)];

		for (size_t k = 0; k < COUNT(keys); k++)
			part[k] = golden(&v[k], "curves.json", twisted[i], keys[k]);
		assert_null(curve_by_oid(part[0]));
		assert_null(curve_by_params(part[1], part[2], part[3], part[4], part[5]));
	}
}

static EVP_PKEY *pkey_params(const char *name)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;

	assert_int_equal(EVP_PKEY_paramgen_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_group_name(ctx, name), 1);
	assert_int_equal(EVP_PKEY_paramgen(ctx, &key), 1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static void check_bn(EVP_PKEY *key, const char *param, struct rd want)
{
	BIGNUM *bn = NULL;
	uint8_t bytes[CURVE_WIDTH_MAX];

	assert_int_equal(EVP_PKEY_get_bn_param(key, param, &bn), 1);
	assert_true(want.n <= sizeof(bytes));
	assert_true(BN_bn2binpad(bn, bytes, (int)want.n) >= 0);
	BN_free(bn);
	check_rd(param, want, rd_of(bytes, want.n));
}

static void curve__parameters__are_those_of_libcrypto(void **state)
{
	const struct curve *c;

	(void)state;
	for (size_t i = 0; (c = curve_at(i)) != NULL; i++) {
		EVP_PKEY *key = pkey_params(c->name);
		uint8_t g[POINT_MAX];
		const ASN1_OBJECT *oid = OBJ_nid2obj(OBJ_sn2nid(c->name));
		size_t n = 0;

		check_bn(key, OSSL_PKEY_PARAM_EC_P, c->p);
		check_bn(key, OSSL_PKEY_PARAM_EC_A, c->a);
		check_bn(key, OSSL_PKEY_PARAM_EC_B, c->b);
		check_bn(key, OSSL_PKEY_PARAM_EC_ORDER, c->order);
		assert_int_equal(EVP_PKEY_get_octet_string_param(
		                         key, OSSL_PKEY_PARAM_EC_GENERATOR, g, sizeof(g), &n),
		        1);
		check_rd(c->name, c->g, rd_of(g, n));
		assert_int_equal(EVP_PKEY_get_bits(key), c->bits);
		check_rd(c->name, c->oid, rd_of(OBJ_get0_data(oid), OBJ_length(oid)));
		EVP_PKEY_free(key);
	}
}

static void curve__every_number__as_long_as_the_field(void **state)
{
	const struct curve *c;

	(void)state;
	for (size_t i = 0; (c = curve_at(i)) != NULL; i++) {
		assert_int_equal(c->width, (c->bits + 7) / 8);
		assert_true(c->width <= CURVE_WIDTH_MAX);
		assert_int_equal(c->p.n, c->width);
		assert_int_equal(c->a.n, c->width);
		assert_int_equal(c->b.n, c->width);
		assert_int_equal(c->order.n, c->width);
		assert_int_equal(c->g.n, 1 + 2 * c->width);
	}
}

static void curve_by__unknown_or_one_part_off__null(void **state)
{
	const struct curve *c = curve_by_name("prime256v1"), *k = curve_by_name("secp256k1");

	(void)state;
	assert_null(curve_by_name("P-256"));
	assert_null(curve_by_name(""));
	assert_null(curve_by_oid(RD_LIT("\x2A\x86\x48\xCE\x3D\x03\x01\x02")));
	assert_null(curve_by_oid(RD_LIT("")));
	assert_null(curve_by_params(k->p, c->a, c->b, c->g, c->order));
	assert_null(curve_by_params(c->p, k->a, c->b, c->g, c->order));
	assert_null(curve_by_params(c->p, c->a, k->b, c->g, c->order));
	assert_null(curve_by_params(c->p, c->a, c->b, k->g, c->order));
	assert_null(curve_by_params(c->p, c->a, c->b, c->g, k->order));
}

/* RFC 8017 section 9.2, note 1. */
static const struct {
	const char *name;
	size_t size;
	const char *info;
} digests[] = {
	{ "SHA1", 20, "3021300906052B0E03021A05000414" },
	{ "SHA224", 28, "302D300D06096086480165030402040500041C" },
	{ "SHA256", 32, "3031300D060960864801650304020105000420" },
	{ "SHA384", 48, "3041300D060960864801650304020205000430" },
	{ "SHA512", 64, "3051300D060960864801650304020305000440" },
};

static void digest__every_place__size_and_header(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(digests); i++) {
		const struct digest *d = digest_by_name(digests[i].name);

		assert_non_null(d);
		assert_non_null(digest_at(i));
		assert_ptr_equal(digest_by_size(digests[i].size), d);
		assert_int_equal(d->size, digests[i].size);
		check_hex(d->name, d->info, digests[i].info);
	}
	assert_null(digest_at(COUNT(digests)));
	assert_null(digest_by_name("MD5"));
	assert_null(digest_by_size(16));
}

static void digest_info_parse__whole_short_and_foreign__value_or_null(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(digests); i++) {
		struct vec v;
		struct rd info = unhex(&v, digests[i].info), value;
		size_t header = info.n;

		memset(v.p + header, 0x5A, digests[i].size);
		info.n += digests[i].size;
		assert_ptr_equal(digest_info_parse(info, &value), digest_by_name(digests[i].name));
		assert_int_equal(value.n, digests[i].size);
		assert_ptr_equal(value.p, v.p + header);
		assert_null(digest_info_parse(rd_of(v.p, info.n - 1), &value));
		assert_null(digest_info_parse(rd_of(v.p, info.n + 1), &value));
		v.p[0] ^= 1;
		assert_null(digest_info_parse(info, &value));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(curve_at__every_place__listed_and_found_by_all_keys),
		cmocka_unit_test(curve__parameters__are_those_of_the_vectors),
		cmocka_unit_test(curve_by__twisted_brainpool__null),
		cmocka_unit_test(curve__parameters__are_those_of_libcrypto),
		cmocka_unit_test(curve__every_number__as_long_as_the_field),
		cmocka_unit_test(curve_by__unknown_or_one_part_off__null),
		cmocka_unit_test(digest__every_place__size_and_header),
		cmocka_unit_test(digest_info_parse__whole_short_and_foreign__value_or_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
