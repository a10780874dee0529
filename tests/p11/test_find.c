/* Searches. */
#include "p11_objects.h"

static CK_SESSION_HANDLE s;

/* Two key pairs, a certificate, one public and one private data object. */
static int setup(void **state)
{
	CK_OBJECT_HANDLE o, p;
	struct cert c;

	(void)fixture_fresh_setup(state);
	s = fixture_user_session();
	ec_generate(s, "alpha", "1", &o, &p);
	ec_generate(s, "beta", "2", &o, &p);
	cert_make("somebody", &c);
	OK(cert_create(s, &c, "alpha", "3", true, &o));
	OK(data_create(s, "alpha", "one", true, false, &o));
	OK(data_create(s, "delta", "two", true, true, &o));
	return 0;
}

struct search {
	CK_ULONG expected, n;
	CK_ATTRIBUTE t[4];
};

static void expect_counts(const struct search *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		CK_ATTRIBUTE t[4];
		CK_ULONG found;

		memcpy(t, rows[i].t, sizeof(t));
		found = find_all(s, t, rows[i].n, NULL);
		if (found != rows[i].expected)
			fail_msg("row %zu finds %lu, not %lu", i, found, rows[i].expected);
	}
}

static void find__templates__find_what_they_say(void **state)
{
	const struct search rows[] = {
		{ 7, 0, { { 0 } } },
		{ 4, 1, { TEXT(CKA_LABEL, "alpha") } },
		{ 2, 1, { TEXT(CKA_ID, "2") } },
		{ 1, 2, { TEXT(CKA_ID, "2"), NUMBER(CKA_CLASS, CKO_PRIVATE_KEY) } },
		{ 1, 2, { NUMBER(CKA_CLASS, CKO_CERTIFICATE), TEXT(CKA_LABEL, "alpha") } },
		{ 2, 1, { NUMBER(CKA_CLASS, CKO_PUBLIC_KEY) } },
		{ 2, 2, { NUMBER(CKA_CLASS, CKO_DATA), YES(CKA_TOKEN) } },
		{ 1, 1, { TEXT(CKA_VALUE, "two") } },
		{ 3, 1, { YES(CKA_PRIVATE) } },
		{ 2, 2, { YES(CKA_SIGN), YES(CKA_TOKEN) } },
		{ 2, 3,
		        { TEXT(CKA_LABEL, "alpha"), NUMBER(CKA_KEY_TYPE, CKK_EC),
		                TEXT(CKA_ID, "1") } },
	};

	(void)state;
	expect_counts(rows, LEN(rows));
}

/* NSS and others ask for classes and attributes of their own. */
static void find__what_is_not_there__is_no_error(void **state)
{
	const struct search rows[] = {
		{ 0, 1, { TEXT(CKA_LABEL, "alph") } },
		{ 0, 1, { TEXT(CKA_LABEL, "alpha ") } },
		{ 0, 1, { TEXT(CKA_LABEL, "") } },
		{ 0, 1, { TEXT(CKA_ID, "") } },
		{ 0, 2, { TEXT(CKA_LABEL, "alpha"), TEXT(CKA_ID, "2") } },
		{ 0, 1, { NO(CKA_TOKEN) } },
		{ 0, 1, { NUMBER(CKA_CLASS, 0xCE534351) } },
		{ 0, 1, { NUMBER(CKA_CLASS, CKO_HW_FEATURE) } },
		{ 0, 1, { YES(CKA_CLASS) } },
		{ 0, 1, { TEXT(0xCE534364, "vendor") } },
		{ 0, 1, { TEXT(CKA_MODULUS, "x") } },
		{ 0, 1, { TEXT(CKA_PRIVATE_EXPONENT, "x") } },
	};

	(void)state;
	expect_counts(rows, LEN(rows));
}

