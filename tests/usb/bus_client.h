/* A program with libusb on the bus of mock_token: what the tests of the bus share. */
#ifndef TWINHSM_TEST_USB_BUS_CLIENT_H
#define TWINHSM_TEST_USB_BUS_CLIENT_H

#include <libusb.h>

#include "emu_card.h"
#include "emu_file.h"

/* The Nitrokey HSM: ids and interface as in the reader list of the CCID project, endpoints as in
 * the firmware of the Nitrokey Pro. */
enum {
	NITROKEY_VENDOR = 0x20a0,
	NITROKEY_PRODUCT = 0x4230,
	CCID_INTERFACE = 1,
	EP_NOTICE = 0x81,
	EP_OUT = 0x02,
	EP_IN = 0x82,
};

/* Times in ms. LONG is what a test waits for something that must come. */
enum { LONG = 20000, SHORT = 200, ROOM = 512 };

/* A twin in one of the ports. */
struct usb_token {
	struct token_place token;
	char port[12];
	libusb_context *usb;
	libusb_device_handle *handle;
	uint8_t seq;
};

/* Plugs in a new twin with these faults (NULL: none), opens and claims it. */
void token_plug(struct usb_token *d, const char *faults);
void token_unplug(const struct usb_token *d);

/* How many messages its bulk endpoints have carried. */
unsigned token_messages(const struct usb_token *d);

/* Closes, unplugs, removes the token file. */
void token_done(struct usb_token *d);

/* Opens the device in the port once more; NULL: there is none. */
libusb_device_handle *token_open(libusb_context *usb, const struct usb_token *d);

/* Bulk transfers; the outcome is libusb's, or the number of bytes. */
int bulk_out(struct usb_token *d, const uint8_t *bytes, size_t n);
int bulk_in(struct usb_token *d, uint8_t *bytes, size_t room, unsigned timeout_ms);

/* Sends a CCID message of a type with data in hex; `bwi` is its byte 7. The outcome as above. */
int ccid_put(struct usb_token *d, uint8_t type, uint8_t bwi, const char *data);

/* The same, and reads the answer, which must have the number of the message; its length. */
size_t ccid_talk(struct usb_token *d, uint8_t type, const char *data, uint8_t answer[ROOM]);

/* GetSlotStatus and its answer: all is well. */
void ccid_works(struct usb_token *d);

#endif
