/* What the files of this folder share: the card, its lanes, the way of one command. */
#ifndef TWINHSM_CARD_COMMAND_H
#define TWINHSM_CARD_COMMAND_H

#include "apdu/capdu.h"
#include "base/lock.h"
#include "card/card.h"

struct card_lane {
	struct card *card;
	struct tp_lane *carrier;
	struct card_lane *next; /* in the list of idle lanes */
	bool held;
	struct buf cmd, rsp; /* grow to the longest command and answer of this lane, then stay */
};

struct card {
	struct tp *tp;
	struct lock lock; /* guards everything below */
	pthread_cond_t given_back;
	struct card_lane *idle; /* the one used last comes first: its prepared keys are warm */
	unsigned lanes_n;
	struct card_identity identity;
};

/* A status word that means something special to one command; a list of them ends with sw 0. */
struct sw_rule {
	uint16_t sw;
	hsm_rc rc;
};

/* Sends a command. `*answer` is borrowed from the lane until its next command. Fails only when no
 * well-formed answer came back. */
HSM_MUST hsm_rc command_send(struct card_lane *lane, const struct capdu *c, struct rapdu *answer);

/* What `sw` means: by `rules` (may be NULL), else as sw_to_rc. */
HSM_MUST hsm_rc command_outcome(uint16_t sw, const struct sw_rule *rules);

/* Sends a command; the outcome is that of its status word. `*data` (may be NULL) is borrowed from
 * the lane until its next command, and empty unless the outcome is HSM_OK. */
HSM_MUST hsm_rc command_run(struct card_lane *lane, const struct capdu *c,
        const struct sw_rule *rules, struct rd *data);

/* Wipes the lane's last command and answer, after those that carried secrets. */
void command_wipe(struct card_lane *lane);

/* Selects the applet, which logs out, and reads options and version into the identity. */
HSM_MUST hsm_rc applet_select(struct card_lane *lane);

#endif
