/* What there is on a card, as the items of a backup. */
#ifndef TWINHSM_TOOLS_ADMIN_CONTENTS_H
#define TWINHSM_TOOLS_ADMIN_CONTENTS_H

#include "admin/session.h"
#include "backup/backup.h"
#include "manifest.h"

/* File identifiers in the card's order, two bytes each. */
struct contents {
	struct buf list;
};

HSM_MUST hsm_rc contents_read(struct session *s, struct contents *out);
bool contents_has(const struct contents *c, uint16_t fid);

/* Replaces `out` by a file of the card; empty when there is none. */
HSM_MUST hsm_rc read_optional(struct session *s, uint16_t fid, struct buf *out);

/* The label of the token without what harms a terminal, empty when it has none. */
HSM_MUST hsm_rc token_label(struct session *s, char *out, size_t cap);

/* Label, id, type and public key of a key from its description and certificate, either may be
 * empty; what is malformed is left out. */
void describe_key(struct item *item, struct rd prkd, struct rd cert);

/* Label of a file from its description on the card. */
void describe_file(struct session *s, struct item *item);

/* Is this the description (C9nn) of a private data object? */
bool describes_private(struct session *s, uint16_t fid);

#endif
