/* The token over USB/IP, from the other end of the connection. Bytes in hex are those of Linux,
 * Documentation/usb/usbip_protocol.rst, and of the specifications of USB and CCID. */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/log.h"
#include "front/usb_twin.h"
#include "usb_client.h"

#define DEVLIST   "01118005 00000000"
#define IMPORT    "01118003 00000000 312d3100" ZEROS_28
#define ZEROS_28  "00000000000000000000000000000000000000000000000000000000"
#define CONFIGURE "00 09 0100 0000 0000" /* SET_CONFIGURATION 1 */
#define POWER_ON  "62 00000000 00 01 00 0000"

static int serve_as(void **state, enum front_usb_model model, const char *fault)
{
	const struct front_usb usb = { .model = model, .fault = fault };
	struct served *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	log_set(LOG_OFF);
	place_ready(&s->place, EMU_KDF_CHEAP);
	assert_int_equal(front_new(s->place.path, NULL, &s->front), HSM_OK);
	assert_int_equal(front_usbip(s->front, "127.0.0.1", "0", &usb), HSM_OK);
	*state = s;
	return 0;
}

static int serve_nitrokey(void **state)
{
	return serve_as(state, FRONT_USB_NITROKEY, NULL);
}

static int serve_stick(void **state)
{
	return serve_as(state, FRONT_USB_STICK, NULL);
}

/* The third answer takes the device with it. */
static int serve_falling(void **state)
{
	return serve_as(state, FRONT_USB_STICK, "unplug@3");
}

static void send_hex(const struct usb_client *c, const char *hex)
{
	uint8_t bytes[512];

	usb_send(c, rd_of(bytes, emu_unhex(hex, bytes, sizeof(bytes))));
}

static void check_bytes(struct rd got, const char *hex)
{
	uint8_t want[512];
	const size_t n = emu_unhex(hex, want, sizeof(want));

	assert_int_equal(got.n, n);
	assert_memory_equal(got.p, want, n);
}

static void configure(struct usb_client *c)
{
	const uint32_t seq = usb_ask_control(c, CONFIGURE, 0);

	assert_int_equal(usb_answer(c, seq, false).status, 0);
}

/* Powers the card up: the answer has its ATR. */
static void power_on(struct usb_client *c)
{
	const struct rd answer = usb_ccid(c, POWER_ON);

	assert_true(answer.n > 12);
	assert_int_equal(answer.p[0], 0x80);
	assert_int_equal(answer.p[7] & 0xC0, 0);
	assert_int_equal(answer.p[10], 0x3B);
}

/* ---- before the device is attached ---- */

static void devlist__says_what_is_there(void **state)
{
	struct served *s = *state;
	uint8_t bytes[12 + 312 + 8];
	struct usb_client c;

	usb_connect(&c, s->front);
	send_hex(&c, DEVLIST);
	assert_true(usb_receive(&c, bytes, sizeof(bytes)));
	check_bytes(rd_of(bytes, 12), "01110005 00000000 00000001");
	check_bytes(rd_of(bytes + 12 + 256, 8), "312d3100 00000000");
	/* bus 1, device 2, full speed, 20a0:4230; class by interface, one configuration */
	check_bytes(rd_of(bytes + 12 + 288, 16), "00000001 00000002 00000002 20a04230");
	check_bytes(rd_of(bytes + 12 + 306, 6), "000000 01 01 02");
	check_bytes(rd_of(bytes + 12 + 312, 8), "03000000 0b000000");
	assert_true(usb_ended(&c));
	usb_close(&c);
}

static void import__attached__is_refused_to_others_and_listed(void **state)
{
	struct served *s = *state;
	struct usb_client a, b;
	uint8_t bytes[12 + 312 + 8];

	usb_attach(&a, s->front);
	usb_connect(&b, s->front);
	send_hex(&b, IMPORT);
	assert_true(usb_receive(&b, bytes, 8));
	check_bytes(rd_of(bytes, 8), "01110003 00000001");
	assert_true(usb_ended(&b));
	usb_close(&b);
	usb_connect(&b, s->front);
	send_hex(&b, DEVLIST);
	assert_true(usb_receive(&b, bytes, sizeof(bytes)));
	usb_close(&b);
	configure(&a);
	usb_close(&a);
	usb_attach(&b, s->front);
	usb_close(&b);
}

static void import__other_device__is_refused(void **state)
{
	struct served *s = *state;
	struct usb_client c;

	usb_connect(&c, s->front);
	assert_false(usb_import(&c, "3-2"));
	assert_true(usb_ended(&c));
	usb_close(&c);
}

/* ---- transfers ---- */

/* The packets as a host sends them, byte by byte. */
static void urb__bytes_of_the_document__answered(void **state)
{
	struct served *s = *state;
	struct usb_client c;
	uint8_t bytes[48 + 18];

	usb_attach(&c, s->front);
	send_hex(&c, "00000001 00000d05 00010002 00000001 00000000"
	             "00000200 00000040 00000000 ffffffff 00000000"
	             "8006000100001200");
	assert_true(usb_receive(&c, bytes, sizeof(bytes)));
	check_bytes(rd_of(bytes, 48), "00000003 00000d05 00000000 00000000 00000000"
	                              "00000000 00000012 00000000 00000000 00000000"
	                              "0000000000000000");
	check_bytes(rd_of(bytes + 48, 2), "1201");
	check_bytes(rd_of(bytes + 48 + 8, 4), "a0203042");
	usb_close(&c);
}

