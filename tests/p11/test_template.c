/* The reader of templates, and templates that no honest application sends. */
#include "p11/p11.h"
#include "p11_objects.h"

static CK_RV open_template(CK_ATTRIBUTE *a, CK_ULONG n)
{
	struct tmpl t;

	return tmpl_open(a, n, &t);
}

static void open__pointers_and_counts__are_checked(void **state)
{
	CK_ATTRIBUTE many[TMPL_MAX + 1] = { { 0 } };

	(void)state;
	OK(open_template(NULL, 0));
	RV(open_template(NULL, 1), CKR_ARGUMENTS_BAD);
	RV(open_template(many, (CK_ULONG)-1), CKR_ARGUMENTS_BAD);
	RV(open_template(many, TMPL_MAX + 1), CKR_ARGUMENTS_BAD);
	OK(open_template(many, TMPL_MAX));
}

static void open__values__are_checked(void **state)
{
	uint8_t byte = 0;

	(void)state;
	RV(open_template((CK_ATTRIBUTE[]){ { CKA_LABEL, NULL, 1 } }, 1),
	        CKR_ATTRIBUTE_VALUE_INVALID);
	RV(open_template((CK_ATTRIBUTE[]){ { CKA_LABEL, &byte, CK_UNAVAILABLE_INFORMATION } }, 1),
	        CKR_ATTRIBUTE_VALUE_INVALID);
	OK(open_template((CK_ATTRIBUTE[]){ { CKA_LABEL, NULL, 0 } }, 1));
}

static void open__twice_the_same_type(void **state)
{
	CK_ATTRIBUTE same[] = { TEXT(CKA_LABEL, "a"), YES(CKA_TOKEN), TEXT(CKA_LABEL, "a") };
	CK_ATTRIBUTE other[] = { TEXT(CKA_LABEL, "a"), YES(CKA_TOKEN), TEXT(CKA_LABEL, "b") };

	(void)state;
	OK(open_template(same, 3));
	RV(open_template(other, 3), CKR_TEMPLATE_INCONSISTENT);
	OK(open_template(other, 2));
}

static void read__present_absent_malformed(void **state)
{
	CK_ATTRIBUTE a[] = { YES(CKA_TOKEN), NUMBER(CKA_CLASS, 3), TEXT(CKA_PRIVATE, "\2"),
		TEXT(CKA_KEY_TYPE, "abc"), TEXT(CKA_LABEL, "name") };
	struct tmpl t;
	bool b = false;
	CK_ULONG n = 7;
	struct rd label = { 0 };

	(void)state;
	OK(tmpl_open(a, LEN(a), &t));
	OK(tmpl_bool(&t, CKA_TOKEN, &b));
	assert_true(b);
	OK(tmpl_ulong(&t, CKA_CLASS, &n));
	assert_int_equal(n, 3);
	OK(tmpl_bool(&t, CKA_MODIFIABLE, &b));
	OK(tmpl_ulong(&t, CKA_MODULUS_BITS, &n));
	assert_true(b);
	assert_int_equal(n, 3);
	RV(tmpl_bool(&t, CKA_PRIVATE, &b), CKR_ATTRIBUTE_VALUE_INVALID);
	RV(tmpl_bool(&t, CKA_CLASS, &b), CKR_ATTRIBUTE_VALUE_INVALID);
	RV(tmpl_ulong(&t, CKA_KEY_TYPE, &n), CKR_ATTRIBUTE_VALUE_INVALID);
	OK(tmpl_bytes(&t, CKA_LABEL, &label));
	assert_true(rd_equal(label, RD_LIT("name")));
}

/* The same templates through every function that takes one. */
static void every_function__hostile_template__is_refused(void **state)
{
	CK_ATTRIBUTE null_value[] = { NUMBER(CKA_CLASS, CKO_DATA), { CKA_LABEL, NULL, 5 } };
	CK_ATTRIBUTE twice[] = { TEXT(CKA_LABEL, "a"), TEXT(CKA_LABEL, "b") };
	CK_SESSION_HANDLE s = fixture_user_session();
	CK_OBJECT_HANDLE o, copy;

	(void)state;
	OK(data_create(s, "some", "thing", false, false, &o));
	RV(p11->C_CreateObject(s, NULL, 2, &copy), CKR_ARGUMENTS_BAD);
	RV(p11->C_CreateObject(s, null_value, 2, &copy), CKR_ATTRIBUTE_VALUE_INVALID);
	RV(p11->C_CreateObject(s, twice, 2, &copy), CKR_TEMPLATE_INCONSISTENT);
	RV(p11->C_CreateObject(s, null_value, 1, NULL), CKR_ARGUMENTS_BAD);
	RV(p11->C_CopyObject(s, o, NULL, 2, &copy), CKR_ARGUMENTS_BAD);
	RV(p11->C_CopyObject(s, o, null_value, 2, &copy), CKR_ATTRIBUTE_VALUE_INVALID);
	RV(p11->C_CopyObject(s, o, twice, 2, &copy), CKR_TEMPLATE_INCONSISTENT);
	RV(p11->C_SetAttributeValue(s, o, NULL, 2), CKR_ARGUMENTS_BAD);
	RV(p11->C_SetAttributeValue(s, o, null_value, 2), CKR_ATTRIBUTE_VALUE_INVALID);
	RV(p11->C_SetAttributeValue(s, o, twice, 2), CKR_TEMPLATE_INCONSISTENT);
	RV(p11->C_FindObjectsInit(s, NULL, 2), CKR_ARGUMENTS_BAD);
	RV(p11->C_FindObjectsInit(s, null_value, 2), CKR_ATTRIBUTE_VALUE_INVALID);
	RV(p11->C_FindObjectsInit(s, twice, 2), CKR_TEMPLATE_INCONSISTENT);
	assert_int_equal(find_all(s, NULL, 0, NULL), 1);
	expect_text(s, o, CKA_LABEL, "some");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open__pointers_and_counts__are_checked),
		cmocka_unit_test(open__values__are_checked),
		cmocka_unit_test(open__twice_the_same_type),
		cmocka_unit_test(read__present_absent_malformed),
		cmocka_unit_test_setup_teardown(every_function__hostile_template__is_refused,
		        fixture_fresh_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
