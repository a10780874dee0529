/* A host for the tests of USB/IP: a socket, and what goes over it. */
#ifndef TWINHSM_TESTS_FRONT_USB_CLIENT_H
#define TWINHSM_TESTS_FRONT_USB_CLIENT_H

#include "served.h"
#include "wire/usbip.h"

#define USB_CONFIGURE "00 09 0100 0000 0000" /* setup packet of SET_CONFIGURATION 1 */

enum { USB_BULK_IN = 2, USB_ANSWER_MAX = 1024 };

struct usb_client {
	int fd;
	uint32_t seq;           /* of the last command */
	uint8_t ep_out, notice; /* endpoints of the model */
	uint8_t bytes[USBIP_HEAD + USB_ANSWER_MAX];
};

/* For cmocka tests: a fresh token served over USB/IP at any port, with a trace; torn down by
 * served_teardown. */
int usb_serve(void **state, enum front_usb_model model, const char *fault);

/* To the first device that the front serves over USB/IP. */
void usb_connect(struct usb_client *c, const struct front *f);
void usb_close(struct usb_client *c);

void usb_send(const struct usb_client *c, struct rd bytes);
void usb_send_hex(const struct usb_client *c, const char *hex);

/* Reads exactly as many; false at the end of the connection. */
bool usb_receive(struct usb_client *c, uint8_t *out, size_t n);

/* Has the other end hung up, with nothing more to read? Waits for it. */
bool usb_ended(struct usb_client *c);

/* Imports; false when it is refused, or the connection is. */
bool usb_import(struct usb_client *c, const char *busid);

/* A connection that has the device; waits until nobody else has. */
void usb_attach(struct usb_client *c, const struct front *f);

/* Sends commands; the number is returned. */
uint32_t usb_ask_in(struct usb_client *c, uint8_t ep, uint32_t length);
uint32_t usb_ask_out(struct usb_client *c, uint8_t ep, struct rd data);
uint32_t usb_ask_control(struct usb_client *c, const char *setup_hex, uint32_t length);
uint32_t usb_ask_unlink(struct usb_client *c, uint32_t seq);

/* The next answer, which must be to command `seq`; its data is borrowed. `in`: its direction. */
struct usbip_urb usb_answer(struct usb_client *c, uint32_t seq, bool in);

void usb_configure(struct usb_client *c);

/* Fails unless the bytes are these. */
void usb_check(struct rd got, const char *hex);

/* Powers the card up, over CCID; the answer must have an ATR. */
void usb_power_on(struct usb_client *c);

/* Sends a CCID message in hex; the answer is borrowed. */
struct rd usb_ccid(struct usb_client *c, const char *command);

#endif
