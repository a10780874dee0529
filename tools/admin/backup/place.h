/* An item of a backup, and the place on a card that it would have. */
#ifndef TWINHSM_TOOLS_ADMIN_PLACE_H
#define TWINHSM_TOOLS_ADMIN_PLACE_H

#include "contents.h"
#include "folder.h"

/* Loads an item and takes it apart: digest, structure, check value. `w` has views into `content`,
 * and is only filled in for a key. 0, or the exit status after a message. */
int place_load(
        const struct folder *f, const struct item *item, struct buf *content, struct wrapfile *w);

/* Is this a key? */
bool place_is_key(const struct item *item);

enum place {
	PLACE_FREE,  /* or it has a beginning of exactly this item */
	PLACE_THERE, /* the card has exactly this item */
	PLACE_TAKEN, /* something else is in the way */
};

HSM_MUST hsm_rc place_look(struct session *s, const struct contents *c, const struct item *item,
        struct rd content, const struct wrapfile *w, enum place *out);

/* Brings an item to the card, whole or not at all; with `replace` what is there goes first. The
 * user is logged in. HSM_E_FULL. */
HSM_MUST hsm_rc place_write(struct session *s, const struct item *item, struct rd content,
        const struct wrapfile *w, bool replace);

/* Do check values of all keys belong to key domains of the card? With a message for each that does
 * not: 0, or the exit status. */
int place_fits(struct session *s, const struct folder *f, const struct manifest *m);

#endif
