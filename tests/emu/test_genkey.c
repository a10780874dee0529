#include <pthread.h>
#include <string.h>

#include "base/tlv.h"
#include "emu_keys.h"

static struct emu_bench *bench;

static const struct key_spec p256 = { "prime256v1", 256 };

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

/* The first object of this tag, which must be there. */
static struct rd find(struct rd in, uint16_t tag)
{
	struct rd value = { NULL, 0 };

	assert_true(tlv_find(in, tag, &value));
	return value;
}

static uint16_t generate(const char *template, size_t ne)
{
	uint8_t bytes[1024];
	const size_t n = emu_unhex(template, bytes, sizeof(bytes));

	return emu_cmd(bench, 0x00460100, rd_of(bytes, n), ne);
}

/* ---- what comes out ---- */

static void generate__every_curve__request_verifies(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ec_specs) / sizeof(ec_specs[0]); i++)
		EVP_PKEY_free(key_on_card(bench, (uint8_t)(i + 1), &ec_specs[i]));
	EMU(bench, "80580000 00", 0x9000,
	        "2F02 CC00 CC01 CC02 CC03 CC04 CC05 CC06 CC07 CC08 CC09 CC0A CC0B CC0C");
}

static void generate__rsa__request_verifies(void **state)
{
	(void)state;
	EVP_PKEY_free(key_on_card(bench, 0x01, &rsa_specs[0]));
	EVP_PKEY_free(key_on_card(bench, 0xFF, &rsa_specs[1]));
	EMU(bench, "80580000 00", 0x9000, "2F02 CC00 CC01 CCFF");
}

/* EF CE03 of a genuine device (tests/golden/genuine_device.json), from the start to the point; made
 * with the same references. */
static void generate__p256__request_is_that_of_a_genuine_device(void **state)
{
	static const char genuine[] =
	        "678201E67F2182018C7F4E8201445F29010042095554434130303030317F4982011D060A0400"
	        "7F000702020202038120FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFF"
	        "FFFFFFFF8220FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC"
	        "83205AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B8441046B"
	        "17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C2964FE342E2FE1A7F"
	        "9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F58520FFFFFFFF00000000FFFFFF"
	        "FFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551864104";
	static const char after_point[] = "8701015F201044454E4B3034303431343430303030315F3740";
	uint8_t template[512], want[512];
	const size_t template_n = key_template_put(
	        &p256, "UTCA00001", "DENK040414400001", NULL, template, sizeof(template));
	const size_t n = emu_unhex(genuine, want, sizeof(want));
	size_t after_n;
	struct rd request;

	(void)state;
	assert_int_equal(emu_cmd(bench, 0x00460300, rd_of(template, template_n), 0x10000), 0x9000);
	request = emu_data(bench);
	assert_int_equal(request.n, 490);
	assert_memory_equal(request.p, want, n);
	after_n = emu_unhex(after_point, want, sizeof(want));
	assert_memory_equal(request.p + n + 64, want, after_n);
}

static void generate__outer_reference__is_the_device_or_as_given(void **state)
{
	uint8_t bytes[16];
	struct rd chr;

	(void)state;
	emu_hex(bench, "00B12F02 000004 54020000 0000");
	chr = find(find(find(emu_data(bench), 0x7F21), 0x7F4E), 0x5F20);
	assert_int_equal(chr.n, sizeof(bytes));
	memcpy(bytes, chr.p, sizeof(bytes));
	EVP_PKEY_free(key_on_card(bench, 1, &p256));
	assert_true(rd_equal(find(find(emu_data(bench), 0x67), 0x42), rd_of(bytes, sizeof(bytes))));
	EVP_PKEY_free(key_on_card_with(bench, 2, &p256, "45 09 5A5A4F555445523931"));
	assert_true(rd_equal(find(find(emu_data(bench), 0x67), 0x42), RD_LIT("ZZOUTER91")));
}

