/* What the actions of twinhsm-tool share. */
#ifndef TWINHSM_TOOLS_TWINHSM_TOOL_H
#define TWINHSM_TOOLS_TWINHSM_TOOL_H

#include "card/config.h"
#include "setup.h"
#include "ui.h"

/* The command line, taken apart. */
struct request {
	bool initialize;
	const char *reader; /* NULL: none named */
	struct setup setup;
	struct config config;
};

int tool_cmd_status(struct request *r);
int tool_cmd_initialize(struct request *r);

/* The address that --reader means: a number is a place in the list, otherwise an address of the
 * list, a part of exactly one of them, or an address "scheme:where" that is not in the list.
 * Without --reader the only card there is. NULL after a message. */
const char *select_card(const struct request *r);

/* With nothing configured and no token: says what to do. Answers EXIT_FAILURE. */
int select_none(void);

#endif
