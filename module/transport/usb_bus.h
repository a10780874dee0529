/* The USB devices with a CCID function, by libusb, and pipes to them. Every user of this has a
 * libusb context of its own, since the process around us may use libusb, too. */
#ifndef TWINHSM_TRANSPORT_USB_BUS_H
#define TWINHSM_TRANSPORT_USB_BUS_H

#include "transport/transport.h"
#include "transport/usb_pipe.h"

struct libusb_context;
struct libusb_device;

enum {
	USB_PATH_MAX = 40,   /* "1-1.2": bus, ports; as the kernel names devices */
	USB_SERIAL_MAX = 64, /* with its zero byte */
	USB_NODE_MAX = sizeof("/dev/bus/usb/000/000"),
	USB_NAME_MAX = USB_SERIAL_MAX + USB_PATH_MAX,
};

struct usb_device {
	struct libusb_device *device; /* counted */
	struct ccid_function function;
	const struct quirk *quirk;
	uint16_t vid, pid;
	uint8_t bus, address, configuration;
	char path[USB_PATH_MAX];
	char serial[USB_SERIAL_MAX]; /* empty when it does not tell the device from others */
};

struct usb_bus {
	struct libusb_context *context;
	struct usb_device *devices;
	size_t n;
};

/* What is plugged in now. HSM_E_NO_READER: there is no USB here; HSM_E_MEMORY, HSM_E_IO. */
HSM_MUST hsm_rc usb_scan(struct usb_bus *out);
void usb_bus_done(struct usb_bus *b);

/* The device that `where` names: its serial number, its path, serial@path, or VID:PID in hex.
 * HSM_E_NO_READER, HSM_E_READERS. */
HSM_MUST hsm_rc usb_find(const struct usb_bus *b, const char *where, const struct usb_device **out);

/* The shortest of those that means `d` alone. */
void usb_name(const struct usb_bus *b, const struct usb_device *d, char out[USB_NAME_MAX]);

/* ---- usb_watch.c ---- */

/* tp_ops.watch and what belongs to it. */
HSM_MUST hsm_rc usb_watch(bool wake, struct tp_watch **out);
bool usb_changed(struct tp_watch *w);
void usb_unwatch(struct tp_watch *w);

/* ---- usb_lib.c ---- */

/* Opens the device that `where` names and claims its CCID function; `*d` is what it was found to
 * be, also when it cannot be used, without a reference to it. HSM_E_USB_ACCESS, HSM_E_USB_BUSY;
 * outcomes of usb_scan and usb_find. */
HSM_MUST hsm_rc usb_pipe_open(const char *where, struct usb_device *d, struct usb_pipe **out);

/* ---- usb_list.c ---- */

/* tp_ops.list, sight, usb_id, forget. With `wake` the cards in readers of all kinds are looked at,
 * without it only devices that are known to be SmartCard-HSMs. */
HSM_MUST hsm_rc usb_list(bool wake, tp_found *found, void *arg);
HSM_MUST hsm_rc usb_sight(const char *where, uint64_t *stamp);
HSM_MUST hsm_rc usb_id(const char *where, struct tp_usb_id *out);
void usb_forget(void);

/* A card in it was powered on: it stays in the list while it is in use. */
void usb_remember(const struct usb_device *d, bool is_hsm);

/* ---- usb_holder.c ---- */

/* The file that stands for the device. */
void usb_node(const struct usb_device *d, char out[USB_NODE_MAX]);

/* What opening it would say, as far as that can be seen without touching the device; one that this
 * process has open is usable. HSM_E_NO_READER, HSM_E_USB_ACCESS, HSM_E_USB_BUSY. */
HSM_MUST hsm_rc usb_usable(const struct usb_device *d);

/* Says who has the device open, as far as we may see that, and what to do. */
void usb_holder_say(const struct usb_device *d, const char *name);

/* Says which udev rule is missing. */
void usb_access_say(const struct usb_device *d, const char *name);

#endif
