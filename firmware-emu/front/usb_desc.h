/* Who the twin is on USB, as data: descriptors (USB 2.0, 9.6; HID 1.11, 6.2; CCID 1.10, 5.1) and
 * addresses. */
#ifndef TWINHSM_EMU_FRONT_USB_DESC_H
#define TWINHSM_EMU_FRONT_USB_DESC_H

#include "base/wr.h"

enum { USB_PACKET = 64 }; /* of endpoint 0 and of both bulk endpoints */

enum {
	USB_DESC_DEVICE = 1,
	USB_DESC_CONFIGURATION = 2,
	USB_DESC_STRING = 3,
	USB_DESC_HID = 0x21,
	USB_DESC_REPORT = 0x22,
};

/* String descriptor of this index has the card's serial number. */
enum { USB_STRING_SERIAL = 3, USB_STRINGS = 5 };

struct usb_model {
	const char *name; /* for messages */
	uint16_t vid, pid, bcd;
	struct rd device, configuration;
	struct rd hid, report;            /* empty: no HID interface; it is number 0 */
	const char *strings[USB_STRINGS]; /* by index; NULL: none */
	uint8_t interfaces;
	uint8_t ccid; /* its interface */
	uint8_t ep_out, ep_in, ep_notice, ep_hid;
	bool tpdu;        /* the host does T=1; otherwise the extended APDU level */
	bool always_card; /* says so whatever its power */
	bool notices;     /* sends slot changes */
};

extern const struct usb_model usb_models[]; /* by enum ccid_dev_model */

/* Writes the string descriptor; index 0 is the list of languages. False when there is none. */
HSM_MUST bool usb_string_put(
        const struct usb_model *m, uint8_t index, const char *serial, struct wr *w);

#endif
