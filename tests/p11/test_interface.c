/* The function lists and interfaces that the module hands out. */
#include "p11_fixture.h"

struct row {
	const char *name;
	size_t offset;
	bool in_2_40;
};

static const struct row rows[] = {
#define SINCE_2_40(name) { #name, offsetof(CK_FUNCTION_LIST_3_0, name), true },
#define SINCE_3_0(name)  { #name, offsetof(CK_FUNCTION_LIST_3_0, name), false },
#include "p11/functions.def"
#undef SINCE_2_40
#undef SINCE_3_0
};

static void *entry(const void *list, size_t offset)
{
	void *function;

	memcpy(&function, (const char *)list + offset, sizeof(function));
	return function;
}

static void lists__every_place__is_filled(void **state)
{
	CK_FUNCTION_LIST *list;

	(void)state;
	OK(p11->C_GetFunctionList(&list));
	assert_int_equal(list->version.major, 2);
	assert_int_equal(list->version.minor, 40);
	assert_int_equal(p11->version.major, 3);
	assert_int_equal(p11->version.minor, 0);
	for (size_t i = 0; i < LEN(rows); i++) {
		assert_non_null(entry(p11, rows[i].offset));
		if (rows[i].in_2_40)
			assert_ptr_equal(entry(list, rows[i].offset), entry(p11, rows[i].offset));
	}
}

/* 68 functions in version 2.40 of the standard, 24 more in 3.0. */
static void lists__sizes__are_those_of_the_standard(void **state)
{
	size_t old = 0;

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++)
		old += rows[i].in_2_40;
	assert_int_equal(old, 68);
	assert_int_equal(LEN(rows), 92);
	assert_int_equal(sizeof(CK_FUNCTION_LIST), sizeof(void *) * (old + 1));
}

static void interface_list__count_then_fill(void **state)
{
	CK_INTERFACE list[4];
	CK_ULONG n = 0;

	(void)state;
	RV(p11->C_GetInterfaceList(NULL, NULL), CKR_ARGUMENTS_BAD);
	OK(p11->C_GetInterfaceList(NULL, &n));
	assert_int_equal(n, 2);
	n = 1;
	RV(p11->C_GetInterfaceList(list, &n), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(n, 2);
	n = 4;
	OK(p11->C_GetInterfaceList(list, &n));
	assert_int_equal(n, 2);
	for (CK_ULONG i = 0; i < n; i++)
		assert_string_equal((char *)list[i].pInterfaceName, "PKCS 11");
}

static CK_RV get(const char *name, int major, int minor, CK_FLAGS flags, const CK_VERSION **out)
{
	CK_VERSION version = { (CK_BYTE)major, (CK_BYTE)minor };
	CK_UTF8CHAR copy[32];
	CK_INTERFACE *interface = NULL;
	CK_RV rv;

	snprintf((char *)copy, sizeof(copy), "%s", name == NULL ? "" : name);
	rv = p11->C_GetInterface(
	        name == NULL ? NULL : copy, major == 0 ? NULL : &version, &interface, flags);
	*out = rv == CKR_OK ? interface->pFunctionList : NULL;
	return rv;
}

static void interface__by_name_and_version(void **state)
{
	const CK_VERSION *v;

	(void)state;
	OK(get(NULL, 0, 0, 0, &v));
	assert_int_equal(v->major, 3);
	OK(get("PKCS 11", 0, 0, 0, &v));
	assert_int_equal(v->major, 3);
	OK(get("PKCS 11", 2, 40, 0, &v));
	assert_int_equal(v->minor, 40);
	OK(get(NULL, 3, 0, 0, &v));
	assert_ptr_equal(v, p11);
}

static void interface__unknown__is_refused(void **state)
{
	const CK_VERSION *v;

	(void)state;
	RV(get("PKCS 12", 0, 0, 0, &v), CKR_FUNCTION_FAILED);
	RV(get(NULL, 2, 20, 0, &v), CKR_FUNCTION_FAILED);
	RV(get(NULL, 3, 0, CKF_INTERFACE_FORK_SAFE, &v), CKR_FUNCTION_FAILED);
	RV(p11->C_GetInterface(NULL, NULL, NULL, 0), CKR_ARGUMENTS_BAD);
	RV(p11->C_GetFunctionList(NULL), CKR_ARGUMENTS_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists__every_place__is_filled),
		cmocka_unit_test(lists__sizes__are_those_of_the_standard),
		cmocka_unit_test(interface_list__count_then_fill),
		cmocka_unit_test(interface__by_name_and_version),
		cmocka_unit_test(interface__unknown__is_refused),
	};

	return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
