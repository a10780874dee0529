/* Slots that come and go: token files in a folder, and a card behind a socket. */
#include <pthread.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "front/front.h"
#include "slots_fixture.h"

static char folder[256], spare[256];

static const char *token_path(const char *name)
{
	static char path[300];

	snprintf(path, sizeof(path), "%s/%s.token", folder, name);
	return path;
}

static const char *address(const char *name)
{
	static char text[310];

	snprintf(text, sizeof(text), "emu:%s", token_path(name));
	return text;
}

/* Another card with the same contents, there all at once. */
static void copy_token(const char *to)
{
	char bytes[4096];
	FILE *in = fopen(fixture_token, "rbe"), *out = fopen(spare, "wbe");
	size_t n;

	assert_true(in != NULL && out != NULL);
	while ((n = fread(bytes, 1, sizeof(bytes), in)) != 0)
		assert_int_equal(fwrite(bytes, 1, n, out), n);
	fclose(in);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(rename(spare, to), 0);
}

static void token_new(const char *name)
{
	copy_token(token_path(name));
}

static void token_away(const char *name)
{
	assert_int_equal(unlink(token_path(name)), 0);
}

static CK_RV start(void)
{
	char settings[300];

	snprintf(settings, sizeof(settings), "log = off; cards = emu:%s/*", folder);
	return fixture_initialize(settings);
}

static int setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "%s", fixture_path("folder"));
	snprintf(spare, sizeof(spare), "%s", fixture_path("spare"));
	assert_int_equal(mkdir(folder, 0700), 0);
	token_new("m");
	OK(start());
	return 0;
}

static int teardown(void **state)
{
	char command[300];

	(void)state;
	(void)p11->C_Finalize(NULL);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

/* ---- the list ---- */

static void list__grows__ids_stay(void **state)
{
	(void)state;
	assert_int_equal(slots_now(false), 1);
	token_new("a");
	assert_int_equal(slots_known(), 1);
	assert_int_equal(slots_now(false), 2);
	slot_is(0, address("m"));
	slot_is(1, address("a"));
	token_away("m");
	assert_int_equal(slots_now(false), 2);
	assert_false(slot_present(0));
	assert_true(slot_present(1));
	assert_int_equal(slots_now(true), 1);
	token_new("z");
	assert_int_equal(slots_now(false), 3);
	slot_is(2, address("z"));
	token_new("m");
	assert_int_equal(slots_now(true), 3);
	slot_is(0, address("m"));
	assert_int_equal(slots_known(), 3);
}

static void default_folder__is_looked_at_again(void **state)
{
	char path[300];

	(void)state;
	OK(p11->C_Finalize(NULL));
	unsetenv("TWINHSM_CARDS");
	setenv("PCSCLITE_CSOCK_NAME", "/nowhere", 1);
	setenv("XDG_CONFIG_HOME", folder, 1);
	setenv("XDG_DATA_HOME", folder, 1);
	snprintf(path, sizeof(path), "%s/twinhsm", folder);
	OK(fixture_initialize("log = off"));
	assert_int_equal(slots_now(false), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	strcat(path, "/new.token");
	copy_token(path);
	expect_event(CKF_DONT_BLOCK, 0);
	assert_true(slot_present(0));
}

/* ---- events ---- */

static void event__each_is_told_once(void **state)
{
	(void)state;
	expect_no_event();
	token_new("a");
	expect_event(CKF_DONT_BLOCK, 1);
	expect_no_event();
	token_away("a");
	expect_event(0, 1);
	expect_no_event();
	token_new("a");
	token_away("m");
	expect_event(0, 0);
	expect_event(0, 1);
	expect_no_event();
}

static void event__of_a_listing__is_remembered(void **state)
{
	(void)state;
	token_new("a");
	assert_int_equal(slots_now(true), 2);
	token_away("m");
	assert_false(slot_present(0));
	expect_event(0, 0);
	expect_event(0, 1);
	expect_no_event();
	token_new("a2");
	assert_int_equal(slots_now(true), 2);
	OK(p11->C_Finalize(NULL));
	OK(start());
	expect_no_event();
}

/* Another file in the place of an open one, and of one that was never opened. */
static void event__token_replaced__is_another(void **state)
{
	CK_SESSION_HANDLE s = slot_session(0);

	(void)state;
	token_new("a");
	expect_event(0, 1);
	for (int i = 0; i < 2; i++) {
		token_new(i == 0 ? "m" : "a");
		expect_event(0, (CK_SLOT_ID)i);
		expect_no_event();
	}
	RV(p11->C_CloseSession(s), CKR_SESSION_HANDLE_INVALID);
	assert_true(slot_present(0));
}

/* ---- sessions ---- */

static CK_OBJECT_HANDLE session_object(CK_SESSION_HANDLE s)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_ATTRIBUTE t[] = { { CKA_CLASS, &class, sizeof(class) } };
	CK_OBJECT_HANDLE o;

	OK(p11->C_CreateObject(s, t, LEN(t), &o));
	return o;
}

static void sessions__token_gone__end(void **state)
{
	CK_SESSION_HANDLE s = slot_session(0), second = slot_session(0), other;
	CK_OBJECT_HANDLE o;
	CK_STATE st;
	CK_ULONG n;

	(void)state;
	token_new("other");
	expect_event(0, 1);
	other = slot_session(1);
	OK(fixture_login(s, CKU_USER, FIXTURE_PIN));
	o = session_object(second);
	token_away("m");
	expect_removed(s, second);
	RV(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s), CKR_TOKEN_NOT_PRESENT);
	OK(session_state(other, &st));

	token_new("m");
	s = slot_session(0);
	OK(session_state(s, &st));
	assert_int_equal(st, CKS_RW_PUBLIC_SESSION);
	RV(p11->C_GetObjectSize(s, o, &n), CKR_OBJECT_HANDLE_INVALID);
	OK(fixture_login(s, CKU_USER, FIXTURE_PIN));
}

