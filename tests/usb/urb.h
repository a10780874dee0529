/* Transfers between SUBMITURB and REAPURB. */
#ifndef TWINHSM_TEST_URB_H
#define TWINHSM_TEST_URB_H

#include <umockdev.h>

#include "front/usb_urbs.h"

/* One client's transfer. Its bytes and outcome become the client's when it is reaped, so that
 * nothing is written to memory that umockdev is still sending. */
struct urb {
	UMockdevIoctlClient *client;
	UMockdevIoctlData *head;   /* struct usbdevfs_urb */
	UMockdevIoctlData *buffer; /* NULL: none */
	uint8_t type, ep;
	bool whole;
	int status; /* 0 or a negative errno value */
	uint8_t *in;
	size_t length, actual;
};

/* Takes the transfer at which the argument of SUBMITURB points. A positive errno value when it is
 * not one. */
HSM_MUST int urb_new(UMockdevIoctlClient *client, UMockdevIoctlData *head, struct urb **out);
void urb_free(struct urb *u);

bool urb_is_in(const struct urb *u);

/* The setup packet of a control transfer. */
const uint8_t *urb_setup(const struct urb *u);

/* What it asks of the device; its id leads back to it. */
struct usb_urb urb_wanted(const struct urb *u);

/* Takes down how it ended. */
struct urb *urb_end(const struct usb_urb_end *end);

/* Completes the client's REAPURB with it. Frees it. */
void urb_reap(struct urb *u, UMockdevIoctlData *pointer);

#endif
