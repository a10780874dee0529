/* The twin's USB device that one front end serves, to one host at a time. */
#ifndef TWINHSM_EMU_FRONT_USB_TWIN_H
#define TWINHSM_EMU_FRONT_USB_TWIN_H

#include "front/ccid_dev.h"
#include "front/internal.h"
#include "wire/usbip.h"

enum { USB_TWIN_BUS = 1, USB_TWIN_DEVICE = 2 };

struct usb_twin {
	struct usb_twin *next;
	struct front *front;
	struct ccid_dev_setup setup;
	struct ccid_dev *dev;      /* of who has it; NULL after it was unplugged */
	struct usbip_device shown; /* what USB/IP tells of it */
	int ready;                 /* an eventfd: the device may have something */
	int listener;              /* a socket, or -1 */
	atomic_uint clients;       /* connections to it */
	atomic_bool taken;
	char name[300]; /* for messages */
};

/* Plugs the device in. It lives until usb_twins_free. HSM_E_IO after a message; HSM_E_MEMORY. */
HSM_MUST hsm_rc usb_twin_new(
        struct front *f, const char *name, const struct front_usb *usb, struct usb_twin **out);

/* Has it for oneself, as a host; false when another one has it, or after a message. What was
 * unplugged has been plugged in again. */
bool usb_twin_take(struct usb_twin *t);

/* Gives it back: it is reset, or unplugged for good when it is gone. */
void usb_twin_give_back(struct usb_twin *t);

#endif
