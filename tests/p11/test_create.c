/* Objects that an application makes. Every test has a token of its own. */
#include <openssl/evp.h>

#include "p11_objects.h"

/* ---- certificates ---- */

static void certificate__on_token__attributes(void **state)
{
	CK_SESSION_HANDLE s = fixture_user_session();
	CK_OBJECT_HANDLE o;
	struct cert c;
	uint8_t sha1[20];

	(void)state;
	cert_make("somebody", &c);
	OK(cert_create(s, &c, "a certificate", "77", true, &o));
	expect_ulong(s, o, CKA_CLASS, CKO_CERTIFICATE);
	expect_ulong(s, o, CKA_CERTIFICATE_TYPE, CKC_X_509);
	expect_bool(s, o, CKA_TOKEN, true);
	expect_bool(s, o, CKA_PRIVATE, false);
	expect_text(s, o, CKA_LABEL, "a certificate");
	expect_text(s, o, CKA_ID, "77");
	expect_bytes(s, o, CKA_VALUE, c.der, c.der_n);
	expect_bytes(s, o, CKA_SUBJECT, c.subject, c.subject_n);
	expect_bytes(s, o, CKA_ISSUER, c.subject, c.subject_n);
	expect_bytes(s, o, CKA_SERIAL_NUMBER, c.serial, c.serial_n);
	expect_bytes(s, o, CKA_PUBLIC_KEY_INFO, c.spki, c.spki_n);
	assert_int_equal(EVP_Digest(c.der, c.der_n, sha1, NULL, EVP_sha1(), NULL), 1);
	expect_bytes(s, o, CKA_CHECK_VALUE, sha1, 3);
	OK(p11->C_DestroyObject(s, o));
	assert_int_equal(find_all(s, NULL, 0, NULL), 0);
}

static void certificate__of_a_key__stands_beside_it(void **state)
{
	CK_SESSION_HANDLE s = fixture_user_session();
	CK_OBJECT_HANDLE pub, priv, o;
	struct cert c;
	uint8_t spki[200];
	CK_ULONG n = sizeof(spki);

	(void)state;
	ec_generate(s, "pair", "42", &pub, &priv);
	OK(get_one(s, pub, CKA_PUBLIC_KEY_INFO, spki, &n));
	cert_make_for("somebody", spki, n, &c);
	OK(cert_create(s, &c, "pair", "42", true, &o));
	expect_bytes(s, o, CKA_VALUE, c.der, c.der_n);
	assert_int_equal(find_all(s, (CK_ATTRIBUTE[]){ TEXT(CKA_ID, "42") }, 1, NULL), 3);
	expect_bytes(s, priv, CKA_PUBLIC_KEY_INFO, spki, n);
}

static void certificate__without_right__is_refused(void **state)
{
	CK_SESSION_HANDLE ro = fixture_session(false), rw = fixture_session(true);
	CK_OBJECT_HANDLE o;
	struct cert c;

	(void)state;
	cert_make("somebody", &c);
	RV(cert_create(ro, &c, "x", "1", true, &o), CKR_SESSION_READ_ONLY);
	RV(cert_create(rw, &c, "x", "1", true, &o), CKR_USER_NOT_LOGGED_IN);
	OK(cert_create(ro, &c, "x", "1", false, &o));
	OK(fixture_login(rw, CKU_USER, FIXTURE_PIN));
	RV(cert_create(ro, &c, "x", "1", true, &o), CKR_SESSION_READ_ONLY);
	OK(cert_create(rw, &c, "x", "1", true, &o));
	RV(p11->C_DestroyObject(ro, o), CKR_SESSION_READ_ONLY);
	OK(p11->C_Logout(rw));
	RV(p11->C_DestroyObject(rw, o), CKR_USER_NOT_LOGGED_IN);
}

