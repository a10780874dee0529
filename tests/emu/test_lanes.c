#include "emu_file.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4, ROUNDS = 200, WRITES = 12 };

#define GEN_RSA                                                                                    \
	"00460100 27 5F290100 7F4915 060A04007F00070202020102 8203010001 02020400"                 \
	"5F2008 5A5A545730303030"

/* What a thread does with its own lane of the shared card. cmocka's assertions belong to the main
 * thread, so a thread counts what went wrong. */
struct job {
	struct emu_card *card;
	const char *path; /* instead of a card */
	unsigned number;
	unsigned wrong;
	unsigned ok, denied;
};

static uint16_t send(struct emu_lane *lane, const char *hex)
{
	uint8_t cmd[64], rsp[2048];
	struct wr w = WR_ARRAY(rsp);
	size_t n = 0;

	for (; hex[0] != '\0'; hex++) {
		char pair[3] = { hex[0], hex[1], '\0' };

		if (hex[0] == ' ')
			continue;
		cmd[n++] = (uint8_t)strtoul(pair, NULL, 16);
		hex++;
	}
	if (emu_lane_xfer(lane, rd_of(cmd, n), &w) != HSM_OK || w.n < 2)
		return 0;
	return (uint16_t)(rsp[w.n - 2] << 8 | rsp[w.n - 1]);
}

