/* Sessions: handles, states, closing. */
#include <pthread.h>

#include "p11_fixture.h"

static CK_STATE state_of(CK_SESSION_HANDLE s)
{
	CK_SESSION_INFO info;

	OK(p11->C_GetSessionInfo(s, &info));
	return info.state;
}

static void open__flags__are_checked(void **state)
{
	CK_SESSION_HANDLE s;

	(void)state;
	RV(p11->C_OpenSession(0, CKF_RW_SESSION, NULL, NULL, &s),
	        CKR_SESSION_PARALLEL_NOT_SUPPORTED);
	RV(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, NULL), CKR_ARGUMENTS_BAD);
}

static void info__tells_slot_state_and_flags(void **state)
{
	CK_SESSION_INFO info;

	(void)state;
	OK(p11->C_GetSessionInfo(fixture_session(true), &info));
	assert_int_equal(info.slotID, 0);
	assert_int_equal(info.state, CKS_RW_PUBLIC_SESSION);
	assert_int_equal(info.flags, CKF_SERIAL_SESSION | CKF_RW_SESSION);
	assert_int_equal(info.ulDeviceError, 0);
	OK(p11->C_GetSessionInfo(fixture_session(false), &info));
	assert_int_equal(info.state, CKS_RO_PUBLIC_SESSION);
	assert_int_equal(info.flags, CKF_SERIAL_SESSION);
}

static void closed_handle__is_never_valid_again(void **state)
{
	CK_SESSION_HANDLE first = fixture_session(true), other;

	(void)state;
	OK(p11->C_CloseSession(first));
	for (int i = 0; i < 1000; i++) {
		other = fixture_session(true);
		assert_int_not_equal(other, first);
		RV(p11->C_CloseSession(first), CKR_SESSION_HANDLE_INVALID);
		OK(p11->C_CloseSession(other));
	}
}

static void handles__many__are_different(void **state)
{
	enum { MANY = 300 };
	CK_SESSION_HANDLE s[MANY];

	(void)state;
	for (int i = 0; i < MANY; i++) {
		s[i] = fixture_session(i % 2 == 0);
		for (int k = 0; k < i; k++)
			assert_int_not_equal(s[i], s[k]);
	}
	for (int i = 0; i < MANY; i++)
		assert_int_equal(
		        state_of(s[i]), i % 2 == 0 ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION);
	OK(p11->C_CloseAllSessions(0));
	for (int i = 0; i < MANY; i++)
		RV(p11->C_CloseSession(s[i]), CKR_SESSION_HANDLE_INVALID);
}

static void close_last__logs_out(void **state)
{
	CK_SESSION_HANDLE a = fixture_user_session(), b = fixture_session(false);

	(void)state;
	assert_int_equal(state_of(b), CKS_RO_USER_FUNCTIONS);
	OK(p11->C_CloseSession(a));
	assert_int_equal(state_of(b), CKS_RO_USER_FUNCTIONS);
	OK(p11->C_CloseSession(b));
	assert_int_equal(state_of(fixture_session(true)), CKS_RW_PUBLIC_SESSION);
}

static void close_all__logs_out(void **state)
{
	(void)state;
	fixture_user_session();
	fixture_session(true);
	OK(p11->C_CloseAllSessions(0));
	assert_int_equal(state_of(fixture_session(true)), CKS_RW_PUBLIC_SESSION);
}

static void cancel__ends_a_search(void **state)
{
	CK_SESSION_HANDLE s = fixture_session(true);
	CK_OBJECT_HANDLE o;
	CK_ULONG n;

	(void)state;
	OK(p11->C_FindObjectsInit(s, NULL, 0));
	OK(p11->C_SessionCancel(s, CKF_SIGN | CKF_DIGEST));
	OK(p11->C_FindObjects(s, &o, 1, &n));
	OK(p11->C_SessionCancel(s, CKF_FIND_OBJECTS));
	RV(p11->C_FindObjects(s, &o, 1, &n), CKR_OPERATION_NOT_INITIALIZED);
}

static void cancel__ends_only_the_kinds_named(void **state)
{
	CK_MECHANISM sha = { CKM_SHA256, NULL, 0 };
	CK_SESSION_HANDLE s = fixture_session(true);

	(void)state;
	OK(p11->C_DigestInit(s, &sha));
	OK(p11->C_SessionCancel(s, CKF_SIGN | CKF_FIND_OBJECTS));
	RV(p11->C_DigestInit(s, &sha), CKR_OPERATION_ACTIVE);
	OK(p11->C_SessionCancel(s, CKF_DIGEST));
	OK(p11->C_DigestInit(s, &sha));
}

static void legacy__are_not_parallel(void **state)
{
	CK_SESSION_HANDLE s = fixture_session(true);

	(void)state;
	RV(p11->C_GetFunctionStatus(s), CKR_FUNCTION_NOT_PARALLEL);
	RV(p11->C_CancelFunction(s), CKR_FUNCTION_NOT_PARALLEL);
	RV(p11->C_DigestEncryptUpdate(s, NULL, 0, NULL, NULL), CKR_FUNCTION_NOT_SUPPORTED);
}

static _Atomic CK_SESSION_HANDLE shared;

/* Answers may differ, the session may go at any moment, nothing may crash. */
static void *use_shared(void *arg)
{
	CK_BYTE random[8];

	for (int i = 0; i < 500; i++) {
		CK_RV rv = p11->C_GenerateRandom(shared, random, sizeof(random));

		if (rv != CKR_OK && rv != CKR_SESSION_HANDLE_INVALID)
			return arg;
	}
	return NULL;
}

static void *close_shared(void *arg)
{
	for (int i = 0; i < 200; i++) {
		CK_SESSION_HANDLE s = shared, next;

		if (p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &next) != CKR_OK ||
		        p11->C_CloseSession(s) != CKR_OK)
			return arg;
		shared = next;
	}
	return NULL;
}

static void close__under_running_calls__is_safe(void **state)
{
	pthread_t users[3], closer;
	int bad = 1;
	void *result;

	(void)state;
	shared = fixture_session(false);
	for (size_t i = 0; i < LEN(users); i++)
		assert_int_equal(pthread_create(&users[i], NULL, use_shared, &bad), 0);
	assert_int_equal(pthread_create(&closer, NULL, close_shared, &bad), 0);
	for (size_t i = 0; i < LEN(users); i++) {
		pthread_join(users[i], &result);
		assert_null(result);
	}
	pthread_join(closer, &result);
	assert_null(result);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open__flags__are_checked),
		TEST(info__tells_slot_state_and_flags),
		TEST(closed_handle__is_never_valid_again),
		TEST(handles__many__are_different),
		TEST(close_last__logs_out),
		TEST(close_all__logs_out),
		TEST(cancel__ends_a_search),
		TEST(cancel__ends_only_the_kinds_named),
		TEST(legacy__are_not_parallel),
		TEST(close__under_running_calls__is_safe),
	};

	return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