static void certificate__contradictions__are_refused(void **state)
{
	CK_SESSION_HANDLE s = fixture_user_session();
	struct cert c, other;
	CK_OBJECT_HANDLE o;
	CK_ATTRIBUTE t[] = {
		NUMBER(CKA_CLASS, CKO_CERTIFICATE),
		NUMBER(CKA_CERTIFICATE_TYPE, CKC_X_509),
		BYTES(CKA_VALUE, c.der, 0),
		YES(CKA_TOKEN),
		{ 0 },
	};

	(void)state;
	cert_make("somebody", &c);
	cert_make("somebody else", &other);
	t[2].ulValueLen = c.der_n;
	t[4] = (CK_ATTRIBUTE)BYTES(CKA_SUBJECT, other.subject, other.subject_n);
	RV(p11->C_CreateObject(s, t, 5, &o), CKR_TEMPLATE_INCONSISTENT);
	t[4] = (CK_ATTRIBUTE)YES(CKA_PRIVATE);
	RV(p11->C_CreateObject(s, t, 5, &o), CKR_TEMPLATE_INCONSISTENT);
	t[4] = (CK_ATTRIBUTE)NO(CKA_MODIFIABLE);
	RV(p11->C_CreateObject(s, t, 5, &o), CKR_TEMPLATE_INCONSISTENT);
	t[2].ulValueLen = c.der_n - 1;
	RV(p11->C_CreateObject(s, t, 4, &o), CKR_ATTRIBUTE_VALUE_INVALID);
	t[2].ulValueLen = c.der_n + 1;
	RV(p11->C_CreateObject(s, t, 4, &o), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(find_all(s, NULL, 0, NULL), 0);
}

/* ---- templates of C_CreateObject ---- */

struct refusal {
	CK_RV rv;
	CK_ULONG n;
	CK_ATTRIBUTE t[6];
};

static const uint8_t p256[] = { 6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7 };

static void create__bad_templates__are_refused(void **state)
{
	uint8_t der_name[] = { 0x30, 0 }, point[65] = { 4 }, modulus[128] = { 0x80 }, e[] = { 3 };
	const struct refusal rows[] = {
		{ CKR_TEMPLATE_INCOMPLETE, 0, { { 0 } } },
		{ CKR_TEMPLATE_INCOMPLETE, 1, { YES(CKA_TOKEN) } },
		{ CKR_ATTRIBUTE_VALUE_INVALID, 1, { NUMBER(CKA_CLASS, 0x1234) } },
		{ CKR_ATTRIBUTE_VALUE_INVALID, 1, { YES(CKA_CLASS) } },
		{ CKR_TEMPLATE_INCONSISTENT, 1, { NUMBER(CKA_CLASS, CKO_PRIVATE_KEY) } },
		{ CKR_TEMPLATE_INCOMPLETE, 1, { NUMBER(CKA_CLASS, CKO_CERTIFICATE) } },
		{ CKR_TEMPLATE_INCOMPLETE, 2,
		        { NUMBER(CKA_CLASS, CKO_CERTIFICATE),
		                NUMBER(CKA_CERTIFICATE_TYPE, CKC_X_509) } },
		{ CKR_ATTRIBUTE_VALUE_INVALID, 3,
		        { NUMBER(CKA_CLASS, CKO_CERTIFICATE), NUMBER(CKA_CERTIFICATE_TYPE, 1),
		                BYTES(CKA_VALUE, der_name, 2) } },
		{ CKR_ATTRIBUTE_TYPE_INVALID, 2,
		        { NUMBER(CKA_CLASS, CKO_DATA), BYTES(CKA_MODULUS, e, 1) } },
		{ CKR_ATTRIBUTE_READ_ONLY, 2,
		        { NUMBER(CKA_CLASS, CKO_DATA), TEXT(CKA_UNIQUE_ID, "mine") } },
		{ CKR_ATTRIBUTE_VALUE_INVALID, 2,
		        { NUMBER(CKA_CLASS, CKO_DATA), TEXT(CKA_TOKEN, "ab") } },
		{ CKR_ATTRIBUTE_VALUE_INVALID, 2,
		        { NUMBER(CKA_CLASS, CKO_DATA), TEXT(CKA_TOKEN, "\7") } },
		{ CKR_ATTRIBUTE_VALUE_INVALID, 2,
		        { NUMBER(CKA_CLASS, CKO_DATA), TEXT(CKA_OBJECT_ID, "\6\5abc") } },
		{ CKR_ATTRIBUTE_VALUE_INVALID, 2,
		        { NUMBER(CKA_CLASS, CKO_DATA), TEXT(CKA_OBJECT_ID, "a\x81") } },
		{ CKR_TEMPLATE_INCOMPLETE, 1, { NUMBER(CKA_CLASS, CKO_PUBLIC_KEY) } },
		{ CKR_ATTRIBUTE_VALUE_INVALID, 2,
		        { NUMBER(CKA_CLASS, CKO_PUBLIC_KEY), NUMBER(CKA_KEY_TYPE, CKK_DSA) } },
		{ CKR_ATTRIBUTE_VALUE_INVALID, 3,
		        { NUMBER(CKA_CLASS, CKO_PUBLIC_KEY), NUMBER(CKA_KEY_TYPE, CKK_EC),
		                YES(CKA_TOKEN) } },
		{ CKR_TEMPLATE_INCOMPLETE, 3,
		        { NUMBER(CKA_CLASS, CKO_PUBLIC_KEY), NUMBER(CKA_KEY_TYPE, CKK_EC),
		                BYTES(CKA_EC_PARAMS, p256, sizeof(p256)) } },
		{ CKR_ATTRIBUTE_VALUE_INVALID, 4,
		        { NUMBER(CKA_CLASS, CKO_PUBLIC_KEY), NUMBER(CKA_KEY_TYPE, CKK_EC),
		                BYTES(CKA_EC_PARAMS, p256, sizeof(p256)),
		                BYTES(CKA_EC_POINT, point, 64) } },
		{ CKR_TEMPLATE_INCOMPLETE, 3,
		        { NUMBER(CKA_CLASS, CKO_PUBLIC_KEY), NUMBER(CKA_KEY_TYPE, CKK_RSA),
		                BYTES(CKA_MODULUS, modulus, 128) } },
		{ CKR_ATTRIBUTE_VALUE_INVALID, 4,
		        { NUMBER(CKA_CLASS, CKO_PUBLIC_KEY), NUMBER(CKA_KEY_TYPE, CKK_RSA),
		                BYTES(CKA_MODULUS, modulus, 127),
		                BYTES(CKA_PUBLIC_EXPONENT, e, 1) } },
		{ CKR_ATTRIBUTE_VALUE_INVALID, 4,
		        { NUMBER(CKA_CLASS, CKO_PUBLIC_KEY), NUMBER(CKA_KEY_TYPE, CKK_RSA),
		                BYTES(CKA_MODULUS, modulus, 128), TEXT(CKA_PUBLIC_EXPONENT, "") } },
		{ CKR_TEMPLATE_INCOMPLETE, 2,
		        { NUMBER(CKA_CLASS, CKO_SECRET_KEY),
		                NUMBER(CKA_KEY_TYPE, CKK_GENERIC_SECRET) } },
		{ CKR_ATTRIBUTE_VALUE_INVALID, 3,
		        { NUMBER(CKA_CLASS, CKO_SECRET_KEY),
		                NUMBER(CKA_KEY_TYPE, CKK_GENERIC_SECRET), TEXT(CKA_VALUE, "") } },
	};
	CK_SESSION_HANDLE s = fixture_user_session();
	CK_OBJECT_HANDLE o;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		CK_ATTRIBUTE t[6];
		CK_RV rv;

		memcpy(t, rows[i].t, sizeof(t));
		rv = p11->C_CreateObject(s, t, rows[i].n, &o);
		if (rv != rows[i].rv)
			fail_msg("row %zu answers %lx, not %lx", i, rv, rows[i].rv);
	}
	assert_int_equal(find_all(s, NULL, 0, NULL), 0);
}

