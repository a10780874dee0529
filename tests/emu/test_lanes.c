#include "emu_jobs.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 200, WRITES = 12 };

#define GEN_RSA                                                                                    \
	"00460100 27 5F290100 7F4915 060A04007F00070202020102 8203010001 02020400"                 \
	"5F2008 5A5A545730303030"

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
		job->wrong += job_send(lane, "80680131 02 ABCD 00") != 0x9000;
		if (i % (ROUNDS / WRITES) == 0)
			job->wrong += job_send(lane, put) != 0x9000;
		job->wrong += job_send(lane, get) != 0x9000;
		job->wrong += job_send(lane, "80580000 00") != 0x9000;
	}
	emu_lane_free(lane);
	return NULL;
}

static void check_sign_and_write(struct emu_bench *b)
{
	struct job jobs[JOBS];

	EMU(b, VERIFY_CMD, 0x9000, "");
	EMU(b, GEN_RSA, 0x9000, "");
	jobs_run(sign_and_write, b->card, NULL, jobs);
	for (unsigned i = 0; i < JOBS; i++)
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
		const uint16_t sw = job_send(lane, "00200088 08 3537363231383831");

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
	struct job jobs[JOBS];

	(void)state;
	jobs_run(try_wrong, b->card, NULL, jobs);
	for (unsigned i = 0; i < JOBS; i++)
		assert_int_equal(jobs[i].ok, 3);
	EMU(b, "00200088", 0x63C3, "");
	jobs_run(try_wrong, b->card, NULL, jobs);
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
	job->wrong += job_send(lane, SELECT_CMD) != 0x9000;
	for (unsigned i = 0; i < 5; i++)
		job->wrong += job_send(lane, VERIFY_CMD) != 0x9000;
	emu_lane_free(lane);
	emu_close(card);
	return NULL;
}

/* More right PINs at once than there are tries: nobody may be told that the PIN is locked. */
static void verify__right_on_many_cards_at_once__never_looks_locked(void **state)
{
	struct token_place p;
	struct job jobs[JOBS];

	(void)state;
	place_ready(&p, EMU_KDF_STRONG);
	jobs_run(try_right, NULL, p.path, jobs);
	for (unsigned i = 0; i < JOBS; i++)
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
		const uint16_t sw = job_send(
		        lane, i % 3 == job->number % 3 ? SELECT_CMD : "80680131 02 ABCD 00");

		job->wrong += sw != 0x9000 && sw != 0x6982;
		if (i % 4 == 0)
			job->wrong += job_send(lane, VERIFY_CMD) != 0x9000;
	}
	emu_lane_free(lane);
	return NULL;
}

static void lanes__logging_in_and_out__share_one_status(void **state)
{
	struct emu_bench *b = emu_bench_ready();
	struct job jobs[JOBS];

	(void)state;
	EMU(b, GEN_RSA, 0x9000, "");
	jobs_run(log_in_and_out, b->card, NULL, jobs);
	for (unsigned i = 0; i < JOBS; i++)
		assert_int_equal(jobs[i].wrong, 0);
	emu_bench_free(b);
}

static void lanes__holding_in_turns__wait_for_each_other(void **state)
{
	struct token_place p;
	struct job jobs[JOBS];
	struct emu_bench *b;

	(void)state;
	place_ready(&p, EMU_KDF_CHEAP);
	b = emu_bench_open(p.path);
	EMU(b, VERIFY_CMD, 0x9000, "");
	jobs_run(job_change_in_holds, b->card, NULL, jobs);
	for (unsigned i = 0; i < JOBS; i++)
		assert_int_equal(jobs[i].wrong, 0);
	EMU(b, "80580000 00", 0x9000, NULL);
	assert_int_equal(b->n, 2 * (2 + 2 * JOBS));
	emu_bench_free(b);
	place_remove(&p);
}

static void *use_up(void *arg)
{
	struct job *job = arg;
	struct emu_lane *lane = NULL;

	if (emu_lane_new(job->card, &lane) != HSM_OK) {
		job->wrong++;
		return NULL;
	}
	while (job->wrong == 0 && job->denied < 3) {
		const uint16_t sw = job_send(lane, "80780118 04 01020304 00");

		job->ok += sw == 0x9000;
		job->denied += sw == 0x6984;
		job->wrong += sw != 0x9000 && sw != 0x6984;
	}
	emu_lane_free(lane);
	return NULL;
}

/* Each of the 700 uses is had once, whoever has it. */
static void check_use_up(struct emu_bench *b)
{
	struct job jobs[JOBS];
	unsigned ok = 0;

	EMU(b, VERIFY_CMD, 0x9000, "");
	EMU(b, "004801B0 06 9004000002BC", 0x9000, "");
	jobs_run(use_up, b->card, NULL, jobs);
	for (unsigned i = 0; i < JOBS; i++) {
		assert_int_equal(jobs[i].wrong, 0);
		ok += jobs[i].ok;
	}
	assert_int_equal(ok, 700);
}

static void lanes__in_memory__share_one_use_counter(void **state)
{
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	check_use_up(b);
	emu_bench_free(b);
}

static void lanes__on_a_file__share_one_use_counter(void **state)
{
	struct token_place p;
	struct emu_bench *b;

	(void)state;
	place_ready(&p, EMU_KDF_CHEAP);
	b = emu_bench_open(p.path);
	check_use_up(b);
	emu_bench_free(b);
	place_remove(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lanes__in_memory__sign_and_write_side_by_side),
		cmocka_unit_test(lanes__on_a_file__sign_and_write_side_by_side),
		cmocka_unit_test(verify__wrong_on_all_lanes_at_once__each_counts),
		cmocka_unit_test(verify__right_on_many_cards_at_once__never_looks_locked),
		cmocka_unit_test(lanes__logging_in_and_out__share_one_status),
		cmocka_unit_test(lanes__holding_in_turns__wait_for_each_other),
		cmocka_unit_test(lanes__in_memory__share_one_use_counter),
		cmocka_unit_test(lanes__on_a_file__share_one_use_counter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