static void run(
        void *(*body)(void *), struct emu_card *card, const char *path, struct job jobs[THREADS])
{
	pthread_t threads[THREADS];

	for (unsigned i = 0; i < THREADS; i++) {
		jobs[i] = (struct job){ .card = card, .path = path, .number = i };
		assert_int_equal(pthread_create(&threads[i], NULL, body, &jobs[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void *sign_and_write(void *arg)
{
	struct job *job = arg;
	struct emu_lane *lane = NULL;
	char put[64], get[64];

	if (emu_lane_new(job->card, &lane) != HSM_OK) {
		job->wrong++;
		return NULL;
	}
	snprintf(put, sizeof(put), "00D7CF%02X 09 54020000 5303AABB%02X", job->number, job->number);
	snprintf(get, sizeof(get), "00B1CF%02X 04 54020000 03", job->number);
	for (unsigned i = 0; i < ROUNDS; i++) {
		job->wrong += send(lane, "80680131 02 ABCD 00") != 0x9000;
		if (i % (ROUNDS / WRITES) == 0)
			job->wrong += send(lane, put) != 0x9000;
		job->wrong += send(lane, get) != 0x9000;
		job->wrong += send(lane, "80580000 00") != 0x9000;
	}
	emu_lane_free(lane);
	return NULL;
}

static void check_sign_and_write(struct emu_bench *b)
{
	struct job jobs[THREADS];

	EMU(b, VERIFY_CMD, 0x9000, "");
	EMU(b, GEN_RSA, 0x9000, "");
	run(sign_and_write, b->card, NULL, jobs);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(jobs[i].wrong, 0);
}

static void lanes__in_memory__sign_and_write_side_by_side(void **state)
{
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	check_sign_and_write(b);
	emu_bench_free(b);
}

static void lanes__on_a_file__sign_and_write_side_by_side(void **state)
{
	struct token_place p;
	struct emu_bench *b;

	(void)state;
	place_ready(&p, EMU_KDF_CHEAP);
	b = emu_bench_open(p.path);
	check_sign_and_write(b);
	emu_bench_free(b);
	place_remove(&p);
}

static void *try_wrong(void *arg)
{
	struct job *job = arg;
	struct emu_lane *lane = NULL;

	if (emu_lane_new(job->card, &lane) != HSM_OK)
		return NULL;
	for (unsigned i = 0; i < 3; i++) {
		const uint16_t sw = send(lane, "00200088 08 3537363231383831");

		job->ok += (sw & 0xFFF0) == 0x63C0;
		job->denied += sw == 0x6983;
	}
	emu_lane_free(lane);
	return NULL;
}

/* Each of the twelve tries is counted, whoever makes it. */
static void verify__wrong_on_all_lanes_at_once__each_counts(void **state)
{
	struct emu_bench *b = emu_bench_ready();
	struct job jobs[THREADS];

	(void)state;
	run(try_wrong, b->card, NULL, jobs);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(jobs[i].ok, 3);
	EMU(b, "00200088", 0x63C3, "");
	run(try_wrong, b->card, NULL, jobs);
	EMU(b, "00200088", 0x6983, "");
	assert_int_equal(jobs[0].ok + jobs[1].ok + jobs[2].ok + jobs[3].ok, 2);
	emu_bench_free(b);
}

static void *try_right(void *arg)
{
	struct job *job = arg;
	struct emu_card *card = NULL;
	struct emu_lane *lane = NULL;

	if (emu_open(job->path, &card) != HSM_OK || emu_lane_new(card, &lane) != HSM_OK) {
		job->wrong++;
		emu_close(card);
		return NULL;
	}
	job->wrong += send(lane, SELECT_CMD) != 0x9000;
	for (unsigned i = 0; i < 5; i++)
		job->wrong += send(lane, VERIFY_CMD) != 0x9000;
	emu_lane_free(lane);
	emu_close(card);
	return NULL;
}

/* More right PINs at once than there are tries: nobody may be told that the PIN is locked. */
static void verify__right_on_many_cards_at_once__never_looks_locked(void **state)
{
	struct token_place p;
	struct job jobs[THREADS];

	(void)state;
	place_ready(&p, EMU_KDF_STRONG);
	run(try_right, NULL, p.path, jobs);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(jobs[i].wrong, 0);
	place_remove(&p);
}

static void *log_in_and_out(void *arg)
{
	struct job *job = arg;
	struct emu_lane *lane = NULL;

	if (emu_lane_new(job->card, &lane) != HSM_OK) {
		job->wrong++;
		return NULL;
	}
	for (unsigned i = 0; i < 30; i++) {
		const uint16_t sw =
		        send(lane, i % 3 == job->number % 3 ? SELECT_CMD : "80680131 02 ABCD 00");

		job->wrong += sw != 0x9000 && sw != 0x6982;
		if (i % 4 == 0)
			job->wrong += send(lane, VERIFY_CMD) != 0x9000;
	}
	emu_lane_free(lane);
	return NULL;
}

static void lanes__logging_in_and_out__share_one_status(void **state)
{
	struct emu_bench *b = emu_bench_ready();
	struct job jobs[THREADS];

	(void)state;
	EMU(b, GEN_RSA, 0x9000, "");
	run(log_in_and_out, b->card, NULL, jobs);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(jobs[i].wrong, 0);
	emu_bench_free(b);
}

static void *change_in_holds(void *arg)
{
	struct job *job = arg;
	struct emu_lane *lane = NULL;
	char one[64], two[64];

	if (emu_lane_new(job->card, &lane) != HSM_OK) {
		job->wrong++;
		return NULL;
	}
	snprintf(one, sizeof(one), "00D7CF%02X 09 54020000 5303AABBCC", job->number);
	snprintf(two, sizeof(two), "00D7C9%02X 09 54020000 5303AABBCC", job->number);
	for (unsigned i = 0; i < WRITES; i++) {
		job->wrong += emu_lane_hold(lane, true) != HSM_OK;
		job->wrong += send(lane, one) != 0x9000;
		job->wrong += send(lane, two) != 0x9000;
		job->wrong += emu_lane_hold(lane, false) != HSM_OK;
	}
	emu_lane_free(lane);
	return NULL;
}

static void lanes__holding_in_turns__wait_for_each_other(void **state)
{
	struct token_place p;
	struct job jobs[THREADS];
	struct emu_bench *b;

	(void)state;
	place_ready(&p, EMU_KDF_CHEAP);
	b = emu_bench_open(p.path);
	EMU(b, VERIFY_CMD, 0x9000, "");
	run(change_in_holds, b->card, NULL, jobs);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(jobs[i].wrong, 0);
	EMU(b, "80580000 00", 0x9000, NULL);
	assert_int_equal(b->n, 2 * (2 + 2 * THREADS));
	emu_bench_free(b);
	place_remove(&p);
}

/* What a child finds: the file, unlocked, and an SQLite that works. */
static int child(const char *path)
{
	struct emu_card *card = NULL;
	struct emu_lane *lane = NULL;

	emu_forget();
	alarm(20);
	if (emu_open(path, &card) != HSM_OK || emu_lane_new(card, &lane) != HSM_OK)
		return 1;
	if (send(lane, SELECT_CMD) != 0x9000 || send(lane, VERIFY_CMD) != 0x9000)
		return 2;
	if (send(lane, "00D7CD01 09 54020000 5303AABBCC") != 0x9000)
		return 3;
	emu_lane_free(lane);
	emu_close(card);
	return 0;
}

static void *fork_often(void *arg)
{
	struct job *job = arg;

	if (job->number != 0)
		return change_in_holds(job);
	for (int i = 0; i < 10; i++) {
		int status = 0;
		const pid_t pid = fork();

		if (pid == 0)
			_exit(child(job->path));
		waitpid(pid, &status, 0);
		job->wrong += status != 0;
	}
	return NULL;
}

static void fork__while_others_write__leaves_the_child_a_sound_library(void **state)
{
	struct token_place p;
	struct job jobs[THREADS];
	struct emu_bench *b;

	(void)state;
	place_ready(&p, EMU_KDF_CHEAP);
	b = emu_bench_open(p.path);
	EMU(b, VERIFY_CMD, 0x9000, "");
	run(fork_often, b->card, p.path, jobs);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(jobs[i].wrong, 0);
	EMU(b, "00B1CD01 04 54020000 03", 0x9000, "AABBCC");
	emu_bench_free(b);
	place_remove(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lanes__in_memory__sign_and_write_side_by_side),
		cmocka_unit_test(lanes__on_a_file__sign_and_write_side_by_side),
		cmocka_unit_test(fork__while_others_write__leaves_the_child_a_sound_library),
		cmocka_unit_test(verify__wrong_on_all_lanes_at_once__each_counts),
		cmocka_unit_test(verify__right_on_many_cards_at_once__never_looks_locked),
		cmocka_unit_test(lanes__logging_in_and_out__share_one_status),
		cmocka_unit_test(lanes__holding_in_turns__wait_for_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
