/* Login, PINs, initialisation. Every test has a token of its own. */
#include "p11_fixture.h"

#define WRONG_PIN    "000000"
#define WRONG_SO_PIN "0000000000000000"
#define NEW_PIN      "123456789"
#define NEW_SO_PIN   "0102030405060708"

static CK_STATE state_of(CK_SESSION_HANDLE s)
{
	CK_SESSION_INFO info;

	OK(p11->C_GetSessionInfo(s, &info));
	return info.state;
}

static CK_FLAGS flags(void)
{
	CK_TOKEN_INFO info;

	OK(p11->C_GetTokenInfo(0, &info));
	return info.flags;
}

static CK_RV set_pin(CK_SESSION_HANDLE s, const char *old_pin, const char *new_pin)
{
	CK_UTF8CHAR a[32], b[32];

	memcpy(a, old_pin, strlen(old_pin));
	memcpy(b, new_pin, strlen(new_pin));
	return p11->C_SetPIN(s, a, strlen(old_pin), b, strlen(new_pin));
}

static CK_RV init_pin(CK_SESSION_HANDLE s, const char *pin)
{
	CK_UTF8CHAR copy[32];

	memcpy(copy, pin, strlen(pin));
	return p11->C_InitPIN(s, copy, strlen(pin));
}

static CK_RV init_token(const char *so_pin, const char *label)
{
	CK_UTF8CHAR pin[32], padded[32];

	memcpy(pin, so_pin, strlen(so_pin));
	memset(padded, ' ', sizeof(padded));
	memcpy(padded, label, strlen(label));
	return p11->C_InitToken(0, pin, strlen(so_pin), padded);
}

static void login__user__changes_all_sessions(void **state)
{
	CK_SESSION_HANDLE ro = fixture_session(false), rw = fixture_session(true);

	(void)state;
	OK(fixture_login(ro, CKU_USER, FIXTURE_PIN));
	assert_int_equal(state_of(ro), CKS_RO_USER_FUNCTIONS);
	assert_int_equal(state_of(rw), CKS_RW_USER_FUNCTIONS);
	RV(fixture_login(rw, CKU_USER, FIXTURE_PIN), CKR_USER_ALREADY_LOGGED_IN);
	OK(p11->C_Logout(rw));
	assert_int_equal(state_of(ro), CKS_RO_PUBLIC_SESSION);
	RV(p11->C_Logout(rw), CKR_USER_NOT_LOGGED_IN);
}

static void login__bad_arguments__are_refused(void **state)
{
	CK_SESSION_HANDLE s = fixture_session(true);

	(void)state;
	RV(p11->C_Login(s, CKU_USER, NULL, 0), CKR_ARGUMENTS_BAD);
	RV(p11->C_Login(s, CKU_USER, NULL, 6), CKR_ARGUMENTS_BAD);
	RV(fixture_login(s, 3, FIXTURE_PIN), CKR_USER_TYPE_INVALID);
	RV(fixture_login(s, CKU_CONTEXT_SPECIFIC, FIXTURE_PIN), CKR_OPERATION_NOT_INITIALIZED);
}

static void login_user__has_no_names(void **state)
{
	CK_SESSION_HANDLE s = fixture_session(true);
	CK_UTF8CHAR pin[] = FIXTURE_PIN, name[] = "somebody";

	(void)state;
	RV(p11->C_LoginUser(s, CKU_USER, pin, 6, name, 8), CKR_ARGUMENTS_BAD);
	OK(p11->C_LoginUser(s, CKU_USER, pin, 6, NULL, 0));
	assert_int_equal(state_of(s), CKS_RW_USER_FUNCTIONS);
}

static void login__so__needs_read_write_sessions(void **state)
{
	CK_SESSION_HANDLE ro = fixture_session(false), rw = fixture_session(true), s;

	(void)state;
	RV(fixture_login(rw, CKU_SO, FIXTURE_SO_PIN), CKR_SESSION_READ_ONLY_EXISTS);
	RV(fixture_login(ro, CKU_SO, FIXTURE_SO_PIN), CKR_SESSION_READ_ONLY_EXISTS);
	OK(p11->C_CloseSession(ro));
	OK(fixture_login(rw, CKU_SO, FIXTURE_SO_PIN));
	assert_int_equal(state_of(rw), CKS_RW_SO_FUNCTIONS);
	RV(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s),
	        CKR_SESSION_READ_WRITE_SO_EXISTS);
	RV(fixture_login(rw, CKU_USER, FIXTURE_PIN), CKR_USER_ANOTHER_ALREADY_LOGGED_IN);
}