static void descriptors__read_whole(void **state)
{
	struct served *s = *state;
	const struct ccid_dev_facts *facts = ccid_dev_facts(s->front->twins->dev);
	struct usb_client c;
	struct usbip_urb u;

	usb_attach(&c, s->front);
	u = usb_answer(&c, usb_ask_control(&c, "80 06 0002 0000 0900", 9), true);
	check_bytes(u.data, "09027600020100 80 32");
	u = usb_answer(&c, usb_ask_control(&c, "80 06 0002 0000 FF03", 1023), true);
	assert_true(rd_equal(u.data, facts->configuration));
	u = usb_answer(&c, usb_ask_control(&c, "80 06 0009 0000 FF03", 1023), true);
	assert_int_equal(u.status, -32);
	usb_close(&c);
}

static void exchange__t1_block__card_answers(void **state)
{
	struct served *s = *state;
	struct usb_client c;
	struct rd answer;

	usb_attach(&c, s->front);
	configure(&c);
	power_on(&c);
	/* S(IFS 254), and its answer; LRC as ISO 7816-3 has it */
	answer = usb_ccid(&c, "6F 05000000 00 02 00 0000  00 C1 01 FE 3E");
	check_bytes(answer, "80 05000000 00 02 00 00 00  00 E1 01 FE 1E");
	/* VERIFY without an applet */
	answer = usb_ccid(&c, "6F 08000000 00 03 00 0000  00 00 04 00200081 A5");
	check_bytes(answer, "80 06000000 00 03 00 00 00  00 00 02 6E00 6C");
	usb_close(&c);
}

static void exchange__apdu__card_answers(void **state)
{
	struct served *s = *state;
	struct usb_client c;

	usb_attach(&c, s->front);
	configure(&c);
	power_on(&c);
	check_bytes(usb_ccid(&c, "6F 11000000 00 02 00 0000" SELECT_CMD),
	        "80 0E000000 00 02 00 00 00 6F0A8201788505000100 0401 9000");
	check_bytes(usb_ccid(&c, "6F 0B000000 00 03 00 0000" VERIFY_CMD),
	        "80 02000000 00 03 00 00 00 9000");
	usb_close(&c);
}

/* A read that waits ends when there is something; another endpoint does not wait for it. */
static void in__waits__until_there_is_something(void **state)
{
	struct served *s = *state;
	uint8_t message[10];
	struct usb_client c;
	struct usbip_urb u;
	uint32_t in, out;

	usb_attach(&c, s->front);
	configure(&c);
	in = usb_ask_in(&c, USB_BULK_IN, 512);
	emu_unhex("65 00000000 00 07 000000", message, sizeof(message));
	out = usb_ask_out(&c, c.ep_out, rd_of(message, sizeof(message)));
	u = usb_answer(&c, out, false);
	assert_int_equal(u.actual, sizeof(message));
	u = usb_answer(&c, in, true);
	check_bytes(rd_of(u.data.p, 7), "81 00000000 00 07");
	usb_close(&c);
}

/* Commands in pieces that begin and end anywhere: all are run, in order. */
static void commands__in_any_pieces__run_in_order(void **state)
{
	static const uint8_t nothing[6000];
	struct served *s = *state;
	uint8_t bytes[6300];
	struct wr w = WR_ARRAY(bytes);
	struct usbip_urb u = { .kind = USBIP_CMD_SUBMIT, .devid = 0x10002 };
	struct usb_client c;

	usb_attach(&c, s->front);
	configure(&c);
	for (u.seq = 2; u.seq < 5; u.seq++) {
		u.ep = u.seq == 3 ? c.ep_out : 0;
		u.data = rd_of(nothing, u.seq == 3 ? sizeof(nothing) : 0);
		u.length = (uint32_t)u.data.n;
		emu_unhex(CONFIGURE, u.setup, sizeof(u.setup));
		assert_int_equal(usbip_urb_put(&w, &u), HSM_OK);
	}
	usb_send(&c, rd_of(bytes, 70));
	for (size_t sent = 70; sent < w.n; sent += 590)
		usb_send(&c, rd_of(bytes + sent, sent + 590 < w.n ? 590 : w.n - sent));
	assert_int_equal(usb_answer(&c, 2, false).status, 0);
	assert_int_equal(usb_answer(&c, 3, false).actual, sizeof(nothing));
	assert_int_equal(usb_answer(&c, 4, false).status, 0);
	usb_close(&c);
}

