/* The life of the library, and every function at the wrong time or with wrong arguments. */
#include "p11_fixture.h"

/* Any C_ function, called with as many integer or pointer arguments as the longest one has. */
typedef CK_RV any(
        CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG);

struct row {
	const char *name;
	size_t offset;
};

static const struct row rows[] = {
#define SINCE_2_40(name) { #name, offsetof(CK_FUNCTION_LIST_3_0, name) },
#define SINCE_3_0(name)  { #name, offsetof(CK_FUNCTION_LIST_3_0, name) },
#include "p11/functions.def"
#undef SINCE_2_40
#undef SINCE_3_0
};

/* Work at any time. */
static const char *const always[] = { "C_Initialize", "C_GetFunctionList", "C_GetInterfaceList",
	"C_GetInterface", NULL };

/* Take no session. */
static const char *const sessionless[] = { "C_Initialize", "C_Finalize", "C_GetInfo",
	"C_GetFunctionList", "C_GetSlotList", "C_GetSlotInfo", "C_GetTokenInfo",
	"C_GetMechanismList", "C_GetMechanismInfo", "C_InitToken", "C_OpenSession",
	"C_CloseAllSessions", "C_WaitForSlotEvent", "C_GetInterfaceList", "C_GetInterface", NULL };

static bool in(const char *const *names, const char *name)
{
	while (*names != NULL && strcmp(*names, name) != 0)
		names++;
	return *names != NULL;
}

static CK_RV call(const struct row *row, CK_ULONG first)
{
	any *function;

	memcpy(&function, (const char *)p11 + row->offset, sizeof(function));
	return function(first, 0, 0, 0, 0, 0, 0, 0, 0);
}

static void expect_all_uninitialised(void)
{
	for (size_t i = 0; i < LEN(rows); i++) {
		CK_RV rv;

		if (in(always, rows[i].name))
			continue;
		rv = call(&rows[i], 0);
		if (rv != CKR_CRYPTOKI_NOT_INITIALIZED)
			fail_msg("%s answers %lx", rows[i].name, rv);
	}
}

static void every_function__before_initialize__is_refused(void **state)
{
	(void)state;
	expect_all_uninitialised();
}

static void every_function__after_finalize__is_refused(void **state)
{
	(void)state;
	OK(fixture_initialize(NULL));
	OK(p11->C_Finalize(NULL));
	expect_all_uninitialised();
}

static void every_function__without_session__is_refused(void **state)
{
	static const CK_ULONG handles[] = { 0, 1, 0x10000, 0xFFFFFFFF, (CK_ULONG)-1 };

	(void)state;
	OK(fixture_initialize(NULL));
	for (size_t i = 0; i < LEN(rows); i++) {
		if (in(sessionless, rows[i].name))
			continue;
		for (size_t h = 0; h < LEN(handles); h++) {
			CK_RV rv = call(&rows[i], handles[h]);

			if (rv != CKR_SESSION_HANDLE_INVALID)
				fail_msg("%s answers %lx", rows[i].name, rv);
		}
	}
	OK(p11->C_Finalize(NULL));
}

/* With a session, then everything else NULL and 0: an answer, whichever, and no crash. */
static void every_function__null_arguments__are_survived(void **state)
{
	CK_SESSION_INFO info;

	(void)state;
	OK(fixture_initialize(NULL));
	for (size_t i = 0; i < LEN(rows); i++) {
		CK_SESSION_HANDLE s;

		if (in(sessionless, rows[i].name))
			continue;
		s = fixture_session(true);
		(void)call(&rows[i], s);
		RV(p11->C_GetSessionInfo(s, &info), strcmp(rows[i].name, "C_CloseSession") == 0
		                                            ? CKR_SESSION_HANDLE_INVALID
		                                            : CKR_OK);
	}
	OK(p11->C_Finalize(NULL));
}

