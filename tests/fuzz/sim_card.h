/* A card for the targets that attack the host side: files in memory, and one right answer for each
 * command, read from genuine cards or made by others (tests/golden). It knows no access rules and
 * computes nothing, so that an input costs microseconds; a wrong answer is the attacker's to make.
 */
#ifndef TWINHSM_TESTS_FUZZ_SIM_CARD_H
#define TWINHSM_TESTS_FUZZ_SIM_CARD_H

#include "base/wr.h"

enum { SIM_FILES_MAX = 64, SIM_BYTES_MAX = 1 << 16 };

struct sim_file {
	uint16_t fid;
	struct rd bytes; /* constant, or in sim_card.bytes */
};

struct sim_card {
	struct sim_file files[SIM_FILES_MAX];
	size_t files_n;
	uint8_t bytes[SIM_BYTES_MAX]; /* what was written since the reset */
	size_t bytes_n;
	bool verified;
};

/* As it was made: three keys, a certificate, two data objects. */
void sim_reset(struct sim_card *c);

/* The answer to a command, at most 65538 bytes. */
void sim_answer(struct sim_card *c, struct rd cmd, struct wr *rsp);

#endif
