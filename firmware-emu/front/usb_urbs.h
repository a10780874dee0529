/* Transfers (URBs) of a host at the twin's USB device. What the device can answer ends at once; an
 * IN transfer that it has nothing for waits. For each endpoint they end in the order they came. A
 * queue belongs to one thread. */
#ifndef TWINHSM_EMU_FRONT_USB_URBS_H
#define TWINHSM_EMU_FRONT_USB_URBS_H

#include "front/ccid_dev.h"

enum {
	USB_URBS_MAX = 64,          /* that wait; more end with -ENOMEM */
	USB_URB_DATA_MAX = 0x20000, /* of one transfer */
	USB_IN = 0x80,              /* direction bit of an endpoint's address */
};

struct usb_urbs;

/* One transfer; endpoint 0 has a direction, too. */
struct usb_urb {
	uint64_t id;      /* the host's name for it */
	uint8_t ep;       /* address, with its direction */
	bool whole;       /* IN: fewer bytes than `length` are an error, -EREMOTEIO */
	uint32_t length;  /* IN: room at the host, at most USB_URB_DATA_MAX */
	uint8_t setup[8]; /* of endpoint 0 */
	struct rd out;    /* borrowed for the call */
};

/* How it ended: 0 or a negative errno value, as Linux has them for transfers. */
struct usb_urb_end {
	uint64_t id;
	uint8_t ep;
	int status;
	uint32_t actual; /* bytes moved */
	struct rd data;  /* IN: borrowed */
};

/* What to do when a transfer ends; must not call the queue. Its outcome is that of the function
 * that it was called from. */
typedef hsm_rc usb_urb_ended(void *arg, const struct usb_urb_end *end);

/* A queue at `dev`, which is borrowed. HSM_E_MEMORY. */
HSM_MUST hsm_rc usb_urbs_new(
        struct ccid_dev *dev, usb_urb_ended *ended, void *arg, struct usb_urbs **out);
void usb_urbs_free(struct usb_urbs *q); /* accepts NULL; what waits is forgotten */

/* A transfer begins; it may have ended when this returns. HSM_E_GONE: the device is unplugged;
 * HSM_E_MEMORY. */
HSM_MUST hsm_rc usb_urbs_submit(struct usb_urbs *q, const struct usb_urb *u);

/* Ends what can end now; to be called after the device was ready. Outcomes as above, HSM_E_GONE
 * also when nothing waits. */
HSM_MUST hsm_rc usb_urbs_pump(struct usb_urbs *q);

/* Takes a waiting transfer back: it will not end. False when it does not wait. */
bool usb_urbs_unlink(struct usb_urbs *q, uint64_t id);

#endif
