/* BER-TLV as cards write it: tags of one or two bytes, definite lengths up to 65535
 * (ISO/IEC 7816-4 section 6.3). Non-minimal lengths are read, only minimal ones written. */
#ifndef TWINHSM_BASE_TLV_H
#define TWINHSM_BASE_TLV_H

#include "base/wr.h"

/* Takes the next object, whatever its tag; `*whole` (may be NULL) is tag, length and value. */
HSM_MUST bool tlv_next(struct rd *r, uint16_t *tag, struct rd *value, struct rd *whole);

/* Takes the next object if it has this tag; otherwise nothing moves. */
HSM_MUST bool tlv_get(struct rd *r, uint16_t tag, struct rd *value);

/* As tlv_get; an object of another tag, or none, leaves `*value` empty with p == NULL. */
HSM_MUST bool tlv_get_opt(struct rd *r, uint16_t tag, struct rd *value);

/* The first object of this tag in `r`, skipping others; r itself does not move. */
HSM_MUST bool tlv_find(struct rd r, uint16_t tag, struct rd *value);

/* Is the next object of this tag? */
bool tlv_peek(struct rd r, uint16_t tag);

/* Writes one whole object. */
void tlv_put(struct wr *w, uint16_t tag, struct rd value);

/* Begins an object whose length is not known yet; tlv_close fills it in. Nest freely. */
size_t tlv_open(struct wr *w, uint16_t tag);
void tlv_close(struct wr *w, size_t mark);

#endif
