/* Reading, copying and changing objects. Every test has a token of its own. */
#include <openssl/evp.h>

#include "p11_objects.h"

/* ---- reading ---- */

static void get__sizes_and_buffers__five_cases(void **state)
{
	CK_SESSION_HANDLE s = fixture_session(true);
	CK_OBJECT_HANDLE o;
	CK_BBOOL token = 7;
	uint8_t label[8], value[2];
	CK_ATTRIBUTE t[] = {
		{ CKA_LABEL, NULL, 0 },
		{ CKA_LABEL, label, sizeof(label) },
		{ CKA_VALUE, value, sizeof(value) },
		{ CKA_MODULUS, label, sizeof(label) },
		{ 0x12345678, NULL, 5 },
		{ CKA_TOKEN, &token, sizeof(token) },
	};

	(void)state;
	OK(data_create(s, "some", "thing", false, false, &o));
	RV(p11->C_GetAttributeValue(s, o, t, 2), CKR_OK);
	assert_int_equal(t[0].ulValueLen, 4);
	assert_int_equal(t[1].ulValueLen, 4);
	assert_memory_equal(label, "some", 4);
	t[1].ulValueLen = sizeof(label);
	RV(p11->C_GetAttributeValue(s, o, t, LEN(t)), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(t[2].ulValueLen, CK_UNAVAILABLE_INFORMATION);
	assert_int_equal(t[3].ulValueLen, CK_UNAVAILABLE_INFORMATION);
	assert_int_equal(t[4].ulValueLen, CK_UNAVAILABLE_INFORMATION);
	assert_int_equal(t[5].ulValueLen, 1);
	assert_int_equal(token, CK_FALSE);
	RV(p11->C_GetAttributeValue(s, o, t + 3, 3), CKR_ATTRIBUTE_TYPE_INVALID);
	RV(p11->C_GetAttributeValue(s, o, NULL, 3), CKR_ARGUMENTS_BAD);
	OK(p11->C_GetAttributeValue(s, o, NULL, 0));
}

static void get__wrong_handles__are_refused(void **state)
{
	static const CK_OBJECT_HANDLE handles[] = { 0, 1, 2, 99, 100, (CK_ULONG)-1, (CK_ULONG)-2 };
	CK_SESSION_HANDLE s = fixture_user_session();
	CK_ATTRIBUTE a = { CKA_CLASS, NULL, 0 };
	CK_ULONG size;

	(void)state;
	for (size_t i = 0; i < LEN(handles); i++) {
		RV(p11->C_GetAttributeValue(s, handles[i], &a, 1), CKR_OBJECT_HANDLE_INVALID);
		RV(p11->C_SetAttributeValue(s, handles[i], NULL, 0), CKR_OBJECT_HANDLE_INVALID);
		RV(p11->C_DestroyObject(s, handles[i]), CKR_OBJECT_HANDLE_INVALID);
		RV(p11->C_GetObjectSize(s, handles[i], &size), CKR_OBJECT_HANDLE_INVALID);
		RV(p11->C_CopyObject(s, handles[i], NULL, 0, &size), CKR_OBJECT_HANDLE_INVALID);
	}
}

static void key_pair__attributes(void **state)
{
	CK_SESSION_HANDLE s = fixture_user_session();
	CK_OBJECT_HANDLE pub, priv;
	CK_ULONG n = 0;

	(void)state;
	ec_generate(s, "pair", "42", &pub, &priv);
	expect_ulong(s, priv, CKA_CLASS, CKO_PRIVATE_KEY);
	expect_ulong(s, pub, CKA_CLASS, CKO_PUBLIC_KEY);
	expect_ulong(s, priv, CKA_KEY_TYPE, CKK_EC);
	expect_text(s, priv, CKA_LABEL, "pair");
	expect_text(s, priv, CKA_ID, "42");
	expect_bool(s, priv, CKA_PRIVATE, true);
	expect_bool(s, pub, CKA_PRIVATE, false);
	expect_bool(s, priv, CKA_SENSITIVE, true);
	expect_bool(s, priv, CKA_ALWAYS_SENSITIVE, true);
	expect_bool(s, priv, CKA_EXTRACTABLE, false);
	expect_bool(s, priv, CKA_NEVER_EXTRACTABLE, true);
	expect_bool(s, priv, CKA_LOCAL, true);
	expect_bool(s, priv, CKA_ALWAYS_AUTHENTICATE, false);
	expect_ulong(s, priv, CKA_KEY_GEN_MECHANISM, CKM_EC_KEY_PAIR_GEN);
	RV(get_one(s, priv, CKA_VALUE, NULL, &n), CKR_ATTRIBUTE_SENSITIVE);
	assert_int_equal(n, CK_UNAVAILABLE_INFORMATION);
	RV(get_one(s, priv, CKA_PRIVATE_EXPONENT, NULL, &n), CKR_ATTRIBUTE_TYPE_INVALID);
	RV(get_one(s, priv, CKA_MODULUS, NULL, &n), CKR_ATTRIBUTE_TYPE_INVALID);
	RV(get_one(s, pub, CKA_VALUE, NULL, &n), CKR_ATTRIBUTE_TYPE_INVALID);
}

/* CKA_EC_POINT is an OCTET STRING around the uncompressed point, the last 65 bytes of the
 * SubjectPublicKeyInfo that libcrypto reads. */
static void key_pair__both_halves_show_the_public_key(void **state)
{
	static const uint8_t header[] = { 4, 65 };
	CK_SESSION_HANDLE s = fixture_user_session();
	CK_OBJECT_HANDLE pub, priv;
	uint8_t spki[200], point[67];
	const uint8_t *p = spki;
	CK_ULONG n = sizeof(spki);
	EVP_PKEY *key;

	(void)state;
	ec_generate(s, "pair", "42", &pub, &priv);
	OK(get_one(s, pub, CKA_PUBLIC_KEY_INFO, spki, &n));
	key = d2i_PUBKEY(NULL, &p, (long)n);
	assert_non_null(key);
	assert_int_equal(EVP_PKEY_get_bits(key), 256);
	EVP_PKEY_free(key);
	memcpy(point, header, 2);
	memcpy(point + 2, spki + n - 65, 65);
	expect_bytes(s, pub, CKA_EC_POINT, point, sizeof(point));
	expect_bytes(s, priv, CKA_EC_POINT, point, sizeof(point));
	expect_bytes(s, priv, CKA_PUBLIC_KEY_INFO, spki, n);
}

static void private_objects__without_login__are_hidden(void **state)
{
	CK_SESSION_HANDLE s = fixture_user_session();
	CK_OBJECT_HANDLE pub, priv, data;
	CK_ULONG n = 0;

	(void)state;
	ec_generate(s, "pair", "42", &pub, &priv);
	OK(data_create(s, "hidden", "value", true, true, &data));
	expect_text(s, data, CKA_VALUE, "value");
	OK(p11->C_Logout(s));
	RV(get_one(s, priv, CKA_CLASS, NULL, &n), CKR_OBJECT_HANDLE_INVALID);
	RV(get_one(s, data, CKA_VALUE, NULL, &n), CKR_OBJECT_HANDLE_INVALID);
	expect_text(s, pub, CKA_LABEL, "pair");
	assert_int_equal(find_all(s, NULL, 0, NULL), 1);
	OK(fixture_login(s, CKU_USER, FIXTURE_PIN));
	assert_int_equal(find_all(s, NULL, 0, NULL), 3);
}

/* ---- copy and change ---- */

static void copy__public_objects_to_the_session(void **state)
{
	CK_SESSION_HANDLE s = fixture_user_session();
	CK_ATTRIBUTE t[] = { TEXT(CKA_LABEL, "copy"), NO(CKA_TOKEN) };
	CK_OBJECT_HANDLE pub, priv, o, cert, data;
	struct cert c;
	uint8_t spki[200];
	CK_ULONG n = sizeof(spki);

	(void)state;
	ec_generate(s, "pair", "42", &pub, &priv);
	OK(get_one(s, pub, CKA_PUBLIC_KEY_INFO, spki, &n));
	OK(p11->C_CopyObject(s, pub, t, 2, &o));
	expect_text(s, o, CKA_LABEL, "copy");
	expect_text(s, o, CKA_ID, "42");
	expect_bool(s, o, CKA_TOKEN, false);
	expect_bytes(s, o, CKA_PUBLIC_KEY_INFO, spki, n);
	RV(p11->C_CopyObject(s, priv, t, 2, &o), CKR_ACTION_PROHIBITED);
	cert_make("somebody", &c);
	OK(cert_create(s, &c, "cert", "9", true, &cert));
	OK(p11->C_CopyObject(s, cert, t, 2, &o));
	expect_bytes(s, o, CKA_VALUE, c.der, c.der_n);
	expect_bytes(s, o, CKA_SUBJECT, c.subject, c.subject_n);
	OK(data_create(s, "data", "value", true, false, &data));
	OK(p11->C_CopyObject(s, data, t, 2, &o));
	expect_text(s, o, CKA_VALUE, "value");
	t[1] = (CK_ATTRIBUTE)YES(CKA_TOKEN);
	RV(p11->C_CopyObject(s, data, t, 2, &o), CKR_ACTION_PROHIBITED);
	RV(p11->C_CopyObject(s, data, t, 1, NULL), CKR_ARGUMENTS_BAD);
}

static void set__label_of_a_key__renames_both_halves(void **state)
{
	CK_SESSION_HANDLE s = fixture_user_session();
	CK_ATTRIBUTE t[] = { TEXT(CKA_LABEL, "other"), TEXT(CKA_ID, "43") };
	CK_OBJECT_HANDLE pub, priv;

	(void)state;
	ec_generate(s, "pair", "42", &pub, &priv);
	OK(p11->C_SetAttributeValue(s, priv, t, 2));
	assert_int_equal(find_all(s, t, 2, NULL), 2);
	assert_int_equal(find_all(s, (CK_ATTRIBUTE[]){ TEXT(CKA_ID, "42") }, 1, NULL), 0);
}

static void set__read_only_attributes__are_refused(void **state)
{
	CK_SESSION_HANDLE s = fixture_user_session();
	CK_OBJECT_HANDLE pub, priv;

	(void)state;
	ec_generate(s, "pair", "42", &pub, &priv);
	RV(p11->C_SetAttributeValue(s, priv, (CK_ATTRIBUTE[]){ NO(CKA_SENSITIVE) }, 1),
	        CKR_ATTRIBUTE_READ_ONLY);
	RV(p11->C_SetAttributeValue(s, priv, (CK_ATTRIBUTE[]){ YES(CKA_EXTRACTABLE) }, 1),
	        CKR_ATTRIBUTE_READ_ONLY);
	RV(p11->C_SetAttributeValue(s, pub, (CK_ATTRIBUTE[]){ TEXT(CKA_APPLICATION, "x") }, 1),
	        CKR_ATTRIBUTE_TYPE_INVALID);
	OK(p11->C_Logout(s));
	RV(p11->C_SetAttributeValue(s, pub, (CK_ATTRIBUTE[]){ TEXT(CKA_LABEL, "x") }, 1),
	        CKR_USER_NOT_LOGGED_IN);
}

static void set__session_object__keeps_its_handle(void **state)
{
	CK_SESSION_HANDLE s = fixture_session(false);
	CK_ATTRIBUTE t[] = { TEXT(CKA_LABEL, "after"), TEXT(CKA_VALUE, "") };
	CK_OBJECT_HANDLE o;

	(void)state;
	OK(data_create(s, "before", "value", false, false, &o));
	OK(p11->C_SetAttributeValue(s, o, t, 1));
	expect_text(s, o, CKA_LABEL, "after");
	expect_text(s, o, CKA_VALUE, "value");
	OK(p11->C_SetAttributeValue(s, o, t, 2));
	expect_text(s, o, CKA_VALUE, "");
}

/* ---- two processes ---- */

static int child_creates(void)
{
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE o;

	if (p11->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s) != CKR_OK ||
	        fixture_login(s, CKU_USER, FIXTURE_PIN) != CKR_OK)
		return 1;
	return data_create(s, "from the child", "1", true, false, &o) == CKR_OK ? 0 : 2;
}