static CK_RV search(CK_SESSION_HANDLE s)
{
	CK_RV rv = p11->C_FindObjectsInit(s, NULL, 0);

	return rv != CKR_OK ? rv : p11->C_FindObjectsFinal(s);
}

/* A command need not ask the file each time, but it does so before long. */
static void command__token_gone__hears_it(void **state)
{
	CK_SESSION_HANDLE s = slot_session(0), second = slot_session(0);
	time_t end = time(NULL) + 10;
	CK_RV rv;

	(void)state;
	OK(search(s));
	token_away("m");
	do
		rv = search(s);
	while (rv == CKR_OK && time(NULL) < end);
	assert_int_equal(rv, CKR_DEVICE_REMOVED);
	RV(search(second), CKR_SESSION_HANDLE_INVALID);
	expect_event(0, 0);
}

/* ---- a card behind a socket ---- */

static struct front *serve(const char *socket)
{
	struct front *front;

	assert_int_equal(front_new(fixture_token, NULL, &front), HSM_OK);
	assert_int_equal(front_socket(front, socket), HSM_OK);
	return front;
}

static void socket__served_again__is_the_same_slot(void **state)
{
	char path[256], settings[300];
	CK_SESSION_HANDLE s, second;
	struct front *front;
	CK_STATE st;

	(void)state;
	OK(p11->C_Finalize(NULL));
	snprintf(path, sizeof(path), "%s", fixture_path("socket"));
	snprintf(settings, sizeof(settings), "log = off; cards = unix:%s", path);
	OK(fixture_initialize(settings));
	assert_false(slot_present(0));
	for (int i = 0; i < 2; i++) {
		front = serve(path);
		expect_event(0, 0);
		s = slot_session(0);
		second = slot_session(0);
		OK(fixture_login(s, CKU_USER, FIXTURE_PIN));
		expect_no_event();
		front_stop(front);
		expect_removed(s, second);
		expect_event(0, 0);
		expect_no_event();
	}
	front = serve(path);
	s = slot_session(0);
	front_stop(front);
	front = serve(path);
	RV(search(s), CKR_DEVICE_REMOVED);
	s = slot_session(0);
	OK(session_state(s, &st));
	assert_int_equal(st, CKS_RW_PUBLIC_SESSION);
	OK(p11->C_Finalize(NULL));
	front_stop(front);
}

/* ---- waiting ---- */

struct waiter {
	pthread_t thread;
	CK_SLOT_ID id;
	CK_RV rv;
};

static void *wait_for_event(void *arg)
{
	struct waiter *w = arg;

	w->id = 99;
	w->rv = p11->C_WaitForSlotEvent(0, &w->id, NULL);
	return NULL;
}