static void generate__without_inner_reference__has_none(void **state)
{
	uint8_t template[512];
	const size_t n =
	        key_template_put(&p256, NULL, "ZZTEST0100001", NULL, template, sizeof(template));
	struct rd body, ignored;
	EVP_PKEY *device = device_public(bench);

	(void)state;
	assert_int_equal(emu_cmd(bench, 0x00460100, rd_of(template, n), 0x10000), 0x9000);
	EVP_PKEY_free(request_check(emu_data(bench), device, &p256));
	EVP_PKEY_free(device);
	body = find(find(find(emu_data(bench), 0x67), 0x7F21), 0x7F4E);
	assert_false(tlv_find(body, 0x42, &ignored));
}

/* As sc-hsm-embedded does it; the command is recorded. */
static void generate__without_le__card_keeps_the_request(void **state)
{
	EVP_PKEY *device = device_public(bench);
	const struct key_spec rsa = { NULL, 2048 };

	(void)state;
	EMU(bench,
	        "00460100 2B 5F290100 7F4915060A04007F000702020201028203010001 02020800 "
	        "5F200C555444554D4D593030303030",
	        0x9000, "");
	EMU(bench, "80580000 00", 0x9000, "2F02 CE01 CC00 CC01");
	emu_hex(bench, "00B1CE01 000004 54020000 0000");
	EVP_PKEY_free(request_check(emu_data(bench), device, &rsa));
	EVP_PKEY_free(device);
}

static void generate__without_le__replaces_a_stale_request(void **state)
{
	uint8_t template[512];
	const size_t n =
	        key_template_put(&p256, NULL, "ZZTEST0100001", NULL, template, sizeof(template));

	(void)state;
	EMU(bench, "00D7CE01 07 54020000 5301 11", 0x9000, "");
	assert_int_equal(emu_cmd(bench, 0x00460100, rd_of(template, n), 0), 0x9000);
	emu_hex(bench, "00B1CE01 04 54020000 01");
	assert_memory_equal(bench->rsp, "\x67", 1);
}

static void transcript__opensc_key_pair(void **state)
{
	struct emu_bench *b = emu_bench_new();

	(void)state;
	emu_hex(b, "80500000 19 80020001 8106363438323139 8208" TEST_SO " 910103");
	emu_play(b, "dialogue_opensc_keypair.txt");
	emu_bench_free(b);
}

/* ---- what is refused ---- */

static void generate__existing_key__is_refused_and_stays(void **state)
{
	uint8_t template[512];
	const size_t n =
	        key_template_put(&p256, NULL, "ZZTEST0100001", NULL, template, sizeof(template));
	EVP_PKEY *pkey = key_on_card(bench, 1, &p256);
	const uint8_t data[] = "text";

	(void)state;
	assert_int_equal(emu_cmd(bench, 0x00460100, rd_of(template, n), 0x10000), 0x6A89);
	assert_int_equal(emu_cmd(bench, 0x00460100, rd_of(template, n), 0), 0x6A89);
	EMU(bench, "80580000 00", 0x9000, "2F02 CC00 CC01");
	assert_int_equal(emu_cmd(bench, 0x80680173, rd_of(data, sizeof(data)), 512), 0x9000);
	assert_true(bench->n > 64);
	EVP_PKEY_free(pkey);
	EMU(bench, "00E40200 02 CC01", 0x9000, "");
	EVP_PKEY_free(key_on_card(bench, 1, &p256));
}

struct racer {
	struct emu_bench *lane;
	pthread_barrier_t *start;
	struct rd template;
};

static void *race(void *arg)
{
	struct racer *r = arg;

	pthread_barrier_wait(r->start);
	emu_cmd(r->lane, 0x00460100, r->template, 0x10000);
	return NULL;
}

