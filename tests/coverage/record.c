/* Notes every command that a test sends to the emulated card and how it was answered. The linker
 * puts itself between (--wrap): neither the card nor the tests know of it.
 *
 * The environment variable TWINHSM_RECORD names the file, which is begun anew. A line is "header Nc
 * status-word test": "00200081 6 9000 verify__right_pin"; a command that is none has the header
 * "-". */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "apdu/capdu.h"
#include "emu.h"

hsm_rc __real_emu_lane_xfer(struct emu_lane *lane, struct rd cmd, struct wr *rsp);
hsm_rc __wrap_emu_lane_xfer(struct emu_lane *lane, struct rd cmd, struct wr *rsp);
int __real__cmocka_run_group_tests(const char *group, const struct CMUnitTest *tests, size_t n,
        CMFixtureFunction setup, CMFixtureFunction teardown);
int __wrap__cmocka_run_group_tests(const char *group, const struct CMUnitTest *tests, size_t n,
        CMFixtureFunction setup, CMFixtureFunction teardown);

static struct {
	int fd;
	const struct CMUnitTest *tests;
	_Atomic(const struct CMUnitTest *) now;
} record = { .fd = -1 };

/* ---- the test that runs ---- */

/* Every test's setup: tests are set up once each, in the order of the table. */
static int enter(void **state)
{
	const struct CMUnitTest *test = atomic_load(&record.now);

	test = test == NULL ? record.tests : test + 1;
	atomic_store(&record.now, test);
	return test->setup_func == NULL ? 0 : test->setup_func(state);
}

static int run_noted(const char *group, const struct CMUnitTest *tests, size_t n,
        CMFixtureFunction setup, CMFixtureFunction teardown)
{
	struct CMUnitTest *noted = calloc(n, sizeof(*noted));
	int failed;

	if (noted == NULL)
		return 1;
	for (size_t i = 0; i < n; i++) {
		noted[i] = tests[i];
		noted[i].setup_func = enter;
	}
	record.tests = tests;
	failed = __real__cmocka_run_group_tests(group, noted, n, setup, teardown);
	atomic_store(&record.now, NULL);
	free(noted);
	return failed;
}

int __wrap__cmocka_run_group_tests(const char *group, const struct CMUnitTest *tests, size_t n,
        CMFixtureFunction setup, CMFixtureFunction teardown)
{
	const char *path = getenv("TWINHSM_RECORD");
	int failed;

	if (path == NULL)
		return __real__cmocka_run_group_tests(group, tests, n, setup, teardown);
	record.fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	if (record.fd < 0) {
		perror(path);
		return 1;
	}
	failed = run_noted(group, tests, n, setup, teardown);
	close(record.fd);
	record.fd = -1;
	return failed;
}

/* ---- the command ---- */

static int put_command(struct rd cmd, char *line, size_t cap)
{
	char data[5] = "-";
	struct capdu c;

	if (capdu_parse(cmd, &c) != HSM_OK)
		return snprintf(line, cap, "- -");
	for (size_t i = 0; i < c.data.n && i < 2; i++)
		snprintf(data + 2 * i, 3, "%02X", c.data.p[i]);
	return snprintf(line, cap, "%02X%02X%02X%02X %s", c.cla, c.ins, c.p1, c.p2, data);
}

/* One write a line: other threads and processes write too. */
static void note(struct rd cmd, const uint8_t *sw)
{
	const struct CMUnitTest *test = atomic_load(&record.now);
	char line[256];
	int n = put_command(cmd, line, sizeof(line));

	n += snprintf(line + n, sizeof(line) - (size_t)n, " %02X%02X %s\n", sw[0], sw[1],
	        test == NULL ? "-" : test->name);
	if (n >= (int)sizeof(line) || write(record.fd, line, (size_t)n) != n)
		abort();
}

hsm_rc __wrap_emu_lane_xfer(struct emu_lane *lane, struct rd cmd, struct wr *rsp)
{
	const size_t start = rsp->n;
	const hsm_rc rc = __real_emu_lane_xfer(lane, cmd, rsp);

	if (record.fd >= 0 && rc == HSM_OK && rsp->n - start >= 2)
		note(cmd, rsp->p + rsp->n - 2);
	return rc;
}