/* ---- data objects ---- */

static void data__value_and_names(void **state)
{
	CK_SESSION_HANDLE s = fixture_user_session();
	CK_ATTRIBUTE t[] = { TEXT(CKA_VALUE, "second"), TEXT(CKA_LABEL, "renamed") };
	CK_OBJECT_HANDLE o;

	(void)state;
	OK(data_create(s, "first", "value", true, false, &o));
	expect_text(s, o, CKA_APPLICATION, "tests");
	expect_text(s, o, CKA_VALUE, "value");
	OK(p11->C_SetAttributeValue(s, o, t, 2));
	assert_int_equal(find_all(s, &t[1], 1, &o), 1);
	expect_text(s, o, CKA_VALUE, "second");
	expect_text(s, o, CKA_LABEL, "renamed");
}

static void data__object_id__is_kept_as_der(void **state)
{
	CK_SESSION_HANDLE s = fixture_user_session();
	CK_ATTRIBUTE t[] = {
		NUMBER(CKA_CLASS, CKO_DATA),
		YES(CKA_TOKEN),
		BYTES(CKA_OBJECT_ID, p256, sizeof(p256)),
		TEXT(CKA_VALUE, "x"),
	};
	CK_OBJECT_HANDLE o;

	(void)state;
	OK(p11->C_CreateObject(s, t, LEN(t), &o));
	expect_bytes(s, o, CKA_OBJECT_ID, p256, sizeof(p256));
	/* without tag and length, as pkcs11-tool 0.23 gives it */
	t[2] = (CK_ATTRIBUTE)BYTES(CKA_OBJECT_ID, p256 + 2, sizeof(p256) - 2);
	OK(p11->C_CreateObject(s, t, LEN(t), &o));
	expect_bytes(s, o, CKA_OBJECT_ID, p256, sizeof(p256));
}