/* What the SO may not do must not cost the SO's login. */
static void login__so__stays_after_a_refusal(void **state)
{
	CK_SESSION_HANDLE s = fixture_session(true);
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE t[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_TOKEN, &yes, 1 } };
	CK_OBJECT_HANDLE o;

	(void)state;
	OK(fixture_login(s, CKU_SO, FIXTURE_SO_PIN));
	RV(p11->C_CreateObject(s, t, 2, &o), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(state_of(s), CKS_RW_SO_FUNCTIONS);
}

static void wrong_pin__counts_down_to_locked__so_unlocks(void **state)
{
	CK_SESSION_HANDLE s = fixture_session(true);

	(void)state;
	RV(fixture_login(s, CKU_USER, WRONG_PIN), CKR_PIN_INCORRECT);
	assert_true((flags() & CKF_USER_PIN_COUNT_LOW) != 0);
	RV(fixture_login(s, CKU_USER, WRONG_PIN), CKR_PIN_INCORRECT);
	assert_true((flags() & CKF_USER_PIN_FINAL_TRY) != 0);
	assert_true((flags() & CKF_USER_PIN_LOCKED) == 0);
	RV(fixture_login(s, CKU_USER, WRONG_PIN), CKR_PIN_LOCKED);
	assert_true((flags() & CKF_USER_PIN_LOCKED) != 0);
	RV(fixture_login(s, CKU_USER, FIXTURE_PIN), CKR_PIN_LOCKED);
	OK(fixture_login(s, CKU_SO, FIXTURE_SO_PIN));
	OK(init_pin(s, NEW_PIN));
	OK(p11->C_Logout(s));
	OK(fixture_login(s, CKU_USER, NEW_PIN));
	OK(p11->C_Logout(s));
	assert_int_equal(
	        flags() & (CKF_USER_PIN_LOCKED | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_COUNT_LOW),
	        0);
}

static int child_sees_locked(void)
{
	CK_TOKEN_INFO info;

	if (p11->C_GetTokenInfo(0, &info) != CKR_OK)
		return 1;
	return (info.flags & CKF_USER_PIN_LOCKED) != 0 ? 0 : 2;
}

static void locked_pin__shows_in_a_second_process(void **state)
{
	CK_SESSION_HANDLE s = fixture_session(true);

	(void)state;
	for (int i = 0; i < 3; i++)
		(void)fixture_login(s, CKU_USER, WRONG_PIN);
	assert_int_equal(fixture_fork(child_sees_locked), 0);
}

static void so_pin__wrong__is_counted_on_its_own(void **state)
{
	CK_SESSION_HANDLE s = fixture_session(true);

	(void)state;
	RV(fixture_login(s, CKU_SO, WRONG_SO_PIN), CKR_PIN_INCORRECT);
	assert_true((flags() & CKF_SO_PIN_COUNT_LOW) != 0);
	assert_true((flags() & CKF_USER_PIN_COUNT_LOW) == 0);
	for (int i = 0; i < 12; i++)
		RV(fixture_login(s, CKU_SO, WRONG_SO_PIN), CKR_PIN_INCORRECT);
	RV(fixture_login(s, CKU_SO, WRONG_SO_PIN), CKR_PIN_INCORRECT);
	assert_true((flags() & CKF_SO_PIN_FINAL_TRY) != 0);
	RV(fixture_login(s, CKU_SO, WRONG_SO_PIN), CKR_PIN_LOCKED);
	assert_true((flags() & CKF_SO_PIN_LOCKED) != 0);
	RV(fixture_login(s, CKU_SO, FIXTURE_SO_PIN), CKR_PIN_LOCKED);
	OK(fixture_login(s, CKU_USER, FIXTURE_PIN));
}

static void set_pin__user(void **state)
{
	CK_SESSION_HANDLE s = fixture_session(true);

	(void)state;
	RV(set_pin(s, WRONG_PIN, NEW_PIN), CKR_PIN_INCORRECT);
	RV(set_pin(s, FIXTURE_PIN, "12345"), CKR_PIN_LEN_RANGE);
	RV(set_pin(s, FIXTURE_PIN, "12345678901234567"), CKR_PIN_LEN_RANGE);
	OK(set_pin(s, FIXTURE_PIN, NEW_PIN));
	RV(fixture_login(s, CKU_USER, FIXTURE_PIN), CKR_PIN_INCORRECT);
	OK(fixture_login(s, CKU_USER, NEW_PIN));
	RV(set_pin(fixture_session(false), NEW_PIN, FIXTURE_PIN), CKR_SESSION_READ_ONLY);
	RV(p11->C_SetPIN(s, NULL, 0, NULL, 0), CKR_ARGUMENTS_BAD);
}