static void waiters_start(struct waiter *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(pthread_create(&w[i].thread, NULL, wait_for_event, &w[i]), 0);
	/* The result is the same when they come too late to wait, but the test is better so. */
	nanosleep(&(struct timespec){ .tv_nsec = 30000000 }, NULL);
}

static void waiters_end(struct waiter *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(pthread_join(w[i].thread, NULL), 0);
}

static void wait__token_appears__wakes(void **state)
{
	struct waiter w;

	(void)state;
	waiters_start(&w, 1);
	token_new("new");
	waiters_end(&w, 1);
	OK(w.rv);
	assert_int_equal(w.id, 1);
}

static void wait__several_threads__one_event_each(void **state)
{
	struct waiter w[2];

	(void)state;
	waiters_start(w, LEN(w));
	token_new("new");
	token_away("m");
	waiters_end(w, LEN(w));
	OK(w[0].rv);
	OK(w[1].rv);
	assert_int_equal(w[0].id + w[1].id, 1);
	expect_no_event();
}

static void wait__finalize__ends_it(void **state)
{
	struct waiter w[3];

	(void)state;
	waiters_start(w, LEN(w));
	OK(p11->C_Finalize(NULL));
	waiters_end(w, LEN(w));
	for (size_t i = 0; i < LEN(w); i++)
		RV(w[i].rv, CKR_CRYPTOKI_NOT_INITIALIZED);
}

static int child_uses_it(void)
{
	CK_SLOT_ID id;
	CK_ULONG n;

	if (p11->C_GetSlotList(CK_TRUE, NULL, &n) != CKR_OK || n != 1)
		return 1;
	if (p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &id, NULL) != CKR_NO_EVENT)
		return 2;
	return p11->C_Finalize(NULL) == CKR_OK ? 0 : 3;
}

static void wait__fork__child_begins_anew(void **state)
{
	struct waiter w;

	(void)state;
	waiters_start(&w, 1);
	assert_int_equal(fixture_fork(child_uses_it), 0);
	OK(p11->C_Finalize(NULL));
	waiters_end(&w, 1);
	RV(w.rv, CKR_CRYPTOKI_NOT_INITIALIZED);
}

/* ---- all at once ---- */

static void *use_slots(void *arg)
{
	bool *stopped = arg;
	CK_SESSION_HANDLE s;
	CK_STATE st;

	while (!__atomic_load_n(stopped, __ATOMIC_RELAXED)) {
		CK_ULONG n = slots_now(true);

		for (CK_SLOT_ID id = 0; id < n; id++) {
			if (p11->C_OpenSession(id, CKF_SERIAL_SESSION, NULL, NULL, &s) != CKR_OK)
				continue;
			(void)session_state(s, &st);
			(void)search(s);
			(void)p11->C_CloseSession(s);
		}
	}
	return NULL;
}

static void threads__while_tokens_come_and_go(void **state)
{
	pthread_t users[2];
	struct waiter w;
	bool stop = false;

	(void)state;
	for (size_t i = 0; i < LEN(users); i++)
		assert_int_equal(pthread_create(&users[i], NULL, use_slots, &stop), 0);
	for (int i = 0; i < 6; i++) {
		char name[16];

		snprintf(name, sizeof(name), "t%d", i / 2);
		token_new(name);
		waiters_start(&w, 1);
		waiters_end(&w, 1);
		OK(w.rv);
		token_away(name);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (size_t i = 0; i < LEN(users); i++)
		pthread_join(users[i], NULL);
	assert_int_equal(slots_now(true), 1);
	assert_int_equal(slots_known(), 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(list__grows__ids_stay),
		TEST(default_folder__is_looked_at_again),
		TEST(event__each_is_told_once),
		TEST(event__of_a_listing__is_remembered),
		TEST(event__token_replaced__is_another),
		TEST(sessions__token_gone__end),
		TEST(command__token_gone__hears_it),
		TEST(socket__served_again__is_the_same_slot),
		TEST(wait__token_appears__wakes),
		TEST(wait__several_threads__one_event_each),
		TEST(wait__finalize__ends_it),
		TEST(wait__fork__child_begins_anew),
		TEST(threads__while_tokens_come_and_go),
	};

	log_set(LOG_OFF);
	return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
