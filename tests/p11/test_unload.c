/* Hosts that unload the module, with and without good manners, and that finalise at exit. */
#include <dlfcn.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "p11_objects.h"

static bool module_is_mapped(void)
{
	char line[512];
	bool found = false;
	FILE *maps = fopen("/proc/self/maps", "re");

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps) != NULL)
		found |= strstr(line, "twinhsm-pkcs11") != NULL;
	fclose(maps);
	return found;
}

static void work(void)
{
	CK_SESSION_HANDLE s = fixture_user_session();
	CK_OBJECT_HANDLE pub, priv;

	ec_generate(s, "pair", "1", &pub, &priv);
	OK(p11->C_DestroyObject(s, priv));
	OK(p11->C_DestroyObject(s, pub));
}

/* libcrypto's part of a thread that outlives the module cannot be freed any more; the context it
 * belongs to is left behind on purpose, which LeakSanitizer need not report. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

static void left_behind(bool on)
{
	if (on && __lsan_disable != NULL)
		__lsan_disable();
	if (!on && __lsan_enable != NULL)
		__lsan_enable();
}

static void *use(void *arg)
{
	CK_SESSION_HANDLE s;
	CK_BYTE random[8];
	bool good;

	left_behind(true);
	good = p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s) == CKR_OK &&
	       p11->C_GenerateRandom(s, random, sizeof(random)) == CKR_OK;
	left_behind(false);
	return good ? NULL : arg;
}

static void unload__after_finalize__leaves_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		fixture_load();
		assert_true(module_is_mapped());
		OK(fixture_initialize(NULL));
		work();
		OK(p11->C_Finalize(NULL));
		fixture_unload();
		assert_false(module_is_mapped());
	}
}

/* A thread that used the module ends after the module is gone. */
static pthread_barrier_t used, gone;

static void *outlive(void *arg)
{
	void *result = use(arg);

	pthread_barrier_wait(&used);
	pthread_barrier_wait(&gone);
	return result;
}

static void unload__before_a_thread_ends(void **state)
{
	pthread_t thread;
	int bad = 1;
	void *result;

	(void)state;
	pthread_barrier_init(&used, NULL, 2);
	pthread_barrier_init(&gone, NULL, 2);
	left_behind(true);
	for (int i = 0; i < 10; i++) {
		fixture_load();
		OK(fixture_initialize(NULL));
		assert_int_equal(pthread_create(&thread, NULL, outlive, &bad), 0);
		pthread_barrier_wait(&used);
		OK(p11->C_Finalize(NULL));
		fixture_unload();
		pthread_barrier_wait(&gone);
		pthread_join(thread, &result);
		assert_null(result);
	}
	left_behind(false);
	pthread_barrier_destroy(&used);
	pthread_barrier_destroy(&gone);
}

/* The handler for forks goes with the module. */
static void fork__after_unload__is_quiet(void **state)
{
	pid_t child;
	int status;

	(void)state;
	fixture_load();
	OK(fixture_initialize(NULL));
	OK(p11->C_Finalize(NULL));
	fixture_unload();
	child = fork();
	if (child == 0)
		_exit(0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void finalize__waits_for_calls_in_flight(void **state)
{
	pthread_t threads[4];
	int bad = 1;

	(void)state;
	left_behind(true);
	for (int round = 0; round < 20; round++) {
		fixture_load();
		OK(fixture_initialize(NULL));
		for (size_t i = 0; i < LEN(threads); i++)
			assert_int_equal(pthread_create(&threads[i], NULL, use, &bad), 0);
		OK(p11->C_Finalize(NULL));
		for (size_t i = 0; i < LEN(threads); i++)
			pthread_join(threads[i], NULL);
		fixture_unload();
	}
	left_behind(false);
}

/* ---- exit handlers ---- */

static bool finalize_at_exit;

/* Registered before OpenSSL's own handler, so it runs when OpenSSL is gone. */
static void at_exit(void)
{
	CK_SESSION_INFO info;

	if (!finalize_at_exit)
		return;
	if (p11->C_CloseAllSessions(0) != CKR_OK || p11->C_Finalize(NULL) != CKR_OK ||
	        p11->C_GetSessionInfo(1, &info) != CKR_CRYPTOKI_NOT_INITIALIZED)
		_exit(1);
}

static int exit_in_child(bool cleanup_first)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		finalize_at_exit = true;
		if (fixture_initialize(NULL) != CKR_OK)
			_exit(2);
		work();
		if (cleanup_first)
			OPENSSL_cleanup();
		exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void finalize__after_openssl_is_gone__does_not_crash(void **state)
{
	(void)state;
	fixture_load();
	assert_int_equal(exit_in_child(false), 0);
	assert_int_equal(exit_in_child(true), 0);
	fixture_unload();
}

static int group_setup(void **state)
{
	(void)fixture_group_setup(state);
	fixture_unload();
	return 0;
}

static int group_teardown(void **state)
{
	fixture_load();
	return fixture_group_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unload__after_finalize__leaves_nothing),
		cmocka_unit_test(unload__before_a_thread_ends),
		cmocka_unit_test(fork__after_unload__is_quiet),
		cmocka_unit_test(finalize__waits_for_calls_in_flight),
		cmocka_unit_test(finalize__after_openssl_is_gone__does_not_crash),
	};

	atexit(at_exit);
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
