/* A host that has attached the twin: its transfers (USB/IP, CMD_SUBMIT and CMD_UNLINK). */
#ifndef TWINHSM_EMU_FRONT_USBIP_SESSION_H
#define TWINHSM_EMU_FRONT_USBIP_SESSION_H

#include "front/usb_twin.h"

/* Serves the host at the other end of `s` until it goes, all shall end, or the device is unplugged.
 * The caller has taken the twin and gives it back. */
void usbip_session(const struct stream *s, struct usb_twin *twin);

#endif