static void find__without_login__only_public_objects(void **state)
{
	const struct search rows[] = {
		{ 4, 0, { { 0 } } },
		{ 3, 1, { TEXT(CKA_LABEL, "alpha") } },
		{ 0, 1, { NUMBER(CKA_CLASS, CKO_PRIVATE_KEY) } },
		{ 0, 1, { TEXT(CKA_LABEL, "delta") } },
	};

	(void)state;
	OK(p11->C_Logout(s));
	expect_counts(rows, LEN(rows));
}

static void find__session_objects__are_among_them(void **state)
{
	const struct search rows[] = {
		{ 5, 1, { TEXT(CKA_LABEL, "alpha") } },
		{ 1, 1, { NO(CKA_TOKEN) } },
		{ 1, 2, { NO(CKA_TOKEN), TEXT(CKA_LABEL, "alpha") } },
	};
	CK_OBJECT_HANDLE o;

	(void)state;
	OK(data_create(s, "alpha", "session", false, false, &o));
	expect_counts(rows, LEN(rows));
}

static void find__in_small_steps__gives_each_object_once(void **state)
{
	CK_OBJECT_HANDLE found[8], more;
	CK_ULONG n, total = 0;

	(void)state;
	OK(p11->C_FindObjectsInit(s, NULL, 0));
	OK(p11->C_FindObjects(s, NULL, 0, &n));
	assert_int_equal(n, 0);
	while (total < 7) {
		OK(p11->C_FindObjects(s, found + total, total == 0 ? 2 : 1, &n));
		assert_int_not_equal(n, 0);
		total += n;
	}
	OK(p11->C_FindObjects(s, &more, 1, &n));
	assert_int_equal(n, 0);
	for (int i = 0; i < 7; i++) {
		for (int k = 0; k < i; k++)
			assert_int_not_equal(found[i], found[k]);
	}
	OK(p11->C_FindObjectsFinal(s));
}

static void find__order_of_calls__is_checked(void **state)
{
	CK_OBJECT_HANDLE o;
	CK_ULONG n;

	(void)state;
	RV(p11->C_FindObjects(s, &o, 1, &n), CKR_OPERATION_NOT_INITIALIZED);
	RV(p11->C_FindObjectsFinal(s), CKR_OPERATION_NOT_INITIALIZED);
	OK(p11->C_FindObjectsInit(s, NULL, 0));
	RV(p11->C_FindObjectsInit(s, NULL, 0), CKR_OPERATION_ACTIVE);
	RV(p11->C_FindObjects(s, NULL, 1, &n), CKR_ARGUMENTS_BAD);
	RV(p11->C_FindObjects(s, &o, 1, NULL), CKR_ARGUMENTS_BAD);
	OK(p11->C_FindObjects(s, &o, 1, &n));
	OK(p11->C_FindObjectsFinal(s));
}

/* What was found is the state when the search began; a handle is checked when it is used. */
static void find__object_removed_meanwhile__handle_is_invalid(void **state)
{
	CK_ATTRIBUTE t = TEXT(CKA_LABEL, "delta");
	CK_OBJECT_HANDLE o, found;
	CK_ULONG n;

	(void)state;
	assert_int_equal(find_all(s, &t, 1, &o), 1);
	OK(p11->C_FindObjectsInit(s, &t, 1));
	OK(p11->C_DestroyObject(s, o));
	OK(p11->C_FindObjects(s, &found, 1, &n));
	assert_int_equal(found, o);
	n = 0;
	RV(get_one(s, found, CKA_LABEL, NULL, &n), CKR_OBJECT_HANDLE_INVALID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(find__templates__find_what_they_say),
		TEST(find__what_is_not_there__is_no_error),
		TEST(find__without_login__only_public_objects),
		TEST(find__session_objects__are_among_them),
		TEST(find__in_small_steps__gives_each_object_once),
		TEST(find__order_of_calls__is_checked),
		TEST(find__object_removed_meanwhile__handle_is_invalid),
	};

	return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
