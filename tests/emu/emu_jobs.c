#include "emu_jobs.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { HOLDS = 12 };

uint16_t job_send(struct emu_lane *lane, const char *hex)
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

void jobs_run(void *(*body)(void *), struct emu_card *card, const char *path, struct job jobs[JOBS])
{
	pthread_t threads[JOBS];

	for (unsigned i = 0; i < JOBS; i++) {
		jobs[i] = (struct job){ .card = card, .path = path, .number = i };
		assert_int_equal(pthread_create(&threads[i], NULL, body, &jobs[i]), 0);
	}
	for (unsigned i = 0; i < JOBS; i++)
		pthread_join(threads[i], NULL);
}

void *job_change_in_holds(void *arg)
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
	for (unsigned i = 0; i < HOLDS; i++) {
		job->wrong += emu_lane_hold(lane, true) != HSM_OK;
		job->wrong += job_send(lane, one) != 0x9000;
		job->wrong += job_send(lane, two) != 0x9000;
		job->wrong += emu_lane_hold(lane, false) != HSM_OK;
	}
	emu_lane_free(lane);
	return NULL;
}
