/* tools/admin/facts/attestation.c: requests of a genuine device, and of others (tests/golden) */
#include "admin/facts/attestation.h"
#include "base/ossl.h"
#include "vec.h"

static int acquire(void **state)
{
	(void)state;
	return ossl_acquire() == HSM_OK ? 0 : -1;
}

static int release(void **state)
{
	(void)state;
	ossl_release();
	return 0;
}

static void load_maker(struct maker *m, struct rd file)
{
	*m = (struct maker){ 0 };
	check_rc("file", buf_set(&m->file, file), HSM_OK);
	maker_check(m);
}

static void load_genuine(struct maker *m)
{
	struct vec v;

	load_maker(m, golden(&v, "genuine_device.json", NULL, "ef_2F02"));
}

static void attestation__genuine_keys__all_signatures_hold(void **state)
{
	static const struct {
		const char *name;
		enum pubkey_type type;
		uint16_t bits;
	} rows[] = {
		{ "CE01_SECP256K1", PUBKEY_EC, 256 },
		{ "CE03_SECP256R1", PUBKEY_EC, 256 },
		{ "CE04_RSA2048", PUBKEY_RSA, 2048 },
	};
	AUTO_MAKER maker;

	(void)state;
	load_genuine(&maker);
	assert_string_equal(maker_kind(&maker), "genuine");
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct vec v;
		struct rd file = golden(&v, "genuine_device.json", rows[i].name, "data");
		struct attestation a;

		check_rc(rows[i].name, attestation_check(file, &maker, &a), HSM_OK);
		assert_true(a.signed_by_key && a.signed_by_device && a.device_certified);
		assert_true(attestation_good(&a));
		assert_int_equal(a.key.type, rows[i].type);
		assert_int_equal(a.key.bits, rows[i].bits);
		check_rd(rows[i].name, a.request.car, RD_LIT("DENK040414400000"));
		check_rd(rows[i].name, a.whole, file);
	}
}

static void attestation__any_byte_changed__never_good(void **state)
{
	static const char *const names[] = { "CE03_SECP256R1", "CE04_RSA2048" };
	AUTO_MAKER maker;

	(void)state;
	load_genuine(&maker);
	for (size_t k = 0; k < COUNT(names); k++) {
		struct vec v;
		struct rd file = golden(&v, "genuine_device.json", names[k], "data");

		for (size_t i = 0; i < file.n; i++) {
			struct attestation a;

			v.p[i] ^= 0x01;
			if (attestation_check(file, &maker, &a) == HSM_OK)
				assert_false(attestation_good(&a));
			v.p[i] ^= 0x01;
		}
	}
}

static void attestation__another_device__signed_by_key_only(void **state)
{
	struct vec v, w;
	struct rd file = golden(&v, "genuine_device.json", "CE03_SECP256R1", "data");
	struct attestation a;
	AUTO_MAKER maker;

	(void)state;
	load_maker(&maker, golden(&w, "cvc.json", NULL, "ef_2F02"));
	check_rc("request", attestation_check(file, &maker, &a), HSM_OK);
	assert_true(a.signed_by_key);
	assert_false(a.signed_by_device);
	assert_false(attestation_good(&a));
}

static void attestation__no_certificates__not_good(void **state)
{
	struct vec v;
	struct rd file = golden(&v, "genuine_device.json", "CE03_SECP256R1", "data");
	struct attestation a;
	AUTO_MAKER maker;

	(void)state;
	load_maker(&maker, RD_LIT("\x7F\x21\x03garbage"));
	assert_string_equal(maker_kind(&maker), "invalid certificate");
	check_rc("request", attestation_check(file, &maker, &a), HSM_OK);
	assert_true(a.signed_by_key);
	assert_false(a.signed_by_device || a.device_certified);
}

static void attestation__no_request__card_data(void **state)
{
	static const char *const files[] = { "", "67", "6700", "3003020100", "7F210100" };
	struct attestation a;
	AUTO_MAKER maker;

	(void)state;
	load_genuine(&maker);
	for (size_t i = 0; i < COUNT(files); i++) {
		struct vec v;

		check_rc(files[i], attestation_check(unhex(&v, files[i]), &maker, &a),
		        HSM_E_CARD_DATA);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attestation__genuine_keys__all_signatures_hold),
		cmocka_unit_test(attestation__any_byte_changed__never_good),
		cmocka_unit_test(attestation__another_device__signed_by_key_only),
		cmocka_unit_test(attestation__no_certificates__not_good),
		cmocka_unit_test(attestation__no_request__card_data),
	};

	return cmocka_run_group_tests(tests, acquire, release);
}
