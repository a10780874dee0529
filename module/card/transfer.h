/* Keys on their way out of a card and into one, with what belongs to them (specs/backup.md). */
#ifndef TWINHSM_CARD_TRANSFER_H
#define TWINHSM_CARD_TRANSFER_H

#include "backup/backup.h"
#include "card/card.h"

/* Replaces `file` by a wrap file: key `kid`, its description and certificate, where there are any.
 * The user is logged in. Errors of card_wrap. */
HSM_MUST hsm_rc card_export_key(struct card_lane *lane, uint8_t kid, struct buf *file);

/* Has one of the card's key domains the key of this check value? HSM_E_NO_REF: others have keys,
 * HSM_E_UNSUPPORTED: none has one. */
HSM_MUST hsm_rc card_find_kek(struct card_lane *lane, struct rd kcv);

/* Brings a wrapped key to the card, whole or not at all; with `replace` what is there goes first.
 * To be called within a hold, the user logged in. Errors of card_unwrap and card_write_file; the
 * key is on the card then only where even its removal failed. */
HSM_MUST hsm_rc card_import_key(
        struct card_lane *lane, uint8_t kid, const struct wrapfile *w, bool replace);

#endif