static void sessionless__null_arguments__are_refused(void **state)
{
	static const char *const names[] = { "C_GetInfo", "C_GetSlotList", "C_GetSlotInfo",
		"C_GetTokenInfo", "C_GetMechanismList", "C_GetMechanismInfo", "C_InitToken",
		"C_OpenSession", "C_WaitForSlotEvent", NULL };

	(void)state;
	OK(fixture_initialize(NULL));
	for (size_t i = 0; i < LEN(rows); i++) {
		if (in(names, rows[i].name))
			RV(call(&rows[i], 0), CKR_ARGUMENTS_BAD);
	}
	OK(p11->C_Finalize(NULL));
}

static CK_RV create_mutex(void **mutex)
{
	*mutex = NULL;
	return CKR_OK;
}

static CK_RV use_mutex(void *mutex)
{
	(void)mutex;
	return CKR_OK;
}

static void initialize__arguments__as_the_standard_says(void **state)
{
	char settings[] = "cards =";
	CK_C_INITIALIZE_ARGS none = { .pReserved = settings };
	CK_C_INITIALIZE_ARGS some = { .CreateMutex = create_mutex, .pReserved = settings };
	CK_C_INITIALIZE_ARGS all = { create_mutex, use_mutex, use_mutex, use_mutex, 0, settings };
	CK_C_INITIALIZE_ARGS either = all;

	(void)state;
	either.flags = CKF_OS_LOCKING_OK | CKF_LIBRARY_CANT_CREATE_OS_THREADS;
	RV(p11->C_Initialize(&some), CKR_ARGUMENTS_BAD);
	RV(p11->C_Initialize(&all), CKR_CANT_LOCK);
	OK(p11->C_Initialize(&none));
	RV(p11->C_Initialize(&none), CKR_CRYPTOKI_ALREADY_INITIALIZED);
	OK(p11->C_Finalize(NULL));
	OK(p11->C_Initialize(&either));
	OK(p11->C_Finalize(NULL));
}

static void initialize__null__reads_the_environment(void **state)
{
	char cards[300];
	CK_ULONG n;

	(void)state;
	snprintf(cards, sizeof(cards), "emu:%s", fixture_token);
	assert_int_equal(setenv("TWINHSM_CARDS", cards, 1), 0);
	OK(p11->C_Initialize(NULL));
	OK(p11->C_GetSlotList(CK_TRUE, NULL, &n));
	assert_int_equal(n, 1);
	OK(p11->C_Finalize(NULL));
	unsetenv("TWINHSM_CARDS");
}

static void initialize__malformed_settings__are_refused(void **state)
{
	(void)state;
	RV(fixture_initialize("no such setting"), CKR_ARGUMENTS_BAD);
	OK(fixture_initialize(NULL));
	OK(p11->C_Finalize(NULL));
}

static void finalize__reserved__is_refused(void **state)
{
	int something;

	(void)state;
	OK(fixture_initialize(NULL));
	RV(p11->C_Finalize(&something), CKR_ARGUMENTS_BAD);
	OK(p11->C_Finalize(NULL));
	RV(p11->C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
}

static void info__names_the_library(void **state)
{
	CK_INFO info;

	(void)state;
	OK(fixture_initialize(NULL));
	OK(p11->C_GetInfo(&info));
	OK(p11->C_Finalize(NULL));
	assert_int_equal(info.cryptokiVersion.major, 3);
	assert_int_equal(info.flags, 0);
	assert_memory_equal(info.manufacturerID, "TwinHSM                         ", 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_function__before_initialize__is_refused),
		cmocka_unit_test(every_function__after_finalize__is_refused),
		cmocka_unit_test(every_function__without_session__is_refused),
		cmocka_unit_test(every_function__null_arguments__are_survived),
		cmocka_unit_test(sessionless__null_arguments__are_refused),
		cmocka_unit_test(initialize__arguments__as_the_standard_says),
		cmocka_unit_test(initialize__null__reads_the_environment),
		cmocka_unit_test(initialize__malformed_settings__are_refused),
		cmocka_unit_test(finalize__reserved__is_refused),
		cmocka_unit_test(info__names_the_library),
	};

	return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