/* ---- session objects ---- */

static void session_object__ends_with_its_session(void **state)
{
	CK_SESSION_HANDLE a = fixture_session(false), b = fixture_session(false);
	CK_OBJECT_HANDLE o, p;
	CK_ULONG n = 0;

	(void)state;
	OK(data_create(a, "one", "1", false, false, &o));
	OK(data_create(b, "two", "2", false, false, &p));
	expect_text(b, o, CKA_VALUE, "1");
	assert_int_equal(find_all(b, NULL, 0, NULL), 2);
	OK(p11->C_CloseSession(a));
	RV(get_one(b, o, CKA_VALUE, NULL, &n), CKR_OBJECT_HANDLE_INVALID);
	expect_text(b, p, CKA_VALUE, "2");
	OK(p11->C_DestroyObject(b, p));
	RV(p11->C_DestroyObject(b, p), CKR_OBJECT_HANDLE_INVALID);
}

static void session_object__private__ends_with_the_login(void **state)
{
	CK_SESSION_HANDLE s = fixture_user_session();
	CK_OBJECT_HANDLE o, pub;
	CK_ULONG n = 0;

	(void)state;
	OK(data_create(s, "hidden", "1", false, true, &o));
	OK(data_create(s, "seen", "2", false, false, &pub));
	OK(p11->C_Logout(s));
	OK(fixture_login(s, CKU_USER, FIXTURE_PIN));
	RV(get_one(s, o, CKA_VALUE, NULL, &n), CKR_OBJECT_HANDLE_INVALID);
	expect_text(s, pub, CKA_VALUE, "2");
	OK(p11->C_Logout(s));
	RV(data_create(s, "hidden", "1", false, true, &o), CKR_USER_NOT_LOGGED_IN);
}

