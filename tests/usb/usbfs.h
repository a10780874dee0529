/* The node of a USB device under /dev/bus/usb, as Linux serves it (linux/usbdevice_fs.h), for
 * programs that run with umockdev's library: ioctls in, transfers of a ccid_dev out.
 *
 * Control and OUT transfers are done at once; an IN transfer waits until the device has something,
 * one at a time on an endpoint. */
#ifndef TWINHSM_TEST_USBFS_H
#define TWINHSM_TEST_USBFS_H

#include <umockdev.h>

#include "front/ccid_dev.h"

struct usbfs;

/* Plugs in a device as in `setup`, whose `ready` is not used. `gone(arg)` is called in the main
 * loop once the device is unplugged. Outcomes of ccid_dev_new. */
HSM_MUST hsm_rc usbfs_new(
        const struct ccid_dev_setup *setup, void (*gone)(void *arg), void *arg, struct usbfs **out);

/* All programs are done with it. Accepts NULL. */
void usbfs_free(struct usbfs *u);

/* Borrowed. */
const struct ccid_dev_facts *usbfs_facts(const struct usbfs *u);
UMockdevIoctlBase *usbfs_ioctls(const struct usbfs *u);

/* The string descriptor `index` as the kernel reads it for sysfs; "" when there is none. */
void usbfs_string(struct usbfs *u, uint8_t index, char *text, size_t cap);

/* Makes the file that programs open, at its real path: a FIFO, full when there is nothing to reap.
 * A plain file would always be ready, and programs that wait for it would never sleep. */
HSM_MUST bool usbfs_make_node(struct usbfs *u, const char *path);

void usbfs_unplug(struct usbfs *u);

#endif
