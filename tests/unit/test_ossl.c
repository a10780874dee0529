/* base/ossl.c; digest of "abc" from FIPS 180-4 examples */
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

static void ossl_md__names__digests_of_our_context(void **state)
{
	static const struct {
		const char *name;
		const char *abc;
	} rows[] = {
		{ "SHA1", "A9993E364706816ABA3E25717850C26C9CD0D89D" },
		{ "SHA224", "23097D223405D8228642A477BDA255B32AADBCE4BDA0B3F7E36C9DA7" },
		{ "SHA256", "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD" },
		{ "SHA384", "CB00753F45A35E8BB5A03D699AC65007272C32AB0EDED1631A8B605A43FF5BED"
		            "8086072BA1E7CC2358BAECA134C825A7" },
		{ "SHA512", "DDAF35A193617ABACC417349AE20413112E6FA4E89A97EA20A9EEEE64B55D39A"
		            "2192992A274FC1A836BA3C23A3FEEBBD454D4423643CE80E2A9AC94FA54CA49F" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t out[EVP_MAX_MD_SIZE];
		unsigned n = 0;

		assert_int_equal(EVP_Digest("abc", 3, out, &n, ossl_md(rows[i].name), NULL), 1);
		check_hex(rows[i].name, rd_of(out, n), rows[i].abc);
	}
	assert_null(ossl_md("MD5"));
}

static void ossl_acquire__nested__context_stays_until_the_last(void **state)
{
	OSSL_LIB_CTX *ctx = ossl_ctx();

	(void)state;
	assert_non_null(ctx);
	check_rc("again", ossl_acquire(), HSM_OK);
	assert_ptr_equal(ossl_ctx(), ctx);
	ossl_release();
	assert_ptr_equal(ossl_ctx(), ctx);
	ossl_release();
	assert_null(ossl_ctx());
	assert_null(ossl_md("SHA256"));
	ossl_release();
	check_rc("anew", ossl_acquire(), HSM_OK);
	assert_non_null(ossl_ctx());
}

static void ossl_random__twice__differs(void **state)
{
	uint8_t a[32] = { 0 }, b[32] = { 0 };

	(void)state;
	check_rc("a", ossl_random(a, sizeof(a)), HSM_OK);
	check_rc("b", ossl_random(b, sizeof(b)), HSM_OK);
	assert_memory_not_equal(a, b, sizeof(a));
}

/* A forked child starts afresh. The context it forgets is leaked on purpose, so keep it here. */
static void ossl_forget__then_acquire__new_context(void **state)
{
	static OSSL_LIB_CTX *volatile forgotten;

	(void)state;
	forgotten = ossl_ctx();
	ossl_forget();
	assert_null(ossl_ctx());
	check_rc("anew", ossl_acquire(), HSM_OK);
	assert_non_null(ossl_ctx());
	assert_ptr_not_equal(ossl_ctx(), forgotten);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		        ossl_md__names__digests_of_our_context, acquire, release),
		cmocka_unit_test_setup_teardown(
		        ossl_acquire__nested__context_stays_until_the_last, acquire, release),
		cmocka_unit_test_setup_teardown(ossl_random__twice__differs, acquire, release),
		cmocka_unit_test_setup_teardown(
		        ossl_forget__then_acquire__new_context, acquire, release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
