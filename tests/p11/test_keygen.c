/* C_GenerateKeyPair: what the keys say of themselves, and every template that must be refused. */
#include <openssl/ec.h>
#include <openssl/objects.h>

#include "p11_keys.h"

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static CK_BYTE p256[] = { 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07 };
static CK_ULONG bits_1024 = 1024;

static CK_MECHANISM rsa_gen = { .mechanism = CKM_RSA_PKCS_KEY_PAIR_GEN };
static CK_MECHANISM ec_gen = { .mechanism = CKM_EC_KEY_PAIR_GEN };

static bool get_bool(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type)
{
	CK_BBOOL v = 2;
	CK_ATTRIBUTE a = { type, &v, sizeof(v) };

	OK(p11->C_GetAttributeValue(s, o, &a, 1));
	assert_in_range(v, 0, 1);
	return v == CK_TRUE;
}

static void assert_bytes(
        CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, const void *want, size_t n)
{
	CK_BYTE v[600];
	CK_ATTRIBUTE a = { type, v, sizeof(v) };

	OK(p11->C_GetAttributeValue(s, o, &a, 1));
	assert_int_equal(a.ulValueLen, n);
	assert_memory_equal(v, want, n);
}

/* How many objects of this class have this id. */
static size_t count(CK_SESSION_HANDLE s, CK_OBJECT_CLASS class, CK_BYTE *id, CK_ULONG id_n,
        CK_OBJECT_HANDLE *last)
{
	CK_ATTRIBUTE t[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_ID, id, id_n } };
	CK_OBJECT_HANDLE found[4];
	CK_ULONG n;

	OK(p11->C_FindObjectsInit(s, t, LEN(t)));
	OK(p11->C_FindObjects(s, found, LEN(found), &n));
	OK(p11->C_FindObjectsFinal(s));
	if (n != 0)
		*last = found[n - 1];
	return n;
}

static void generate__template_of_pkcs11_tool__pair_is_found_and_right(void **state)
{
	CK_SESSION_HANDLE s = session(state), other = fixture_session(false);
	CK_BYTE id[] = { 0x10 }, exponent[] = { 1, 0, 1 };
	CK_OBJECT_CLASS pub_class = CKO_PUBLIC_KEY, priv_class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE type = CKK_RSA;
	CK_ATTRIBUTE pub[] = {
		{ CKA_CLASS, &pub_class, sizeof(pub_class) },
		{ CKA_TOKEN, &yes, 1 },
		{ CKA_MODULUS_BITS, &bits_1024, sizeof(bits_1024) },
		{ CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent) },
		{ CKA_VERIFY, &yes, 1 },
		{ CKA_ENCRYPT, &yes, 1 },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_ID, id, sizeof(id) },
		{ CKA_LABEL, bytes("testrsa"), 7 },
	};
	CK_ATTRIBUTE priv[] = {
		{ CKA_CLASS, &priv_class, sizeof(priv_class) },
		{ CKA_TOKEN, &yes, 1 },
		{ CKA_PRIVATE, &yes, 1 },
		{ CKA_SENSITIVE, &yes, 1 },
		{ CKA_SIGN, &yes, 1 },
		{ CKA_DECRYPT, &yes, 1 },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_ID, id, sizeof(id) },
		{ CKA_LABEL, bytes("testrsa"), 7 },
	};
	CK_OBJECT_HANDLE pub_key, priv_key, found = 0;

	OK(p11->C_GenerateKeyPair(
	        s, &rsa_gen, pub, LEN(pub), priv, LEN(priv), &pub_key, &priv_key));
	assert_int_equal(count(other, CKO_PRIVATE_KEY, id, sizeof(id), &found), 1);
	assert_int_equal(found, priv_key);
	assert_int_equal(count(other, CKO_PUBLIC_KEY, id, sizeof(id), &found), 1);
	assert_int_equal(found, pub_key);
	assert_bytes(s, priv_key, CKA_LABEL, "testrsa", 7);
	assert_bytes(s, pub_key, CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent));
	assert_true(get_bool(s, priv_key, CKA_TOKEN));
	assert_true(get_bool(s, priv_key, CKA_PRIVATE));
	assert_true(get_bool(s, priv_key, CKA_SENSITIVE));
	assert_false(get_bool(s, priv_key, CKA_EXTRACTABLE));
	assert_true(get_bool(s, priv_key, CKA_SIGN));
	assert_true(get_bool(s, priv_key, CKA_DECRYPT));
	assert_false(get_bool(s, priv_key, CKA_UNWRAP));
	assert_false(get_bool(s, priv_key, CKA_DERIVE));
	OK(p11->C_CloseSession(other));
}

/* PKCS#15 usage as OpenSC wrote it for keys without usage attributes: 0470 for RSA (decrypt, sign,
 * sign with recovery), 073080 for EC (sign, sign with recovery, derive). */
