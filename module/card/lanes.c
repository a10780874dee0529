/* The pool of lanes: grows on demand up to what the carrier has, then callers wait. */
#include <stdlib.h>

#include "base/log.h"
#include "card/command.h"

static hsm_rc lane_new(struct card *card, struct card_lane **out)
{
	struct card_lane *lane = calloc(1, sizeof(*lane));
	hsm_rc rc;

	if (lane == NULL)
		return HSM_E_MEMORY;
	rc = card->tp->ops->lane(card->tp, &lane->carrier);
	if (rc != HSM_OK) {
		free(lane);
		return rc;
	}
	lane->card = card;
	*out = lane;
	return HSM_OK;
}

/* Gives a place in the pool back, with its lane if there is one. */
static void put_back(struct card *card, struct card_lane *lane)
{
	lock(&card->lock);
	if (lane != NULL) {
		lane->next = card->idle;
		card->idle = lane;
	} else {
		card->lanes_n--;
	}
	pthread_cond_signal(&card->given_back);
	unlock(&card->lock);
}

hsm_rc card_take(struct card *card, struct card_lane **out)
{
	struct card_lane *lane;
	hsm_rc rc;

	lock(&card->lock);
	while (card->idle == NULL && card->lanes_n >= card->tp->lanes_max)
		pthread_cond_wait(&card->given_back, &card->lock.m);
	lane = card->idle;
	if (lane != NULL)
		card->idle = lane->next;
	else
		card->lanes_n++;
	unlock(&card->lock);
	if (lane == NULL) {
		rc = lane_new(card, &lane);
		if (rc != HSM_OK) {
			put_back(card, NULL);
			return rc;
		}
	}
	*out = lane;
	return HSM_OK;
}

void card_give(struct card_lane *lane)
{
	if (lane->held && card_hold(lane, false) != HSM_OK)
		log_say(LOG_ERROR, "changes on the card could not be kept");
	put_back(lane->card, lane);
}

hsm_rc card_hold(struct card_lane *lane, bool on)
{
	hsm_rc rc;

	if (lane->held == on)
		return HSM_OK;
	rc = lane->card->tp->ops->hold(lane->carrier, on);
	if (rc == HSM_OK || !on)
		lane->held = on;
	return rc;
}

hsm_rc card_look(struct card *card, struct tp_epoch *out)
{
	return card->tp->ops->look(card->tp, out);
}

hsm_rc card_present(struct card *card)
{
	return tp_present(card->tp);
}
