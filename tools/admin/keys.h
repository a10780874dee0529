/* Keys on their way out of a card and into one, as wrapped keys with what belongs to them. All
 * answer 0, or the exit status after a message. */
#ifndef TWINHSM_TOOLS_ADMIN_KEYS_H
#define TWINHSM_TOOLS_ADMIN_KEYS_H

#include "backup/backup.h"
#include "session.h"

/* Writes key `kid` with its description and certificate, where there are any, as a wrap file. The
 * user is logged in. */
int keys_export(struct session *s, uint8_t kid, struct buf *file);

/* Is nothing there under this number? */
int key_place_free(struct session *s, uint8_t kid);

/* The smallest number under which there is nothing. */
int key_place_find(struct session *s, uint8_t *kid);

/* Was the blob wrapped under a key that this card has? Looks at check values only. */
int key_fits(struct session *s, struct rd blob);

/* Brings a wrapped key to the card, whole or not at all; with `replace` what is there goes first.
 * The user is logged in. */
int keys_import(struct session *s, uint8_t kid, const struct wrapfile *w, bool replace);

#endif