static void generate__no_usage_given__as_opensc_describes_keys(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_ATTRIBUTE rsa[] = { { CKA_MODULUS_BITS, &bits_1024, sizeof(bits_1024) } };
	CK_ATTRIBUTE ec[] = { { CKA_EC_PARAMS, p256, sizeof(p256) } };
	CK_OBJECT_HANDLE pub, priv;

	OK(p11->C_GenerateKeyPair(s, &rsa_gen, rsa, 1, NULL, 0, &pub, &priv));
	assert_true(get_bool(s, priv, CKA_SIGN) && get_bool(s, priv, CKA_SIGN_RECOVER));
	assert_true(get_bool(s, priv, CKA_DECRYPT) && !get_bool(s, priv, CKA_UNWRAP));
	assert_true(get_bool(s, pub, CKA_VERIFY) && get_bool(s, pub, CKA_ENCRYPT));
	OK(p11->C_GenerateKeyPair(s, &ec_gen, ec, 1, NULL, 0, &pub, &priv));
	assert_true(get_bool(s, priv, CKA_SIGN) && get_bool(s, priv, CKA_DERIVE));
	assert_false(get_bool(s, priv, CKA_DECRYPT));
	assert_bytes(s, pub, CKA_EC_PARAMS, p256, sizeof(p256));
}

static void generate__usage_given__is_kept(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_ATTRIBUTE ec[] = { { CKA_EC_PARAMS, p256, sizeof(p256) } };
	CK_ATTRIBUTE priv[] = { { CKA_SIGN, &yes, 1 }, { CKA_DERIVE, &no, 1 } };
	CK_OBJECT_HANDLE pub_key, priv_key;

	OK(p11->C_GenerateKeyPair(s, &ec_gen, ec, 1, priv, 2, &pub_key, &priv_key));
	assert_true(get_bool(s, priv_key, CKA_SIGN));
	assert_false(get_bool(s, priv_key, CKA_DERIVE));
}

static void generate__names_only_in_public_template__count(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_BYTE id[] = { 0x77, 0x78 };
	CK_ATTRIBUTE pub[] = {
		{ CKA_EC_PARAMS, p256, sizeof(p256) },
		{ CKA_LABEL, bytes("public"), 6 },
		{ CKA_ID, id, sizeof(id) },
	};
	CK_ATTRIBUTE priv[] = { { CKA_LABEL, bytes("private"), 7 } };
	CK_OBJECT_HANDLE pub_key, priv_key;

	OK(p11->C_GenerateKeyPair(s, &ec_gen, pub, LEN(pub), priv, 1, &pub_key, &priv_key));
	assert_bytes(s, priv_key, CKA_LABEL, "private", 7);
	assert_bytes(s, priv_key, CKA_ID, id, sizeof(id));
	assert_bytes(s, pub_key, CKA_ID, id, sizeof(id));
}

static void generate_on(CK_SESSION_HANDLE s, CK_BYTE *params, CK_ULONG n, CK_RV rv)
{
	CK_ATTRIBUTE pub[] = { { CKA_EC_PARAMS, params, n } };
	CK_OBJECT_HANDLE pub_key, priv_key;
	CK_BYTE oid[16];

	RV(p11->C_GenerateKeyPair(s, &ec_gen, pub, 1, NULL, 0, &pub_key, &priv_key), rv);
	if (rv == CKR_OK)
		assert_bytes(s, pub_key, CKA_EC_PARAMS, oid, key_ec_params("prime256v1", oid));
}

static void generate__forms_of_ec_params__known_curves_only(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	CK_BYTE named[] = "\x13\x0Aprime256v1", unknown[] = "\x13\x05wrong";
	CK_BYTE null[] = { 0x05, 0x00 }, ed25519[] = { 0x06, 0x03, 0x2B, 0x65, 0x70 };
	CK_BYTE more[sizeof(p256) + 1] = { 0 }, cut[] = { 0x06, 0x08, 0x2A };
	CK_BYTE *der = NULL;
	int n;

	EC_GROUP_set_asn1_flag(group, OPENSSL_EC_EXPLICIT_CURVE);
	n = i2d_ECPKParameters(group, &der);
	assert_true(n > 100);
	memcpy(more, p256, sizeof(p256));
	generate_on(s, der, (CK_ULONG)n, CKR_OK);
	generate_on(s, named, sizeof(named) - 1, CKR_OK);
	generate_on(s, unknown, sizeof(unknown) - 1, CKR_CURVE_NOT_SUPPORTED);
	generate_on(s, ed25519, sizeof(ed25519), CKR_CURVE_NOT_SUPPORTED);
	generate_on(s, null, sizeof(null), CKR_DOMAIN_PARAMS_INVALID);
	generate_on(s, more, sizeof(more), CKR_DOMAIN_PARAMS_INVALID);
	generate_on(s, cut, sizeof(cut), CKR_DOMAIN_PARAMS_INVALID);
	generate_on(s, NULL, 0, CKR_DOMAIN_PARAMS_INVALID);
	der[40] ^= 1; /* in the prime */
	generate_on(s, der, (CK_ULONG)n, CKR_CURVE_NOT_SUPPORTED);
	OPENSSL_free(der);
	EC_GROUP_free(group);
}

