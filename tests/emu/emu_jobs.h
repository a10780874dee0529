/* Threads, each with a lane of its own. */
#ifndef TWINHSM_TESTS_EMU_JOBS_H
#define TWINHSM_TESTS_EMU_JOBS_H

#include "emu_file.h"

enum { JOBS = 4 };

/* What a thread does with its own lane of the shared card. cmocka's assertions belong to the main
 * thread, so a thread counts what went wrong. */
struct job {
	struct emu_card *card;
	const char *path; /* instead of a card */
	unsigned number;
	unsigned wrong;
	unsigned ok, denied;
};

/* The status word of a command in hex digits; 0 when there was none. */
uint16_t job_send(struct emu_lane *lane, const char *hex);

/* Runs `body` in JOBS threads at once and waits for all. */
void jobs_run(
        void *(*body)(void *), struct emu_card *card, const char *path, struct job jobs[JOBS]);

/* A body: writes two files in each of some holds. */
void *job_change_in_holds(void *arg);

#endif