static void unlink__waiting__is_taken_back(void **state)
{
	struct served *s = *state;
	struct usb_client c;
	struct usbip_urb u;
	uint32_t first, second;

	usb_attach(&c, s->front);
	configure(&c);
	first = usb_ask_in(&c, USB_BULK_IN, 512);
	u = usb_answer(&c, usb_ask_unlink(&c, first), false);
	assert_int_equal(u.kind, USBIP_RET_UNLINK);
	assert_int_equal(u.status, -104);
	u = usb_answer(&c, usb_ask_unlink(&c, first), false);
	assert_int_equal(u.status, 0);
	second = usb_ask_control(&c, CONFIGURE, 0);
	assert_int_equal(usb_answer(&c, second, false).status, 0);
	u = usb_answer(&c, usb_ask_unlink(&c, second), false);
	assert_int_equal(u.kind, USBIP_RET_UNLINK);
	assert_int_equal(u.status, 0);
	power_on(&c);
	usb_close(&c);
}

/* ---- hosts that go, and hosts that misbehave ---- */

static void host_goes__card_loses_power(void **state)
{
	struct served *s = *state;
	struct usb_client c;
	uint8_t message[32];

	usb_attach(&c, s->front);
	configure(&c);
	power_on(&c);
	(void)usb_ccid(&c, "6F 11000000 00 02 00 0000" SELECT_CMD);
	check_bytes(usb_ccid(&c, "6F 0B000000 00 03 00 0000" VERIFY_CMD),
	        "80 02000000 00 03 00 00 00 9000");
	/* in the middle: an answer waits, another is being read, half a command has come */
	usb_ask_out(&c, c.ep_out,
	        rd_of(message, emu_unhex("6F 04000000 00 04 00 0000 00200081", message, 32)));
	usb_ask_in(&c, c.notice, 8);
	send_hex(&c, "00000001 0000");
	usb_close(&c);
	usb_attach(&c, s->front);
	configure(&c);
	power_on(&c);
	(void)usb_ccid(&c, "6F 11000000 00 02 00 0000" SELECT_CMD);
	check_bytes(usb_ccid(&c, "6F 04000000 00 03 00 0000 00200081"),
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
		send_hex(&bad, bad_cases[i].hex);
		if (bad_cases[i].stays)
			shutdown(bad.fd, SHUT_WR);
		assert_true(usb_ended(&bad));
		usb_close(&bad);
		usb_attach(&good, s->front);
		configure(&good);
		power_on(&good);
		usb_close(&good);
	}
}

/* While one host has the device, strangers come and go. */
static void bad_clients__do_not_disturb_who_has_it(void **state)
{
	struct served *s = *state;
	struct usb_client bad, good;

	usb_attach(&good, s->front);
	configure(&good);
	power_on(&good);
	for (size_t i = 0; i < sizeof(bad_cases) / sizeof(bad_cases[0]); i++) {
		if (bad_cases[i].attached)
			continue;
		usb_connect(&bad, s->front);
		send_hex(&bad, bad_cases[i].hex);
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
	configure(&c);
	power_on(&c);
	(void)usb_ccid(&c, "65 00000000 00 07 000000");
	usb_ask_out(
	        &c, c.ep_out, rd_of(message, emu_unhex("65 00000000 00 08 000000", message, 10)));
	(void)usb_answer(&c, c.seq, false);
	usb_ask_in(&c, USB_BULK_IN, 512);
	assert_true(usb_ended(&c));
	usb_close(&c);
	usb_attach(&c, s->front);
	configure(&c);
	power_on(&c);
	usb_close(&c);
}

/* The server ends while one client is attached with a read that waits, another says nothing. */
static void front_stop__clients_in_the_middle__ends(void **state)
{
	struct served *s = *state;
	struct usb_client attached, silent;

	usb_attach(&attached, s->front);
	configure(&attached);
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
	assert_int_equal(front_usbip(second, "256.0.0.1", "0", &usb), HSM_E_IO);
	usb.fault = "nonsense";
	assert_int_equal(front_usbip(second, "127.0.0.1", "0", &usb), HSM_E_IO);
	front_stop(second);
}

#define WITH(how, test) cmocka_unit_test_setup_teardown(test, how, served_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(serve_nitrokey, devlist__says_what_is_there),
		WITH(serve_nitrokey, import__attached__is_refused_to_others_and_listed),
		WITH(serve_nitrokey, import__other_device__is_refused),
		WITH(serve_nitrokey, urb__bytes_of_the_document__answered),
		WITH(serve_nitrokey, descriptors__read_whole),
		WITH(serve_nitrokey, exchange__t1_block__card_answers),
		WITH(serve_stick, exchange__apdu__card_answers),
		WITH(serve_nitrokey, in__waits__until_there_is_something),
		WITH(serve_nitrokey, commands__in_any_pieces__run_in_order),
		WITH(serve_nitrokey, unlink__waiting__is_taken_back),
		WITH(serve_stick, host_goes__card_loses_power),
		WITH(serve_nitrokey, bad_clients__are_closed__others_served),
		WITH(serve_nitrokey, bad_clients__do_not_disturb_who_has_it),
		WITH(serve_nitrokey, too_many_clients__are_refused),
		WITH(serve_falling, unplugged__connection_ends__plugged_in_again),
		WITH(serve_nitrokey, front_stop__clients_in_the_middle__ends),
		WITH(serve_nitrokey, front_usbip__bad_places__are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