/* ---- templates that must be refused: one attribute added to a good one ---- */

static CK_OBJECT_CLASS data_class = CKO_DATA;
static CK_KEY_TYPE dsa = CKK_DSA;
static CK_ULONG odd_bits = 1025, small_bits = 512, big_bits = 8192;
static CK_BYTE three[] = { 3 }, exponent[] = { 0, 1, 0, 1 }, long_id[256];

static const struct refusal {
	CK_MECHANISM *m;
	bool in_priv;
	CK_ATTRIBUTE a;
	CK_RV rv;
} refusals[] = {
	{ &ec_gen, true, { CKA_TOKEN, &no, 1 }, CKR_TEMPLATE_INCONSISTENT },
	{ &ec_gen, true, { CKA_PRIVATE, &no, 1 }, CKR_TEMPLATE_INCONSISTENT },
	{ &ec_gen, true, { CKA_SENSITIVE, &no, 1 }, CKR_TEMPLATE_INCONSISTENT },
	{ &ec_gen, true, { CKA_EXTRACTABLE, &yes, 1 }, CKR_TEMPLATE_INCONSISTENT },
	{ &ec_gen, true, { CKA_ALWAYS_AUTHENTICATE, &yes, 1 }, CKR_TEMPLATE_INCONSISTENT },
	{ &ec_gen, true, { CKA_DECRYPT, &yes, 1 }, CKR_TEMPLATE_INCONSISTENT },
	{ &rsa_gen, true, { CKA_DERIVE, &yes, 1 }, CKR_TEMPLATE_INCONSISTENT },
	{ &ec_gen, true, { CKA_CLASS, &data_class, sizeof(data_class) },
	        CKR_TEMPLATE_INCONSISTENT },
	{ &ec_gen, true, { CKA_KEY_TYPE, &dsa, sizeof(dsa) }, CKR_TEMPLATE_INCONSISTENT },
	{ &ec_gen, false, { CKA_KEY_TYPE, &dsa, sizeof(dsa) }, CKR_TEMPLATE_INCONSISTENT },
	{ &ec_gen, false, { CKA_TOKEN, &no, 1 }, CKR_TEMPLATE_INCONSISTENT },
	{ &ec_gen, false, { CKA_MODULUS_BITS, &bits_1024, sizeof(CK_ULONG) },
	        CKR_TEMPLATE_INCONSISTENT },
	{ &rsa_gen, false, { CKA_EC_PARAMS, p256, sizeof(p256) }, CKR_TEMPLATE_INCONSISTENT },
	{ &rsa_gen, false, { CKA_PUBLIC_EXPONENT, three, 1 }, CKR_ATTRIBUTE_VALUE_INVALID },
	{ &rsa_gen, false, { CKA_PUBLIC_EXPONENT, exponent, 4 }, CKR_OK },
	{ &rsa_gen, false, { CKA_MODULUS_BITS, &odd_bits, 3 }, CKR_ATTRIBUTE_VALUE_INVALID },
	{ &ec_gen, true, { CKA_SIGN, &yes, 2 }, CKR_ATTRIBUTE_VALUE_INVALID },
	{ &ec_gen, true, { CKA_TOKEN, &yes, 0 }, CKR_ATTRIBUTE_VALUE_INVALID },
	{ &ec_gen, true, { CKA_ID, long_id, sizeof(long_id) }, CKR_ATTRIBUTE_VALUE_INVALID },
	{ &ec_gen, true, { CKA_LABEL, NULL, 5 }, CKR_ATTRIBUTE_VALUE_INVALID },
	{ &ec_gen, true, { CKA_LOCAL, &yes, 1 }, CKR_ATTRIBUTE_READ_ONLY },
	{ &ec_gen, false, { CKA_EC_POINT, p256, sizeof(p256) }, CKR_ATTRIBUTE_READ_ONLY },
	{ &ec_gen, true, { CKA_VALUE, three, 1 }, CKR_ATTRIBUTE_TYPE_INVALID },
	{ &ec_gen, true, { CKA_APPLICATION, three, 1 }, CKR_ATTRIBUTE_TYPE_INVALID },
	{ &ec_gen, false, { 0x12345678, three, 1 }, CKR_ATTRIBUTE_TYPE_INVALID },
};

