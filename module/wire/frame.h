/* Messages on a stream of bytes: the length, big-endian, and that many bytes. A message of one
 * byte is for the power of the card, any other is a command, or its answer. The virtual reader of
 * pcscd (vsmartcard, virtualsmartcard/src/vpcd/vpcd.h) has two bytes of length; our own socket
 * has four, because the longest command is longer than 65535 bytes. */
#ifndef TWINHSM_WIRE_FRAME_H
#define TWINHSM_WIRE_FRAME_H

#include "base/wr.h"

struct frame_format {
	size_t head_n; /* bytes of the length */
	size_t max;    /* longest message */
};

enum {
	FRAME_HEAD_MAX = 4,
	FRAME_SOCKET_MAX = 4 + 3 + 0xFFFF + 2, /* the longest command; answers are shorter */
};

extern const struct frame_format frame_vpcd, frame_socket;

/* Messages of one byte. Only the last is answered, with the ATR. */
enum frame_control { FRAME_OFF = 0, FRAME_ON = 1, FRAME_RESET = 2, FRAME_ATR = 4 };

/* The length of the message that begins with these head_n bytes; HSM_E_BAD_LEN when it is 0 or
 * more than `max`. `*n` is what the head says, in either case. */
HSM_MUST hsm_rc frame_length(const struct frame_format *f, struct rd head, size_t *n);

/* Begins a message in an empty writer: what is written from now on is the message. */
void frame_begin(const struct frame_format *f, struct wr *w);

/* Fills the length in. HSM_E_SMALL when something did not fit, HSM_E_BAD_LEN as frame_length. */
HSM_MUST hsm_rc frame_end(const struct frame_format *f, struct wr *w);

#endif