static int child_destroys(void)
{
	CK_ATTRIBUTE t = TEXT(CKA_LABEL, "from the child");
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE o;
	CK_ULONG n;

	if (p11->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s) != CKR_OK ||
	        fixture_login(s, CKU_USER, FIXTURE_PIN) != CKR_OK ||
	        p11->C_FindObjectsInit(s, &t, 1) != CKR_OK ||
	        p11->C_FindObjects(s, &o, 1, &n) != CKR_OK || n != 1)
		return 1;
	return p11->C_DestroyObject(s, o) == CKR_OK ? 0 : 2;
}

static void other_process__changes__show_at_the_next_call(void **state)
{
	CK_ATTRIBUTE t = TEXT(CKA_LABEL, "from the child");
	CK_SESSION_HANDLE s = fixture_user_session();
	CK_OBJECT_HANDLE o;
	CK_ULONG n = 0;

	(void)state;
	assert_int_equal(find_all(s, &t, 1, NULL), 0);
	assert_int_equal(fixture_fork(child_creates), 0);
	assert_int_equal(find_all(s, &t, 1, &o), 1);
	expect_text(s, o, CKA_VALUE, "1");
	assert_int_equal(fixture_fork(child_destroys), 0);
	assert_int_equal(find_all(s, &t, 1, NULL), 0);
	RV(get_one(s, o, CKA_VALUE, NULL, &n), CKR_OBJECT_HANDLE_INVALID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_fresh_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(get__sizes_and_buffers__five_cases),
		TEST(get__wrong_handles__are_refused),
		TEST(key_pair__attributes),
		TEST(key_pair__both_halves_show_the_public_key),
		TEST(private_objects__without_login__are_hidden),
		TEST(copy__public_objects_to_the_session),
		TEST(set__label_of_a_key__renames_both_halves),
		TEST(set__read_only_attributes__are_refused),
		TEST(set__session_object__keeps_its_handle),
		TEST(other_process__changes__show_at_the_next_call),
	};

	return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