static void generate__one_wrong_attribute__is_refused(void **state)
{
	CK_SESSION_HANDLE s = session(state);

	for (size_t i = 0; i < LEN(refusals); i++) {
		const struct refusal *r = &refusals[i];
		bool rsa = r->m == &rsa_gen;
		CK_ATTRIBUTE pub[2] = { rsa ? (CK_ATTRIBUTE){ CKA_MODULUS_BITS, &bits_1024,
			                              sizeof(bits_1024) }
			                    : (CK_ATTRIBUTE){ CKA_EC_PARAMS, p256, sizeof(p256) },
			r->a };
		CK_ATTRIBUTE priv[1] = { r->a };
		CK_OBJECT_HANDLE a, b;
		CK_RV rv = p11->C_GenerateKeyPair(
		        s, r->m, pub, r->in_priv ? 1 : 2, priv, r->in_priv, &a, &b);

		if (r->a.type == CKA_MODULUS_BITS && rsa) /* twice, and different */
			assert_true(rv == r->rv || rv == CKR_TEMPLATE_INCONSISTENT);
		else if (rv != r->rv)
			fail_msg("row %zu: 0x%lX instead of 0x%lX", i, rv, r->rv);
	}
}

static void generate__sizes__of_the_card_only(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_ULONG *sizes[] = { &odd_bits, &small_bits, &big_bits };
	CK_OBJECT_HANDLE a, b;

	for (size_t i = 0; i < LEN(sizes); i++) {
		CK_ATTRIBUTE pub[] = { { CKA_MODULUS_BITS, sizes[i], sizeof(CK_ULONG) } };

		RV(p11->C_GenerateKeyPair(s, &rsa_gen, pub, 1, NULL, 0, &a, &b),
		        CKR_KEY_SIZE_RANGE);
	}
	RV(p11->C_GenerateKeyPair(s, &rsa_gen, NULL, 0, NULL, 0, &a, &b), CKR_TEMPLATE_INCOMPLETE);
	RV(p11->C_GenerateKeyPair(s, &ec_gen, NULL, 0, NULL, 0, &a, &b), CKR_TEMPLATE_INCOMPLETE);
}

static void generate__bad_arguments__are_refused(void **state)
{
	CK_SESSION_HANDLE s = session(state), ro = fixture_session(false);
	CK_ATTRIBUTE pub[] = { { CKA_EC_PARAMS, p256, sizeof(p256) } };
	CK_MECHANISM sign = { .mechanism = CKM_ECDSA }, with = { CKM_EC_KEY_PAIR_GEN, three, 1 };
	CK_OBJECT_HANDLE a, b;

	RV(p11->C_GenerateKeyPair(s, NULL, pub, 1, NULL, 0, &a, &b), CKR_ARGUMENTS_BAD);
	RV(p11->C_GenerateKeyPair(s, &ec_gen, NULL, 1, NULL, 0, &a, &b), CKR_ARGUMENTS_BAD);
	RV(p11->C_GenerateKeyPair(s, &ec_gen, pub, 1, NULL, 0, NULL, &b), CKR_ARGUMENTS_BAD);
	RV(p11->C_GenerateKeyPair(s, &ec_gen, pub, 1, NULL, 0, &a, NULL), CKR_ARGUMENTS_BAD);
	RV(p11->C_GenerateKeyPair(s, &sign, pub, 1, NULL, 0, &a, &b), CKR_MECHANISM_INVALID);
	RV(p11->C_GenerateKeyPair(s, &with, pub, 1, NULL, 0, &a, &b), CKR_MECHANISM_PARAM_INVALID);
	RV(p11->C_GenerateKeyPair(ro, &ec_gen, pub, 1, NULL, 0, &a, &b), CKR_SESSION_READ_ONLY);
	OK(p11->C_Logout(s));
	RV(p11->C_GenerateKeyPair(s, &ec_gen, pub, 1, NULL, 0, &a, &b), CKR_USER_NOT_LOGGED_IN);
	OK(fixture_login(s, CKU_USER, FIXTURE_PIN));
	OK(p11->C_CloseSession(ro));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(generate__template_of_pkcs11_tool__pair_is_found_and_right),
		cmocka_unit_test(generate__no_usage_given__as_opensc_describes_keys),
		cmocka_unit_test(generate__usage_given__is_kept),
		cmocka_unit_test(generate__names_only_in_public_template__count),
		cmocka_unit_test(generate__forms_of_ec_params__known_curves_only),
		cmocka_unit_test(generate__one_wrong_attribute__is_refused),
		cmocka_unit_test(generate__sizes__of_the_card_only),
		cmocka_unit_test(generate__bad_arguments__are_refused),
	};

	return cmocka_run_group_tests(tests, keys_setup, keys_teardown);
}
