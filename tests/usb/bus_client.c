#include "bus_client.h"

#include <stdio.h>
#include <stdlib.h>

#include "control.h"

enum { HEADER = 10, GET_SLOT_STATUS = 0x65, SLOT_STATUS = 0x81 };

static void tell(const char *command, const char *a, const char *b, const char *c, char *answer)
{
	const char *words[] = { command, a, b, c };
	char text[CONTROL_TEXT];
	int n = 1;

	while (n < 4 && words[n] != NULL)
		n++;
	if (!control_tell(n, words, text))
		fail_msg("%s: %s", command, text);
	if (answer != NULL)
		assert_int_equal(sscanf(text, "%11s", answer), 1);
}

libusb_device_handle *token_open(libusb_context *usb, const struct usb_token *d)
{
	libusb_device **list;
	libusb_device_handle *handle = NULL;
	ssize_t n = libusb_get_device_list(usb, &list);

	for (ssize_t i = 0; i < n; i++) {
		char port[12];

		snprintf(port, sizeof(port), "%u", libusb_get_port_number(list[i]));
		if (strcmp(port, d->port) == 0)
			assert_int_equal(libusb_open(list[i], &handle), 0);
	}
	libusb_free_device_list(list, 1);
	return handle;
}

void token_plug(struct usb_token *d, const char *faults)
{
	*d = (struct usb_token){ 0 };
	place_create(&d->token, EMU_KDF_CHEAP);
	if (faults == NULL)
		tell("plug", d->token.path, NULL, NULL, d->port);
	else
		tell("plug", "--fault", faults, d->token.path, d->port);
	assert_int_equal(libusb_init(&d->usb), 0);
	d->handle = token_open(d->usb, d);
	assert_non_null(d->handle);
	assert_int_equal(libusb_claim_interface(d->handle, CCID_INTERFACE), 0);
}

void token_unplug(const struct usb_token *d)
{
	tell("unplug", d->port, NULL, NULL, NULL);
}

unsigned token_messages(const struct usb_token *d)
{
	char n[12];

	tell("messages", d->port, NULL, NULL, n);
	return (unsigned)strtoul(n, NULL, 10);
}

void token_done(struct usb_token *d)
{
	libusb_close(d->handle);
	libusb_exit(d->usb);
	token_unplug(d);
	place_remove(&d->token);
}

int bulk_out(struct usb_token *d, const uint8_t *bytes, size_t n)
{
	uint8_t copy[ROOM];
	int moved, rc;

	assert_true(n <= sizeof(copy));
	memcpy(copy, bytes, n);
	rc = libusb_bulk_transfer(d->handle, EP_OUT, copy, (int)n, &moved, LONG);
	return rc == 0 ? moved : rc;
}

int bulk_in(struct usb_token *d, uint8_t *bytes, size_t room, unsigned timeout_ms)
{
	int moved;
	int rc = libusb_bulk_transfer(d->handle, EP_IN, bytes, (int)room, &moved, timeout_ms);

	return rc == 0 ? moved : rc;
}

int ccid_put(struct usb_token *d, uint8_t type, uint8_t bwi, const char *data)
{
	uint8_t message[ROOM] = { type };
	size_t n = emu_unhex(data, message + HEADER, sizeof(message) - HEADER);

	message[1] = (uint8_t)n;
	message[6] = ++d->seq;
	message[7] = bwi;
	return bulk_out(d, message, HEADER + n);
}

size_t ccid_talk(struct usb_token *d, uint8_t type, const char *data, uint8_t answer[ROOM])
{
	int n;

	assert_true(ccid_put(d, type, 0, data) >= HEADER);
	n = bulk_in(d, answer, ROOM, LONG);
	assert_true(n >= HEADER);
	assert_int_equal(n, HEADER + answer[1] + (answer[2] << 8));
	assert_int_equal(answer[6], d->seq);
	return (size_t)n;
}

void ccid_works(struct usb_token *d)
{
	uint8_t answer[ROOM];

	assert_int_equal(ccid_talk(d, GET_SLOT_STATUS, "", answer), HEADER);
	assert_int_equal(answer[0], SLOT_STATUS);
}
