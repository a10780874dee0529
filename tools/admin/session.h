/* A card that a command works on, with the messages that belong to it. */
#ifndef TWINHSM_TOOLS_ADMIN_SESSION_H
#define TWINHSM_TOOLS_ADMIN_SESSION_H

#include "card/config.h"
#include "common/ui.h"

struct session {
	struct config config;
	const char *address;
	struct card *card;
	struct card_lane *lane;
};

void session_close(struct session *s); /* what was never opened, too */
#define AUTO_SESSION __attribute__((cleanup(session_close))) struct session

/* Reads which cards there are. Status, after a message. */
int session_config(struct session *s);

/* Opens the card that `reader` (may be NULL) means; with `wait` as soon as it is there. 0, or the
 * exit status after a message. */
int session_open(struct session *s, const char *reader, bool wait);

/* Logs the user in with `pin`, which is asked for when it is empty. 0, or the exit status. */
int session_login(struct session *s, struct secret *pin);

/* Says what went wrong with this card: "ADDRESS: what: why". Answers EXIT_FAILURE. */
int session_fail(const struct session *s, const char *what, hsm_rc rc);

/* ---- select.c ---- */

/* The address that `reader` means: a number is a place in the list, otherwise an address of the
 * list, a part of exactly one of them, or an address "scheme:where" that is not in the list.
 * Without `reader` the only card there is. NULL after a message. */
const char *select_card(const struct config *c, const char *reader);

/* With nothing configured and no token: says what to do. Answers EXIT_FAILURE. */
int select_none(void);

#endif
