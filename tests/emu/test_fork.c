/* A process that forks while its threads are busy. */
#include "emu_jobs.h"

#include <sys/wait.h>
#include <unistd.h>

/* What a child finds: the file, unlocked, and an SQLite that works. */
static int child(const char *path)
{
	struct emu_card *card = NULL;
	struct emu_lane *lane = NULL;

	emu_forget();
	alarm(20);
	if (emu_open(path, &card) != HSM_OK || emu_lane_new(card, &lane) != HSM_OK)
		return 1;
	if (job_send(lane, SELECT_CMD) != 0x9000 || job_send(lane, VERIFY_CMD) != 0x9000)
		return 2;
	if (job_send(lane, "00D7CD01 09 54020000 5303AABBCC") != 0x9000)
		return 3;
	emu_lane_free(lane);
	emu_close(card);
	return 0;
}

static void *fork_often(void *arg)
{
	struct job *job = arg;

	if (job->number != 0)
		return job_change_in_holds(job);
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
	struct job jobs[JOBS];
	struct emu_bench *b;

	(void)state;
	place_ready(&p, EMU_KDF_CHEAP);
	b = emu_bench_open(p.path);
	EMU(b, VERIFY_CMD, 0x9000, "");
	jobs_run(fork_often, b->card, p.path, jobs);
	for (unsigned i = 0; i < JOBS; i++)
		assert_int_equal(jobs[i].wrong, 0);
	EMU(b, "00B1CD01 04 54020000 03", 0x9000, "AABBCC");
	emu_bench_free(b);
	place_remove(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fork__while_others_write__leaves_the_child_a_sound_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
