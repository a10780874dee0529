/* Another process that uses the same token file. */
#ifndef TWINHSM_TESTS_EMU_OTHER_H
#define TWINHSM_TESTS_EMU_OTHER_H

#include <sys/types.h>

#include "emu_file.h"

/* RSA-1024 under kid 01, the request kept by the card. */
#define GEN_CMD                                                                                    \
	"00460100 27 5F290100 7F4915 060A04007F00070202020102 8203010001 02020400"                 \
	"5F2008 5A5A545730303030"

/* A child that runs the commands it is sent, one at a time, on a card of its own. */
struct other {
	pid_t pid;
	int to, from;
};

struct other other_start(const char *path);

/* Sends hex digits without waiting for the answer. */
void other_send(const struct other *o, const char *hex);

/* Sends and waits; the status word. */
uint16_t other_hex(const struct other *o, const char *hex);

/* Ends the child, unless a signal did, and waits for it. */
void other_stop(struct other *o);

#endif
