/* How a card shall be set up: the options that `twinhsm-emu create`, `twinhsm-emu run` and
 * `twinhsm-tool --initialize` share, their rules, and doing it through the card layer. */
#ifndef TWINHSM_TOOLS_SETUP_H
#define TWINHSM_TOOLS_SETUP_H

#include <getopt.h>

#include "base/secret.h"
#include "card/card.h"

struct setup {
	const char *label;    /* NULL: none */
	struct secret pin;    /* empty: not given */
	struct secret so_pin; /* as typed, 16 hex digits; empty: not given */
	long pin_tries;       /* 0: not given, the card's usual number */
	long dkek_shares;     /* negative: no DKEK */
	long domains;         /* key domains; 0: none */
	long pka_total;       /* public keys for authentication; 0: none */
	long pka_needed;      /* 0: not given, 1 */
	enum card_secure secure;
};

#define SETUP_DEFAULT                                                                              \
	{                                                                                          \
		.dkek_shares = -1                                                                  \
	}

/* Wipes the PINs at the end of the scope. */
#define AUTO_SETUP __attribute__((cleanup(setup_wipe))) struct setup

enum setup_code {
	SETUP_LABEL = 0x100,
	SETUP_PIN,
	SETUP_SO_PIN,
	SETUP_RETRY,
	SETUP_DKEK,
	SETUP_DOMAINS,
	SETUP_PKA_TOTAL,
	SETUP_PKA_NEEDED,
	SETUP_BIO
};

/* Rows for getopt_long.
 * clang-format off */
#define SETUP_OPTIONS                                                                              \
	{ "label", required_argument, NULL, SETUP_LABEL },                                         \
	        { "pin", required_argument, NULL, SETUP_PIN },                                     \
	        { "so-pin", required_argument, NULL, SETUP_SO_PIN },                               \
	        { "pin-retry", required_argument, NULL, SETUP_RETRY },                             \
	        { "key-domains", required_argument, NULL, SETUP_DOMAINS },                         \
	{                                                                                          \
		"dkek-shares", required_argument, NULL, SETUP_DKEK                                 \
	}
/* clang-format on */

/* Takes one option. 0, or the exit status after a message; unknown codes are EXIT_USAGE. */
int setup_option(struct setup *s, int code, char *arg);

/* Was any of the options given? */
bool setup_given(const struct setup *s);

/* What the card would refuse, in words, in the order of sc-hsm-tool's checks; NULL when nothing. */
const char *setup_fault(const struct setup *s);

/* Initialises the card at `address` and writes its label. 0, or the exit status after a message.
 * The second opens the card. */
int setup_apply(const char *address, struct card_lane *lane, const struct setup *s);
int setup_apply_to(const char *address, const struct setup *s);

void setup_wipe(struct setup *s);

#endif
