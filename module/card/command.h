/* What the files of this folder share: the card, its lanes, the way of one command. */
#ifndef TWINHSM_CARD_COMMAND_H
#define TWINHSM_CARD_COMMAND_H

#include "apdu/capdu.h"
#include "apdu/sm.h"
#include "base/lock.h"
#include "card/card.h"

/* The longest command or answer that every model takes, and so the longest that is sent or asked
 * for: JCOP 3 has no room for more. */
enum { CARD_APDU_MAX = 1232 };

struct card_lane {
	struct card *card;
	struct tp_lane *carrier;
	struct card_lane *next; /* in the list of idle lanes */
	bool held;
	struct buf cmd, rsp; /* grow to the longest command and answer of this lane, then stay */
	struct buf plain;    /* the opened answer */
	bool has_channel;    /* secure messaging with the keys in sm */
	struct sm sm;
};

struct card {
	struct tp *tp;
	enum card_secure secure;
	bool trusted;             /* device_point is that of the checked certificate */
	uint8_t device_point[65]; /* with secure: on brainpoolP256r1 */
	struct lock lock;         /* guards everything below */
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

/* The same, never through secure messaging. */
HSM_MUST hsm_rc command_transmit(
        struct card_lane *lane, const struct capdu *c, struct rapdu *answer);

/* What `sw` means: by `rules` (may be NULL), else as sw_to_rc. */
HSM_MUST hsm_rc command_outcome(uint16_t sw, const struct sw_rule *rules);

/* Sends a command; the outcome is that of its status word. `*data` (may be NULL) is borrowed from
 * the lane until its next command, and empty unless the outcome is HSM_OK. */
HSM_MUST hsm_rc command_run(struct card_lane *lane, const struct capdu *c,
        const struct sw_rule *rules, struct rd *data);

/* Wipes the lane's last command and answer, after those that carried secrets. */
void command_wipe(struct card_lane *lane);

/* Room for the command, or for the answer with its status word: of the card and of the carrier,
 * less what secure messaging takes. */
static inline size_t command_room(const struct card *card)
{
	const size_t carrier = card->tp->command_max;

	return (carrier < CARD_APDU_MAX ? carrier : CARD_APDU_MAX) -
	       (card->secure == CARD_PLAIN ? 0 : SM_OVERHEAD);
}

/* ---- secure.c ---- */

/* Checks the chain of EF 2F02 and takes the device's key from it; HSM_E_UNTRUSTED. */
HSM_MUST hsm_rc secure_trust(struct card *card, struct rd devaut);

/* Chip authentication; what was there before has ended. HSM_E_UNSUPPORTED: not by this card. */
HSM_MUST hsm_rc secure_open(struct card_lane *lane);
void secure_close(struct card_lane *lane);

/* As command_send, through the channel, which is opened when there is none and has ended after
 * any outcome but HSM_OK. `*answer` is borrowed from the lane. */
HSM_MUST hsm_rc secure_send(struct card_lane *lane, const struct capdu *c, struct rapdu *answer);

/* Selects the applet, which logs out and ends secure messaging, and reads options and version into
 * the identity. */
HSM_MUST hsm_rc applet_select(struct card_lane *lane);

#endif