static void session_public_key__raw_or_wrapped_point(void **state)
{
	CK_SESSION_HANDLE s = fixture_session(false);
	struct cert c;
	uint8_t wrapped[67] = { 4, 65 };
	CK_ATTRIBUTE t[] = {
		NUMBER(CKA_CLASS, CKO_PUBLIC_KEY),
		NUMBER(CKA_KEY_TYPE, CKK_EC),
		BYTES(CKA_EC_PARAMS, p256, sizeof(p256)),
		BYTES(CKA_EC_POINT, wrapped, sizeof(wrapped)),
		TEXT(CKA_LABEL, "peer"),
	};
	CK_OBJECT_HANDLE o;

	(void)state;
	cert_make("peer", &c);
	memcpy(wrapped + 2, c.spki + c.spki_n - 65, 65);
	OK(p11->C_CreateObject(s, t, LEN(t), &o));
	expect_bytes(s, o, CKA_PUBLIC_KEY_INFO, c.spki, c.spki_n);
	expect_bool(s, o, CKA_VERIFY, true);
	expect_bool(s, o, CKA_LOCAL, false);
	t[3] = (CK_ATTRIBUTE)BYTES(CKA_EC_POINT, wrapped + 2, 65);
	OK(p11->C_CreateObject(s, t, LEN(t), &o));
	expect_bytes(s, o, CKA_EC_POINT, wrapped, sizeof(wrapped));
}

static void session_public_key__rsa__leading_zero(void **state)
{
	CK_SESSION_HANDLE s = fixture_session(false);
	uint8_t modulus[129] = { 0, 0x80 }, e[] = { 1, 0, 1 };
	CK_ATTRIBUTE t[] = {
		NUMBER(CKA_CLASS, CKO_PUBLIC_KEY),
		NUMBER(CKA_KEY_TYPE, CKK_RSA),
		BYTES(CKA_MODULUS, modulus, sizeof(modulus)),
		BYTES(CKA_PUBLIC_EXPONENT, e, sizeof(e)),
		NO(CKA_VERIFY),
	};
	CK_OBJECT_HANDLE o;

	(void)state;
	OK(p11->C_CreateObject(s, t, LEN(t), &o));
	expect_bytes(s, o, CKA_MODULUS, modulus + 1, 128);
	expect_ulong(s, o, CKA_MODULUS_BITS, 1024);
	expect_bool(s, o, CKA_VERIFY, false);
	expect_bool(s, o, CKA_ENCRYPT, true);
}

static void secret_key__sensitive__is_not_shown(void **state)
{
	CK_SESSION_HANDLE s = fixture_session(false);
	CK_ATTRIBUTE t[] = {
		NUMBER(CKA_CLASS, CKO_SECRET_KEY),
		NUMBER(CKA_KEY_TYPE, CKK_GENERIC_SECRET),
		TEXT(CKA_VALUE, "0123456789abcdef"),
		YES(CKA_SENSITIVE),
	};
	CK_OBJECT_HANDLE o;
	CK_ULONG n = 0;

	(void)state;
	OK(p11->C_CreateObject(s, t, 3, &o));
	expect_text(s, o, CKA_VALUE, "0123456789abcdef");
	expect_ulong(s, o, CKA_VALUE_LEN, 16);
	OK(p11->C_CreateObject(s, t, 4, &o));
	RV(get_one(s, o, CKA_VALUE, NULL, &n), CKR_ATTRIBUTE_SENSITIVE);
	RV(p11->C_CopyObject(s, o, (CK_ATTRIBUTE[]){ NO(CKA_SENSITIVE) }, 1, &o),
	        CKR_ATTRIBUTE_READ_ONLY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_fresh_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(certificate__on_token__attributes),
		TEST(certificate__of_a_key__stands_beside_it),
		TEST(certificate__without_right__is_refused),
		TEST(certificate__contradictions__are_refused),
		TEST(create__bad_templates__are_refused),
		TEST(data__value_and_names),
		TEST(data__object_id__is_kept_as_der),
		TEST(session_object__ends_with_its_session),
		TEST(session_object__private__ends_with_the_login),
		TEST(session_public_key__raw_or_wrapped_point),
		TEST(session_public_key__rsa__leading_zero),
		TEST(secret_key__sensitive__is_not_shown),
	};

	return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
