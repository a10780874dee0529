/* A host that forks while the module is in use. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "p11_objects.h"

static CK_SESSION_HANDLE parent_session;

/* Runs `work` in a child that initialises nothing itself; a child that hangs is killed. */
static int fork_plain(int (*work)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		alarm(20);
		_exit(work());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 200;
}

static CK_STATE state_of(CK_SESSION_HANDLE s)
{
	CK_SESSION_INFO info;

	return p11->C_GetSessionInfo(s, &info) == CKR_OK ? info.state : 99;
}

static int child_is_uninitialised(void)
{
	CK_SESSION_INFO session;
	CK_ULONG n;

	if (p11->C_GetSessionInfo(parent_session, &session) != CKR_CRYPTOKI_NOT_INITIALIZED)
		return 1;
	if (p11->C_GetSlotList(CK_TRUE, NULL, &n) != CKR_CRYPTOKI_NOT_INITIALIZED)
		return 2;
	return p11->C_Finalize(NULL) == CKR_CRYPTOKI_NOT_INITIALIZED ? 0 : 3;
}

static int child_begins_anew(void)
{
	CK_ATTRIBUTE t = NUMBER(CKA_CLASS, CKO_PRIVATE_KEY);
	CK_SESSION_HANDLE s;
	CK_OBJECT_HANDLE o;
	CK_ULONG n;

	if (fixture_initialize(NULL) != CKR_OK)
		return 1;
	if (state_of(parent_session) != 99)
		return 2;
	if (p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s) != CKR_OK)
		return 3;
	if (state_of(s) != CKS_RO_PUBLIC_SESSION)
		return 4;
	if (fixture_login(s, CKU_USER, FIXTURE_PIN) != CKR_OK)
		return 5;
	if (p11->C_FindObjectsInit(s, &t, 1) != CKR_OK ||
	        p11->C_FindObjects(s, &o, 1, &n) != CKR_OK || n != 1)
		return 6;
	return p11->C_Finalize(NULL) == CKR_OK ? 0 : 7;
}

static int child_forks_again(void)
{
	return fixture_initialize(NULL) == CKR_OK ? fork_plain(child_is_uninitialised) : 100;
}

static int setup(void **state)
{
	CK_OBJECT_HANDLE pub, priv;

	(void)fixture_fresh_setup(state);
	parent_session = fixture_user_session();
	ec_generate(parent_session, "pair", "1", &pub, &priv);
	return 0;
}

static CK_RV sign_once(void)
{
	CK_ATTRIBUTE t = NUMBER(CKA_CLASS, CKO_PRIVATE_KEY);
	CK_MECHANISM m = { CKM_ECDSA, NULL, 0 };
	CK_OBJECT_HANDLE key;
	CK_BYTE digest[32] = { 1 }, signature[64];
	CK_ULONG n = sizeof(signature);
	CK_RV rv;

	assert_int_equal(find_all(parent_session, &t, 1, &key), 1);
	rv = p11->C_SignInit(parent_session, &m, key);
	return rv != CKR_OK ? rv
	                    : p11->C_Sign(parent_session, digest, sizeof(digest), signature, &n);
}

static void child__is_uninitialised__parent_goes_on(void **state)
{
	(void)state;
	assert_int_equal(fork_plain(child_is_uninitialised), 0);
	assert_int_equal(state_of(parent_session), CKS_RW_USER_FUNCTIONS);
	OK(sign_once());
}

static void child__begins_anew__parent_goes_on(void **state)
{
	(void)state;
	assert_int_equal(fork_plain(child_begins_anew), 0);
	assert_int_equal(state_of(parent_session), CKS_RW_USER_FUNCTIONS);
	OK(sign_once());
}

static void grandchild__is_uninitialised_too(void **state)
{
	(void)state;
	assert_int_equal(fork_plain(child_forks_again), 0);
}

static atomic_bool done;

static void *keep_busy(void *arg)
{
	CK_BYTE random[16];
	CK_SESSION_HANDLE s;
	CK_ULONG n;

	while (!done) {
		if (p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s) != CKR_OK ||
		        p11->C_GenerateRandom(s, random, sizeof(random)) != CKR_OK ||
		        p11->C_GetSlotList(CK_TRUE, NULL, &n) != CKR_OK ||
		        p11->C_CloseSession(s) != CKR_OK)
			return arg;
	}
	return NULL;
}

/* Locks that other threads hold at the moment of the fork must not block the child. */
static void fork__while_threads_work__child_does_not_hang(void **state)
{
	pthread_t threads[2];
	int bad = 1;
	void *result;

	(void)state;
#ifdef __SANITIZE_ADDRESS__ /* whose allocator's locks do not survive a fork */
	skip();
#endif
	done = false;
	for (size_t i = 0; i < LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, keep_busy, &bad), 0);
	for (int i = 0; i < 20; i++)
		assert_int_equal(fork_plain(child_begins_anew), 0);
	done = true;
	for (size_t i = 0; i < LEN(threads); i++) {
		pthread_join(threads[i], &result);
		assert_null(result);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(child__is_uninitialised__parent_goes_on),
		TEST(child__begins_anew__parent_goes_on),
		TEST(grandchild__is_uninitialised_too),
		TEST(fork__while_threads_work__child_does_not_hang),
	};

	return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
