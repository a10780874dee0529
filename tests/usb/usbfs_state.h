/* What the two files of usbfs.h share. */
#ifndef TWINHSM_TEST_USBFS_STATE_H
#define TWINHSM_TEST_USBFS_STATE_H

#include <stdatomic.h>

#include "base/lock.h"
#include "urb.h"
#include "usbfs.h"

enum { USBFS_INTERFACES = 32, USBFS_ENDPOINTS = 256, USBFS_NO_INTERFACE = 0xFF };

/* Codes of the standard requests (USB 2.0, 9.4). */
enum {
	USB_CLEAR_FEATURE = 1,
	USB_GET_DESCRIPTOR = 6,
	USB_SET_CONFIGURATION = 9,
	USB_SET_INTERFACE = 11,
};

struct usbfs {
	struct ccid_dev *dev;
	UMockdevIoctlBase *ioctls;
	char *node; /* NULL: none yet */
	void (*gone)(void *arg);
	void *arg;
	atomic_bool asked; /* for a look at the device in the main loop */
	struct lock lock;  /* of all that follows */
	struct usb_urbs *urbs;
	GQueue pending, done;                          /* struct urb */
	UMockdevIoctlClient *claims[USBFS_INTERFACES]; /* NULL: nobody's */
	bool interfaces[USBFS_INTERFACES];
	uint8_t interface_of[USBFS_ENDPOINTS];
	bool unplugged, told;
};

/* All of these with the lock held. */

/* Forgets programs that are gone, tries all transfers that wait, shows whether there is something
 * to reap. */
void usbfs_run(struct usbfs *u);

/* Begins a transfer, which is owned from here on. */
void usbfs_submit(struct usbfs *u, struct urb *urb);

/* Ends a transfer that waits, or all. */
void usbfs_end(struct usbfs *u, struct urb *urb, int status);
void usbfs_end_pending(struct usbfs *u, int status);

/* A request without data, as the kernel makes it. 0 or an errno value. */
int usbfs_request(struct usbfs *u, uint8_t recipient, uint8_t code, unsigned value, unsigned index);

/* Serves one ioctl: 0 or an errno value. */
int usbfs_serve(struct usbfs *u, UMockdevIoctlClient *client);

#endif
