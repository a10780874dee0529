/* The token over USB/IP, from the other end of the connection. Bytes in hex are those of Linux,
 * Documentation/usb/usbip_protocol.rst, and of the specifications of USB and CCID. */
#include "front/usb_twin.h"
#include "usb_client.h"

#define DEVLIST  "01118005 00000000"
#define IMPORT   "01118003 00000000 312d3100" ZEROS_28
#define ZEROS_28 "00000000000000000000000000000000000000000000000000000000"

static int serve_nitrokey(void **state)
{
	return usb_serve(state, FRONT_USB_NITROKEY, NULL);
}

static int serve_stick(void **state)
{
	return usb_serve(state, FRONT_USB_STICK, NULL);
}

/* ---- before the device is attached ---- */

static void devlist__says_what_is_there(void **state)
{
	struct served *s = *state;
	uint8_t bytes[12 + 312 + 8];
	struct usb_client c;

	usb_connect(&c, s->front);
	usb_send_hex(&c, DEVLIST);
	assert_true(usb_receive(&c, bytes, sizeof(bytes)));
	usb_check(rd_of(bytes, 12), "01110005 00000000 00000001");
	usb_check(rd_of(bytes + 12 + 256, 8), "312d3100 00000000");
	/* bus 1, device 2, full speed, 20a0:4230; class by interface, one configuration */
	usb_check(rd_of(bytes + 12 + 288, 16), "00000001 00000002 00000002 20a04230");
	usb_check(rd_of(bytes + 12 + 306, 6), "000000 01 01 02");
	usb_check(rd_of(bytes + 12 + 312, 8), "03000000 0b000000");
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
	usb_send_hex(&b, IMPORT);
	assert_true(usb_receive(&b, bytes, 8));
	usb_check(rd_of(bytes, 8), "01110003 00000001");
	assert_true(usb_ended(&b));
	usb_close(&b);
	usb_connect(&b, s->front);
	usb_send_hex(&b, DEVLIST);
	assert_true(usb_receive(&b, bytes, sizeof(bytes)));
	usb_close(&b);
	usb_configure(&a);
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
	usb_send_hex(&c, "00000001 00000d05 00010002 00000001 00000000"
	                 "00000200 00000040 00000000 ffffffff 00000000"
	                 "8006000100001200");
	assert_true(usb_receive(&c, bytes, sizeof(bytes)));
	usb_check(rd_of(bytes, 48), "00000003 00000d05 00000000 00000000 00000000"
	                            "00000000 00000012 00000000 00000000 00000000"
	                            "0000000000000000");
	usb_check(rd_of(bytes + 48, 2), "1201");
	usb_check(rd_of(bytes + 48 + 8, 4), "a0203042");
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
	usb_check(u.data, "09027600020100 80 32");
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
	usb_configure(&c);
	usb_power_on(&c);
	/* S(IFS 254), and its answer; LRC as ISO 7816-3 has it */
	answer = usb_ccid(&c, "6F 05000000 00 02 00 0000  00 C1 01 FE 3E");
	usb_check(answer, "80 05000000 00 02 00 00 00  00 E1 01 FE 1E");
	/* VERIFY without an applet */
	answer = usb_ccid(&c, "6F 08000000 00 03 00 0000  00 00 04 00200081 A5");
	usb_check(answer, "80 06000000 00 03 00 00 00  00 00 02 6E00 6C");
	usb_close(&c);
}

static void exchange__apdu__card_answers(void **state)
{
	struct served *s = *state;
	struct usb_client c;

	usb_attach(&c, s->front);
	usb_configure(&c);
	usb_power_on(&c);
	usb_check(usb_ccid(&c, "6F 11000000 00 02 00 0000" SELECT_CMD),
	        "80 0E000000 00 02 00 00 00 6F0A8201788505000100 0401 9000");
	usb_check(usb_ccid(&c, "6F 0B000000 00 03 00 0000" VERIFY_CMD),
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
	usb_configure(&c);
	in = usb_ask_in(&c, USB_BULK_IN, 512);
	emu_unhex("65 00000000 00 07 000000", message, sizeof(message));
	out = usb_ask_out(&c, c.ep_out, rd_of(message, sizeof(message)));
	u = usb_answer(&c, out, false);
	assert_int_equal(u.actual, sizeof(message));
	u = usb_answer(&c, in, true);
	usb_check(rd_of(u.data.p, 7), "81 00000000 00 07");
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
	usb_configure(&c);
	for (u.seq = 2; u.seq < 5; u.seq++) {
		u.ep = u.seq == 3 ? c.ep_out : 0;
		u.data = rd_of(nothing, u.seq == 3 ? sizeof(nothing) : 0);
		u.length = (uint32_t)u.data.n;
		emu_unhex(USB_CONFIGURE, u.setup, sizeof(u.setup));
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
	usb_configure(&c);
	first = usb_ask_in(&c, USB_BULK_IN, 512);
	u = usb_answer(&c, usb_ask_unlink(&c, first), false);
	assert_int_equal(u.kind, USBIP_RET_UNLINK);
	assert_int_equal(u.status, -104);
	u = usb_answer(&c, usb_ask_unlink(&c, first), false);
	assert_int_equal(u.status, 0);
	second = usb_ask_control(&c, USB_CONFIGURE, 0);
	assert_int_equal(usb_answer(&c, second, false).status, 0);
	u = usb_answer(&c, usb_ask_unlink(&c, second), false);
	assert_int_equal(u.kind, USBIP_RET_UNLINK);
	assert_int_equal(u.status, 0);
	usb_power_on(&c);
	usb_close(&c);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
