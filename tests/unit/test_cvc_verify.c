/* p15/cvc_verify.c: a genuine device's chain, and made-up ones (tests/golden) */
#include "base/ossl.h"
#include "p15/cvc_verify.h"
#include "vec.h"

#define ECDSA_SHA256 RD_LIT("\x04\x00\x7F\x00\x07\x02\x02\x02\x02\x03")

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

static void cvc_root_find__genuine_roots__signed_by_themselves(void **state)
{
	static const struct {
		const char *chr, *key;
		bool is_production;
	} rows[] = {
		{ "DESRCACC100001", "root_DESRCACC100001", true },
		{ "UTSRCACC100001", "root_UTSRCACC100001", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct cvc_root *root = cvc_root_find(rd_str(rows[i].chr));
		struct vec v;
		struct rd bytes = golden(&v, "genuine_device.json", NULL, rows[i].key);
		struct cvc c;

		assert_non_null(root);
		assert_int_equal(root->is_production, rows[i].is_production);
		check_rc(rows[i].chr, cvc_parse(&bytes, &c), HSM_OK);
		check_rd(rows[i].chr, c.key.point, root->point);
		check_rc(rows[i].chr, cvc_verify(&c, ECDSA_SHA256, cvc_chain_curve(), root->point),
		        HSM_OK);
	}
	assert_null(cvc_root_find(RD_LIT("DESRCACC100002")));
	assert_null(cvc_root_find(RD_LIT("")));
}

static void cvc_chain_verify__genuine__production_root(void **state)
{
	const struct cvc_root *root;
	struct cvc device;
	struct vec v;

	(void)state;
	check_rc("chain",
	        cvc_chain_verify(
	                golden(&v, "genuine_device.json", NULL, "ef_2F02"), &device, &root),
	        HSM_OK);
	check_rd("holder", device.chr, RD_LIT("DENK040414400000"));
	assert_true(root->is_production);
}

static void cvc_chain_verify__any_byte_changed__refused(void **state)
{
	const struct cvc_root *root;
	struct cvc device;
	struct vec v;
	struct rd bytes = golden(&v, "genuine_device.json", NULL, "ef_2F02");

	(void)state;
	assert_int_equal(bytes.n, 464);
	for (size_t i = 0; i < bytes.n; i++) {
		v.p[i] ^= 0x01;
		if (cvc_chain_verify(bytes, &device, &root) == HSM_OK)
			fail_msg("byte %zu", i);
		v.p[i] ^= 0x01;
	}
	for (size_t n = 0; n < bytes.n; n++) {
		if (cvc_chain_verify(rd_of(bytes.p, n), &device, &root) == HSM_OK)
			fail_msg("%zu bytes", n);
	}
}

static void cvc_chain_verify__foreign_root__no_ref(void **state)
{
	const struct cvc_root *root;
	struct cvc device, issuer, top;
	struct vec v, v_root;
	struct rd chain = golden(&v, "cvc.json", NULL, "ef_2F02");
	struct rd bytes = golden(&v_root, "cvc.json", "device", "root");

	(void)state;
	check_rc("chain", cvc_chain_verify(chain, &device, &root), HSM_E_NO_REF);
	check_rc("device", cvc_parse(&chain, &device), HSM_OK);
	check_rc("issuer", cvc_parse(&chain, &issuer), HSM_OK);
	check_rc("root", cvc_parse(&bytes, &top), HSM_OK);
	check_rc("by its root", cvc_verify(&issuer, top.key.oid, top.key.curve, top.key.point),
	        HSM_OK);
	check_rc("by its issuer",
	        cvc_verify(&device, issuer.key.oid, top.key.curve, issuer.key.point), HSM_OK);
	check_rc("by another", cvc_verify(&device, top.key.oid, top.key.curve, top.key.point),
	        HSM_E_CARD_DATA);
	check_rc("RSA",
	        cvc_verify(&device, RD_LIT("\x04\x00\x7F\x00\x07\x02\x02\x02\x01\x02"),
	                top.key.curve, issuer.key.point),
	        HSM_E_BAD_ALG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cvc_root_find__genuine_roots__signed_by_themselves),
		cmocka_unit_test(cvc_chain_verify__genuine__production_root),
		cmocka_unit_test(cvc_chain_verify__any_byte_changed__refused),
		cmocka_unit_test(cvc_chain_verify__foreign_root__no_ref),
	};

	return cmocka_run_group_tests(tests, acquire, release);
}
