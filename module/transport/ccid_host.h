/* A card behind a CCID reader, at the extended APDU, short APDU or TPDU level, whichever the reader
 * has: command bytes in, answer bytes out.
 *
 * A command that fails on the way (HSM_E_TIMEOUT, HSM_E_STALL, HSM_E_MUTE, HSM_E_IO,
 * HSM_E_CARD_DATA and others) may have been done by the card or not. The reader is brought back
 * into step and the card powered on again before the next command, and that one is told of it by
 * HSM_E_RESET, without having been sent. */
#ifndef TWINHSM_TRANSPORT_CCID_HOST_H
#define TWINHSM_TRANSPORT_CCID_HOST_H

#include "transport/usb_pipe.h"

struct ccid_host;

/* Powers the card up. Takes the pipe, which is closed when this fails. HSM_E_NO_CARD, HSM_E_MUTE,
 * HSM_E_UNSUPPORTED (a card or a reader that we cannot talk to), and what xfer may answer. */
HSM_MUST hsm_rc ccid_host_open(struct usb_pipe *pipe, struct ccid_host **out);

/* Powers the card down and closes the pipe. Accepts NULL. */
void ccid_host_close(struct ccid_host *h);

/* Longest command, bytes. */
size_t ccid_host_command_max(const struct ccid_host *h);

/* Is the card a SmartCard-HSM by its ATR? */
bool ccid_host_is_hsm(const struct ccid_host *h);

/* One command, one answer; `rsp` is empty. A command has a minute, but ten to make keys.
 * HSM_E_GONE: unplugged, or the card was taken out; for good. HSM_E_UNSUPPORTED, without being
 * sent: a long command for a reader at the short APDU level. */
HSM_MUST hsm_rc ccid_host_xfer(struct ccid_host *h, struct rd cmd, struct wr *rsp);

/* Takes note of what the reader has told meanwhile. HSM_E_GONE. */
HSM_MUST hsm_rc ccid_host_look(struct ccid_host *h);

/* How often the card was powered on again. */
uint64_t ccid_host_resets(const struct ccid_host *h);

#endif
