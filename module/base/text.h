/* Text forms of bytes. */
#ifndef TWINHSM_BASE_TEXT_H
#define TWINHSM_BASE_TEXT_H

#include "base/wr.h"

/* Upper-case hex of `bytes` and a terminator into `out` (2n + 1 bytes); HSM_E_SMALL. */
HSM_MUST hsm_rc hex_put(struct rd bytes, char *out, size_t cap);

/* Decodes exactly `text.n` hex digits (even) into `w`; HSM_E_BAD_DATA for anything else.
 * Runs in time that depends only on the length. */
HSM_MUST hsm_rc hex_get(struct rd text, struct wr *w);

/* Takes the next character of UTF-8 (RFC 3629). What is none is taken byte by byte, each as U+FFFD.
 * False at the end. */
HSM_MUST bool utf8_take(struct rd *r, uint32_t *c);

/* Copies `text` into a field padded with blanks, cut at `width` on a UTF-8 boundary. */
void text_pad(uint8_t *field, size_t width, struct rd text);

#endif