/* RSA takes its time, so both have passed the first look when the first is done. */
static void generate__same_key_on_two_lanes__only_one_makes_it(void **state)
{
	uint8_t template[512];
	const size_t n = key_template_put(
	        &rsa_specs[1], NULL, "ZZTEST0100001", NULL, template, sizeof(template));
	struct emu_bench *second = emu_bench_lane(bench);
	pthread_barrier_t start;
	struct racer racers[] = {
		{ bench, &start, rd_of(template, n) },
		{ second, &start, rd_of(template, n) },
	};
	pthread_t threads[2];

	(void)state;
	pthread_barrier_init(&start, NULL, 2);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	for (size_t i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&start);
	assert_true((bench->sw == 0x9000 && second->sw == 0x6A89) ||
	            (bench->sw == 0x6A89 && second->sw == 0x9000));
	emu_bench_free(second);
	EMU(bench, "80580000 00", 0x9000, "2F02 CC00 CC01");
}

static void generate__parameters__are_checked(void **state)
{
	uint8_t template[512];
	const size_t n =
	        key_template_put(&p256, NULL, "ZZTEST0100001", NULL, template, sizeof(template));
	const struct rd t = rd_of(template, n);

	(void)state;
	assert_int_equal(emu_cmd(bench, 0x00460000, t, 0x10000), 0x6A86); /* the device key */
	assert_int_equal(emu_cmd(bench, 0x00460101, t, 0x10000), 0x6A86); /* another signer */
	assert_int_equal(emu_cmd(bench, 0x00460100, t, 256), 0x6700);     /* would cut the answer */
	EMU(bench, "00460100", 0x6700, "");
	EMU(bench, "00A40400 0B E82B0601040181C31F0201 00", 0x9000, NULL); /* logs out */
	assert_int_equal(emu_cmd(bench, 0x00460100, t, 0x10000), 0x6982);
	EMU(bench, "80580000 00", 0x9000, "2F02 CC00");
}

#define RSA_OID "060A04007F00070202020102"
#define RSA_KEY "7F4915" RSA_OID "8203010001 02020400"
#define CHR     "5F2005 5A5A303031"

static void generate__malformed_template__is_6A80(void **state)
{
	static const char *const templates[] = {
		"5F290101" RSA_KEY CHR,                                         /* profile */
		RSA_KEY CHR,                                                    /* no profile */
		"5F290100" CHR,                                                 /* no key */
		"5F290100" RSA_KEY,                                             /* no holder */
		"5F290100" RSA_KEY "5F2000",                                    /* empty holder */
		"5F290100" RSA_KEY "5F2011 4141414141414141414141414141414141", /* 17 characters */
		"5F290100 4200" RSA_KEY CHR,   /* empty reference */
		"5F290100" CHR RSA_KEY,        /* order */
		"5F290100" RSA_KEY CHR "00",   /* something behind */
		"5F290100" RSA_KEY CHR "9100", /* empty list */
		"5F290100" RSA_KEY CHR
		"9111 2020202020202020202020202020202020",           /* 17 algorithms */
		"5F290100" RSA_KEY CHR "9401 00",                    /* unknown rule */
		"5F290100 7F4910" RSA_OID "02020400" CHR,            /* no exponent */
		"5F290100 7F4911" RSA_OID "8203010001" CHR,          /* no size */
		"5F290100 7F4914" RSA_OID "8203010001 020104" CHR,   /* short size */
		"5F290100 7F4915" RSA_OID "8203000003 02020400" CHR, /* exponent 3 */
		"5F290100 7F4913" RSA_OID "820103 02020400" CHR,     /* the same, shorter */
		"5F290100 7F4916" RSA_OID
		"8203010001 02020400 00" CHR,                        /* something behind the size */
		"5F290100 7F4920" RSA_OID "8203010001 02020400" CHR, /* length past the end */
		"5F290100 7F49" RSA_OID,
		"5F2901",
		"00",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(templates) / sizeof(templates[0]); i++) {
		if (generate(templates[i], 0x10000) != 0x6A80)
			fail_msg("%s: %04X", templates[i], bench->sw);
		assert_int_equal(bench->n, 0);
	}
	EMU(bench, "80580000 00", 0x9000, "2F02 CC00");
}

