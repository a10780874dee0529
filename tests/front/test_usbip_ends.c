/* Hosts of USB/IP that go or misbehave, a device that goes, and the end of the server. */
#include <netdb.h>
#include <sys/socket.h>

#include "front/usb_twin.h"
#include "usb_client.h"

#define ZEROS_28 "00000000000000000000000000000000000000000000000000000000"

static int serve_nitrokey(void **state)
{
	return usb_serve(state, FRONT_USB_NITROKEY, NULL);
}

static int serve_stick(void **state)
{
	return usb_serve(state, FRONT_USB_STICK, NULL);
}

/* The third answer takes the device with it. */
static int serve_falling(void **state)
{
	return usb_serve(state, FRONT_USB_STICK, "unplug@3");
}

static void host_goes__card_loses_power(void **state)
{
	struct served *s = *state;
	struct usb_client c;
	uint8_t message[32];

	usb_attach(&c, s->front);
	usb_configure(&c);
	usb_power_on(&c);
	(void)usb_ccid(&c, "6F 11000000 00 02 00 0000" SELECT_CMD);
	usb_check(usb_ccid(&c, "6F 0B000000 00 03 00 0000" VERIFY_CMD),
	        "80 02000000 00 03 00 00 00 9000");
	/* in the middle: an answer waits, another is being read, half a command has come */
	usb_ask_out(&c, c.ep_out,
	        rd_of(message, emu_unhex("6F 04000000 00 04 00 0000 00200081", message, 32)));
	usb_ask_in(&c, c.notice, 8);
	usb_send_hex(&c, "00000001 0000");
	usb_close(&c);
	usb_attach(&c, s->front);
	usb_configure(&c);
	usb_power_on(&c);
	(void)usb_ccid(&c, "6F 11000000 00 02 00 0000" SELECT_CMD);
	usb_check(usb_ccid(&c, "6F 04000000 00 03 00 0000 00200081"),
	        "80 02000000 00 03 00 00 00 63C3");
	usb_close(&c);
}

static const struct bad_case {
	const char *hex;
	bool attached; /* after the import */
	bool stays;    /* the rest is awaited, until the client goes */
} bad_cases[] = {
	{ "474554202f20485454502f312e310d0a", false, false }, /* not USB/IP at all */
	{ "01068005 00000000", false, false },                /* another version */
	{ "01118007 00000000", false, false },                /* another request */
	{ "01118003 00000000 41414141414141414141414141414141"
	  "41414141414141414141414141414141",
	        false, false }, /* a bus ID without end */
	{ "011180", false, true },
	{ "01118003 00000000 312d31", false, true },
	{ "", false, true },
	{ "00000009 00000001 00010002 00000000 00000000" ZEROS_28, true, false }, /* kind */
	{ "00000001 00000001 00010003 00000000 00000000" ZEROS_28, true, false }, /* device */
	{ "00000001 00000001 00010002 00000000 00000010" ZEROS_28, true, false }, /* endpoint */
	{ "00000001 00000001 00010002 00000002 00000001" ZEROS_28, true, false }, /* direction */
	{ "00000001 00000001 00010002 00000000 00000002 00000000 ffffffff 00000000"
	  "00000000 00000000 0000000000000000",
	        true, false }, /* length */
	{ "00000001 00000001 00010002 00000001 00000002 00000000 00000040 00000000"
	  "00000003 00000000 0000000000000000",
	        true, false }, /* isochronous */
	{ "00000001 00000001 00010002", true, true },
	{ "00000001 00000001 00010002 00000000 00000002 00000000 0000000a 00000000"
	  "00000000 00000000 0000000000000000 6200",
	        true, true },
};

static void bad_clients__are_closed__others_served(void **state)
{
	struct served *s = *state;
	struct usb_client bad, good;

	for (size_t i = 0; i < sizeof(bad_cases) / sizeof(bad_cases[0]); i++) {
		if (bad_cases[i].attached)
			usb_attach(&bad, s->front);
		else
			usb_connect(&bad, s->front);
		usb_send_hex(&bad, bad_cases[i].hex);
		if (bad_cases[i].stays)
			shutdown(bad.fd, SHUT_WR);
		assert_true(usb_ended(&bad));
		usb_close(&bad);
		usb_attach(&good, s->front);
		usb_configure(&good);
		usb_power_on(&good);
		usb_close(&good);
	}
}

/* While one host has the device, strangers come and go. */
static void bad_clients__do_not_disturb_who_has_it(void **state)
{
	struct served *s = *state;
	struct usb_client bad, good;

	usb_attach(&good, s->front);
	usb_configure(&good);
	usb_power_on(&good);
	for (size_t i = 0; i < sizeof(bad_cases) / sizeof(bad_cases[0]); i++) {
		if (bad_cases[i].attached)
			continue;
		usb_connect(&bad, s->front);
		usb_send_hex(&bad, bad_cases[i].hex);
		usb_close(&bad);
		(void)usb_ccid(&good, "65 00000000 00 07 000000");
	}
	usb_close(&good);
}

