/* Which cards there are now: what the settings name, and what their wildcards find. */
#ifndef TWINHSM_CARD_PLACES_H
#define TWINHSM_CARD_PLACES_H

#include "card/config.h"

struct card_place {
	char *address;  /* "scheme:where", no wildcard */
	hsm_rc rc;      /* HSM_OK: a card is there; else why it cannot be used now */
	uint64_t stamp; /* another one for another card, and for the same one put in again */
	size_t source;  /* place of the setting that it comes from */
};

struct places {
	struct card_place *v;
	size_t n;
};

/* What may have changed, asked cheaply; zeroed: nothing is watched. */
struct places_watch {
	struct tp_watch *of[2];
	bool open;
};

/* Replaces `p` by the places of today, those of the settings in their order, wildcards by what they
 * find. A device that two carriers show is there once: over USB when it can be claimed, else as
 * PC/SC shows it; one that is held by somebody PC/SC does not know stays, and opening it says who.
 * With a watch, what it says is unchanged is kept from `p` as it was. `p` is unchanged on failure:
 * HSM_E_MEMORY. */
HSM_MUST hsm_rc places_look(const struct config *c, struct places_watch *w, struct places *p);
void places_done(struct places *p);

void places_unwatch(struct places_watch *w);

/* For programs that look once: puts what the wildcards of `c` find in their places. HSM_E_MEMORY.
 */
HSM_MUST hsm_rc places_expand(struct config *c);

#endif