static void generate__what_the_card_does_not_have__is_6A81(void **state)
{
	static const char *const templates[] = {
		"5F290100 7F4915" RSA_OID "8203010001 02020401" CHR,
		"5F290100 7F4915" RSA_OID "8203010001 02020200" CHR,
		"5F290100 7F4915" RSA_OID "8203010001 02022000" CHR,
		"5F290100 7F4915 060A04007F00070202020199 8203010001 02020400" CHR,
		"5F290100" RSA_KEY CHR "9301 00",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(templates) / sizeof(templates[0]); i++) {
		if (generate(templates[i], 0x10000) != 0x6A81)
			fail_msg("%s: %04X", templates[i], bench->sw);
	}
}

static void generate__any_domain_parameter_changed__is_6A81(void **state)
{
	uint8_t template[512];
	const size_t n =
	        key_template_put(&p256, NULL, "ZZTEST0100001", NULL, template, sizeof(template));
	struct rd all = rd_of(template, n), key, value;
	uint16_t tag;

	(void)state;
	assert_true(tlv_find(all, 0x7F49, &key));
	while (tlv_next(&key, &tag, &value, NULL)) {
		uint8_t *last = template + (value.p - template) + value.n - 1;

		if (tag == 0x06)
			continue;
		*last ^= 1;
		assert_int_equal(emu_cmd(bench, 0x00460100, all, 0x10000), 0x6A81);
		*last ^= 1;
	}
	assert_int_equal(emu_cmd(bench, 0x00460100, all, 0x10000), 0x9000);
}

static void generate__truncated_anywhere__is_6A80(void **state)
{
	uint8_t template[512];
	const size_t n = key_template_put(
	        &p256, "UTCA00001", "ZZTEST0100001", NULL, template, sizeof(template));

	(void)state;
	for (size_t i = 1; i < n; i++)
		assert_int_equal(emu_cmd(bench, 0x00460100, rd_of(template, i), 0x10000), 0x6A80);
}

/* P-224 is a curve that libcrypto has and the card has not. */
static void generate__foreign_curve__is_6A81(void **state)
{
	const struct key_spec p224 = { "secp224r1", 224 };
	uint8_t template[512];
	const size_t n =
	        key_template_put(&p224, NULL, "ZZTEST0100001", NULL, template, sizeof(template));

	(void)state;
	assert_int_equal(emu_cmd(bench, 0x00460100, rd_of(template, n), 0x10000), 0x6A81);
}

#define KEY_TEST(f) cmocka_unit_test_setup_teardown(f, ready, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		KEY_TEST(generate__every_curve__request_verifies),
		KEY_TEST(generate__rsa__request_verifies),
		KEY_TEST(generate__p256__request_is_that_of_a_genuine_device),
		KEY_TEST(generate__outer_reference__is_the_device_or_as_given),
		KEY_TEST(generate__without_inner_reference__has_none),
		KEY_TEST(generate__without_le__card_keeps_the_request),
		KEY_TEST(generate__without_le__replaces_a_stale_request),
		cmocka_unit_test(transcript__opensc_key_pair),
		KEY_TEST(generate__existing_key__is_refused_and_stays),
		KEY_TEST(generate__same_key_on_two_lanes__only_one_makes_it),
		KEY_TEST(generate__parameters__are_checked),
		KEY_TEST(generate__malformed_template__is_6A80),
		KEY_TEST(generate__what_the_card_does_not_have__is_6A81),
		KEY_TEST(generate__any_domain_parameter_changed__is_6A81),
		KEY_TEST(generate__truncated_anywhere__is_6A80),
		KEY_TEST(generate__foreign_curve__is_6A81),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