static void too_many_clients__are_refused(void **state)
{
	struct served *s = *state;
	struct usb_client idle[16], more;

	for (int i = 0; i < 16; i++)
		usb_connect(&idle[i], s->front);
	usb_connect(&more, s->front);
	assert_true(usb_ended(&more));
	usb_close(&more);
	for (int i = 0; i < 16; i++)
		usb_close(&idle[i]);
	usb_attach(&more, s->front);
	usb_close(&more);
}

static void unplugged__connection_ends__plugged_in_again(void **state)
{
	struct served *s = *state;
	struct usb_client c;
	uint8_t message[10];

	usb_attach(&c, s->front);
	usb_configure(&c);
	usb_power_on(&c);
	(void)usb_ccid(&c, "65 00000000 00 07 000000");
	usb_ask_out(
	        &c, c.ep_out, rd_of(message, emu_unhex("65 00000000 00 08 000000", message, 10)));
	(void)usb_answer(&c, c.seq, false);
	usb_ask_in(&c, USB_BULK_IN, 512);
	assert_true(usb_ended(&c));
	usb_close(&c);
	usb_attach(&c, s->front);
	usb_configure(&c);
	usb_power_on(&c);
	usb_close(&c);
}

/* Each device that was plugged in is a session of its own; PINs are blanked. */
static void trace__over_usb__as_over_others(void **state)
{
	struct served *s = *state;
	AUTO_BUF text = { 0 };
	struct usb_client c;
	uint8_t message[64];

	usb_attach(&c, s->front);
	usb_configure(&c);
	usb_power_on(&c);
	(void)usb_ccid(&c, "6F 0B000000 00 03 00 0000" VERIFY_CMD);
	usb_ask_out(&c, c.ep_out,
	        rd_of(message, emu_unhex("6F 11000000 00 02 00 0000" SELECT_CMD, message, 64)));
	(void)usb_answer(&c, c.seq, false);
	usb_ask_in(&c, USB_BULK_IN, 512);
	assert_true(usb_ended(&c));
	usb_close(&c);
	usb_attach(&c, s->front);
	usb_configure(&c);
	usb_power_on(&c);
	(void)usb_ccid(&c, "6F 04000000 00 03 00 0000 00200081");
	usb_close(&c);
	file_read(s->trace, &text);
	assert_true(rd_equal(buf_rd(&text), rd_str("! session 1\n"
	                                           "> 0020008106XXXXXXXXXXXX\n< 6E00\n"
	                                           "> 00A404000BE82B0601040181C31F020100\n"
	                                           "< 6F0A820178850500010004019000\n"
	                                           "! session 2\n> 00200081\n< 6E00\n")));
}

/* The server ends while one client is attached with a read that waits, another says nothing. */
static void front_stop__clients_in_the_middle__ends(void **state)
{
	struct served *s = *state;
	struct usb_client attached, silent;

	usb_attach(&attached, s->front);
	usb_configure(&attached);
	usb_ask_in(&attached, USB_BULK_IN, 512);
	usb_connect(&silent, s->front);
	front_stop(s->front);
	s->front = NULL;
	assert_true(usb_ended(&attached));
	assert_true(usb_ended(&silent));
	usb_close(&attached);
	usb_close(&silent);
}

static void front_usbip__bad_places__are_refused(void **state)
{
	struct served *s = *state;
	struct sockaddr_storage at = { 0 };
	socklen_t n = sizeof(at);
	struct front_usb usb = { 0 };
	struct front *second;
	char port[8];

	assert_int_equal(getsockname(s->front->twins->listener, (struct sockaddr *)&at, &n), 0);
	assert_int_equal(
	        getnameinfo((struct sockaddr *)&at, n, NULL, 0, port, sizeof(port), NI_NUMERICSERV),
	        0);
	assert_int_equal(front_new(s->place.path, NULL, &second), HSM_OK);
	assert_int_equal(front_usbip(second, "127.0.0.1", port, &usb), HSM_E_IO);
	assert_int_equal(front_usbip(second, "192.0.2.1", "0", &usb), HSM_E_IO);
	usb.fault = "nonsense";
	assert_int_equal(front_usbip(second, "127.0.0.1", "0", &usb), HSM_E_IO);
	front_stop(second);
}

#define WITH(how, test) cmocka_unit_test_setup_teardown(test, how, served_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(serve_stick, host_goes__card_loses_power),
		WITH(serve_nitrokey, bad_clients__are_closed__others_served),
		WITH(serve_nitrokey, bad_clients__do_not_disturb_who_has_it),
		WITH(serve_nitrokey, too_many_clients__are_refused),
		WITH(serve_falling, unplugged__connection_ends__plugged_in_again),
		WITH(serve_falling, trace__over_usb__as_over_others),
		WITH(serve_nitrokey, front_stop__clients_in_the_middle__ends),
		WITH(serve_nitrokey, front_usbip__bad_places__are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
