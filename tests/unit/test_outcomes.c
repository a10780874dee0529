/* base/rc.c, base/secret.c, base/log.c, base/lock.h */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/log.h"
#include "base/secret.h"
#include "vec.h"

static void rc__every_outcome__has_its_own_name_and_a_text(void **state)
{
	(void)state;
	for (int rc = HSM_OK; rc < HSM_RC_COUNT; rc++) {
		assert_non_null(rc_name((hsm_rc)rc));
		assert_non_null(rc_text((hsm_rc)rc));
		assert_true(strlen(rc_name((hsm_rc)rc)) > 0);
		assert_true(strlen(rc_text((hsm_rc)rc)) > 0);
		for (int other = HSM_OK; other < rc; other++)
			assert_string_not_equal(rc_name((hsm_rc)rc), rc_name((hsm_rc)other));
	}
	assert_string_equal(rc_name(HSM_E_NOT_AUTH), "NOT_AUTH");
	assert_string_equal(rc_text(HSM_E_NOT_AUTH), "not logged in");
}

static void rc__outside_the_list__still_a_text(void **state)
{
	(void)state;
	assert_string_equal(rc_name(HSM_RC_COUNT), "UNKNOWN");
	assert_string_equal(rc_text((hsm_rc)-1), "unknown outcome");
}

static void secret_set__up_to_the_limit__copied(void **state)
{
	uint8_t bytes[SECRET_MAX + 1];
	AUTO_SECRET s = { 0 };

	(void)state;
	memset(bytes, 0xA5, sizeof(bytes));
	check_rc("max", secret_set(&s, rd_of(bytes, SECRET_MAX)), HSM_OK);
	check_rd("max", secret_rd(&s), rd_of(bytes, SECRET_MAX));
	check_rc("over", secret_set(&s, rd_of(bytes, SECRET_MAX + 1)), HSM_E_BAD_LEN);
	check_rc("short", secret_set(&s, RD_LIT("\x01\x02")), HSM_OK);
	check_hex("short", secret_rd(&s), "0102");
	for (size_t i = 2; i < SECRET_MAX; i++)
		assert_int_equal(s.p[i], 0);
	check_rc("none", secret_set(&s, rd_of(NULL, 0)), HSM_OK);
	assert_int_equal(s.n, 0);
}

static void secret_wipe__filled__nothing_left(void **state)
{
	static const struct secret zero;
	struct secret s;

	(void)state;
	memset(&s, 0xA5, sizeof(s));
	secret_wipe(&s);
	assert_memory_equal(&s, &zero, sizeof(s));
}

static void secret_equal__lengths_and_bytes__compared(void **state)
{
	(void)state;
	assert_true(secret_equal(RD_LIT("648219"), RD_LIT("648219")));
	assert_true(secret_equal(rd_of(NULL, 0), RD_LIT("")));
	assert_false(secret_equal(RD_LIT("648219"), RD_LIT("648218")));
	assert_false(secret_equal(RD_LIT("648219"), RD_LIT("64821")));
}

static void log_level_parse__names__level_or_refused(void **state)
{
	enum log_level level = LOG_OFF;

	(void)state;
	assert_true(log_level_parse("trace", &level));
	assert_int_equal(level, LOG_TRACE);
	assert_true(log_level_parse("off", &level));
	assert_int_equal(level, LOG_OFF);
	assert_false(log_level_parse("Trace", &level));
	assert_false(log_level_parse("", &level));
}

/* Runs with standard error in a file; gives what was written. */
static void captured(char *text, size_t cap)
{
	int kept = dup(STDERR_FILENO);
	FILE *f = tmpfile();
	size_t n;

	assert_non_null(f);
	fflush(stderr);
	dup2(fileno(f), STDERR_FILENO);
	log_set(LOG_ERROR);
	log_say(LOG_ERROR, "lost %d of %s", 3, "four");
	log_say(LOG_INFO, "not shown");
	log_set(LOG_OFF);
	log_say(LOG_ERROR, "not shown");
	log_set(LOG_ERROR);
	fflush(stderr);
	dup2(kept, STDERR_FILENO);
	close(kept);
	rewind(f);
	n = fread(text, 1, cap - 1, f);
	text[n] = '\0';
	fclose(f);
}

static void log_say__below_and_above_the_level__one_line(void **state)
{
	char text[256];

	(void)state;
	captured(text, sizeof(text));
	assert_string_equal(text, "twinhsm: lost 3 of four\n");
	assert_true(log_on(LOG_ERROR));
	assert_false(log_on(LOG_TRACE));
}

static struct lock guard = LOCK_INIT;
static unsigned long count VAR_GUARDED_BY(guard);

static void *add(void *arg)
{
	(void)arg;
	for (int i = 0; i < 20000; i++) {
		lock(&guard);
		count++;
		unlock(&guard);
	}
	return NULL;
}

static void lock__four_threads__no_step_lost(void **state)
{
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add, NULL), 0);
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	lock(&guard);
	assert_int_equal(count, 80000);
	unlock(&guard);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rc__every_outcome__has_its_own_name_and_a_text),
		cmocka_unit_test(rc__outside_the_list__still_a_text),
		cmocka_unit_test(secret_set__up_to_the_limit__copied),
		cmocka_unit_test(secret_wipe__filled__nothing_left),
		cmocka_unit_test(secret_equal__lengths_and_bytes__compared),
		cmocka_unit_test(log_level_parse__names__level_or_refused),
		cmocka_unit_test(log_say__below_and_above_the_level__one_line),
		cmocka_unit_test(lock__four_threads__no_step_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