static void set_pin__so(void **state)
{
	CK_SESSION_HANDLE s = fixture_session(true);

	(void)state;
	OK(fixture_login(s, CKU_SO, FIXTURE_SO_PIN));
	OK(set_pin(s, FIXTURE_SO_PIN, NEW_SO_PIN));
	OK(p11->C_Logout(s));
	RV(fixture_login(s, CKU_SO, FIXTURE_SO_PIN), CKR_PIN_INCORRECT);
	OK(fixture_login(s, CKU_SO, NEW_SO_PIN));
}

static void init_pin__needs_the_so(void **state)
{
	CK_SESSION_HANDLE s = fixture_session(true);

	(void)state;
	RV(init_pin(s, NEW_PIN), CKR_USER_NOT_LOGGED_IN);
	OK(fixture_login(s, CKU_USER, FIXTURE_PIN));
	RV(init_pin(s, NEW_PIN), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(state_of(s), CKS_RW_USER_FUNCTIONS);
}

static void init_token__then_init_pin(void **state)
{
	CK_SESSION_HANDLE s = fixture_session(true);
	CK_TOKEN_INFO info;

	(void)state;
	RV(init_token(FIXTURE_SO_PIN, "again"), CKR_SESSION_EXISTS);
	OK(p11->C_CloseSession(s));
	RV(init_token(WRONG_SO_PIN, "again"), CKR_PIN_INCORRECT);
	RV(p11->C_InitToken(0, NULL, 0, NULL), CKR_ARGUMENTS_BAD);
	OK(init_token(FIXTURE_SO_PIN, "again"));
	OK(p11->C_GetTokenInfo(0, &info));
	assert_memory_equal(info.label, "again                           ", 32);
	s = fixture_session(true);
	RV(fixture_login(s, CKU_USER, FIXTURE_PIN), CKR_PIN_INCORRECT);
	OK(fixture_login(s, CKU_SO, FIXTURE_SO_PIN));
	OK(init_pin(s, FIXTURE_PIN));
	OK(p11->C_Logout(s));
	OK(fixture_login(s, CKU_USER, FIXTURE_PIN));
}

static int child_sets_pin(void)
{
	CK_SESSION_HANDLE s;

	if (p11->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s) != CKR_OK)
		return 1;
	return set_pin(s, FIXTURE_PIN, NEW_PIN) == CKR_OK ? 0 : 2;
}

static int child_initialises(void)
{
	return init_token(FIXTURE_SO_PIN, "taken") == CKR_OK ? 0 : 1;
}

static void new_pin__by_another_process__ends_the_login(void **state)
{
	CK_SESSION_HANDLE s = fixture_user_session();

	(void)state;
	assert_int_equal(fixture_fork(child_sets_pin), 0);
	assert_int_equal(state_of(s), CKS_RW_PUBLIC_SESSION);
	RV(fixture_login(s, CKU_USER, FIXTURE_PIN), CKR_PIN_INCORRECT);
	OK(fixture_login(s, CKU_USER, NEW_PIN));
}

static void new_token__by_another_process__ends_the_login(void **state)
{
	CK_SESSION_HANDLE s = fixture_user_session();
	CK_TOKEN_INFO info;

	(void)state;
	assert_int_equal(fixture_fork(child_initialises), 0);
	assert_int_equal(state_of(s), CKS_RW_PUBLIC_SESSION);
	OK(p11->C_GetTokenInfo(0, &info));
	assert_memory_equal(info.label, "taken                           ", 32);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_fresh_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(login__user__changes_all_sessions),
		TEST(login__bad_arguments__are_refused),
		TEST(login_user__has_no_names),
		TEST(login__so__needs_read_write_sessions),
		TEST(login__so__stays_after_a_refusal),
		TEST(wrong_pin__counts_down_to_locked__so_unlocks),
		TEST(locked_pin__shows_in_a_second_process),
		TEST(so_pin__wrong__is_counted_on_its_own),
		TEST(set_pin__user),
		TEST(set_pin__so),
		TEST(init_pin__needs_the_so),
		TEST(init_token__then_init_pin),
		TEST(new_pin__by_another_process__ends_the_login),
		TEST(new_token__by_another_process__ends_the_login),
	};

	return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
