/* One connection of USB/IP (Linux, Documentation/usb/usbip_protocol.rst): it asks for the list of
 * devices, or for the device, and then has it. */
#ifndef TWINHSM_EMU_FRONT_USBIP_CLIENT_H
#define TWINHSM_EMU_FRONT_USBIP_CLIENT_H

#include "front/usb_twin.h"

/* Serves who is at the other end until they go or all shall end. */
void usbip_client(const struct stream *s, struct usb_twin *twin);

#endif
