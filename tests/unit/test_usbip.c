/* wire/usbip.c and usbip_urb.c: the packets of the examples in Linux,
 * Documentation/usb/usbip_protocol.rst, and others by its tables. */
#include "vec.h"
#include "wire/usbip.h"

/* CmdIntrIN, CmdIntrOUT, RetIntrOut, RetIntrIn of the document. */
#define SENT                                                                                       \
	"ffffffff860008a784ce5ae212376300000000000000000000000000000000000000000000000000"         \
	"000000000000000000000000000000000000000000000000"
#define RECEIVED                                                                                   \
	"ffffffff860011a784ce5ae2123763612891b1020100000400000000000000000000000000000000"         \
	"000000000000000000000000000000000000000000000000"
static const char cmd_in[] = "0000000100000d050001000f0000000100000001"
                             "0000020000000040ffffffff0000000000000004"
                             "0000000000000000";
static const char cmd_out[] = "0000000100000d060001000f0000000000000001"
                              "0000000000000040ffffffff0000000000000004"
                              "0000000000000000" SENT;
static const char ret_out[] = "0000000300000d06000000000000000000000000"
                              "0000000000000040ffffffff0000000000000000"
                              "0000000000000000";
static const char ret_in[] = "0000000300000d05000000000000000000000000"
                             "0000000000000040ffffffff0000000000000000"
                             "0000000000000000" RECEIVED;

static void usbip_command__examples__read(void **state)
{
	struct usbip_urb u;
	struct vec v;
	size_t n;

	(void)state;
	check_rc("IN", usbip_command_get(unhex(&v, cmd_in), &u), HSM_OK);
	assert_int_equal(u.kind, USBIP_CMD_SUBMIT);
	assert_int_equal(u.seq, 0xd05);
	assert_int_equal(u.devid, 0x1000f);
	assert_true(u.in);
	assert_int_equal(u.ep, 1);
	assert_int_equal(u.flags, 0x200);
	assert_int_equal(u.length, 64);
	assert_int_equal(u.interval, 4);
	assert_int_equal(u.data.n, 0);
	check_rc("OUT", usbip_command_get(unhex(&v, cmd_out), &u), HSM_OK);
	assert_false(u.in);
	check_hex("OUT", u.data, SENT);
	check_rc("OUT, length", usbip_command_length(rd_of(v.p, 48), &n), HSM_OK);
	assert_int_equal(n, 48 + 64);
}

static void usbip_answer__examples__read(void **state)
{
	struct usbip_urb u;
	struct vec v;
	size_t n;

	(void)state;
	check_rc("IN", usbip_answer_get(unhex(&v, ret_in), true, &u), HSM_OK);
	assert_int_equal(u.seq, 0xd05);
	assert_int_equal(u.status, 0);
	assert_int_equal(u.actual, 64);
	check_hex("IN", u.data, RECEIVED);
	check_rc("IN, length", usbip_answer_length(rd_of(v.p, 48), true, &n), HSM_OK);
	assert_int_equal(n, 48 + 64);
	check_rc("OUT", usbip_answer_get(unhex(&v, ret_out), false, &u), HSM_OK);
	assert_int_equal(u.actual, 64);
	assert_int_equal(u.data.n, 0);
}

/* The same but for start_frame, which only isochronous transfers have. */
static const char *no_frame(char *out, const char *hex)
{
	memcpy(out, hex, strlen(hex) + 1);
	memset(out + 56, '0', 8);
	return out;
}

static void usbip_urb_put__examples__their_bytes(void **state)
{
	static const struct {
		const char *hex;
		bool command, in;
	} cases[] = { { cmd_in, true, true }, { cmd_out, true, false }, { ret_in, false, true },
		{ ret_out, false, false } };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t room[128];
		struct wr w = WR_ARRAY(room);
		char want[256];
		struct usbip_urb u;
		struct vec v;
		struct rd bytes = unhex(&v, cases[i].hex);

		check_rc("get",
		        cases[i].command ? usbip_command_get(bytes, &u)
		                         : usbip_answer_get(bytes, cases[i].in, &u),
		        HSM_OK);
		check_rc("put", usbip_urb_put(&w, &u), HSM_OK);
		check_hex("put", wr_rd(&w), no_frame(want, cases[i].hex));
	}
}

static void usbip_unlink__both__their_bytes(void **state)
{
	static const char cmd[] = "0000000200000007000100020000000000000000"
	                          "00000003"
	                          "000000000000000000000000000000000000000000000000";
	static const char ret[] = "0000000400000007000000000000000000000000"
	                          "ffffff98" /* -ECONNRESET */
	                          "000000000000000000000000000000000000000000000000";
	struct usbip_urb u, done;
	uint8_t room[64];
	struct wr w = WR_ARRAY(room);
	struct vec v;

	(void)state;
	check_rc("command", usbip_command_get(unhex(&v, cmd), &u), HSM_OK);
	assert_int_equal(u.kind, USBIP_CMD_UNLINK);
	assert_int_equal(u.unlink_seq, 3);
	check_rc("command", usbip_urb_put(&w, &u), HSM_OK);
	check_hex("command", wr_rd(&w), cmd);
	done = usbip_done(&u, -104, 0, (struct rd){ 0 });
	w.n = 0;
	check_rc("answer", usbip_urb_put(&w, &done), HSM_OK);
	check_hex("answer", wr_rd(&w), ret);
	check_rc("answer", usbip_answer_get(wr_rd(&w), false, &u), HSM_OK);
	assert_int_equal(u.status, -104);
}

/* A word of the head, changed. */
static void usbip_command__hostile__refused(void **state)
{
	static const struct {
		const char *what, *hex;
		size_t word;
		uint32_t value;
		hsm_rc length, get;
	} cases[] = {
		{ "no such packet", cmd_out, 0, 5, HSM_E_UNSUPPORTED, HSM_E_UNSUPPORTED },
		{ "an answer", cmd_out, 0, USBIP_RET_SUBMIT, HSM_E_UNSUPPORTED, HSM_E_UNSUPPORTED },
		{ "isochronous", cmd_out, 8, 1, HSM_E_UNSUPPORTED, HSM_E_UNSUPPORTED },
		{ "not isochronous, said with -1", cmd_out, 8, 0xFFFFFFFF, HSM_OK, HSM_OK },
		{ "more than the limit", cmd_out, 6, USBIP_DATA_MAX + 1, HSM_E_BAD_LEN,
		        HSM_E_BAD_LEN },
		{ "the limit", cmd_out, 6, USBIP_DATA_MAX, HSM_OK, HSM_E_BAD_LEN },
		{ "negative length", cmd_out, 6, 0xFFFFFFFF, HSM_E_BAD_LEN, HSM_E_BAD_LEN },
		{ "a byte less than there is", cmd_out, 6, 63, HSM_OK, HSM_E_BAD_LEN },
		{ "endpoint 16", cmd_out, 4, 16, HSM_OK, HSM_E_BAD_DATA },
		{ "direction 2", cmd_out, 3, 2, HSM_OK, HSM_E_BAD_LEN },
		{ "IN of more than the limit", cmd_in, 6, USBIP_DATA_MAX + 1, HSM_E_BAD_LEN,
		        HSM_E_BAD_LEN },
		{ "IN of the limit", cmd_in, 6, USBIP_DATA_MAX, HSM_OK, HSM_OK },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct usbip_urb u;
		struct vec v;
		size_t n;
		struct wr w = wr_of(v.p + 4 * cases[i].word, 4);

		(void)unhex(&v, cases[i].hex);
		wr_u32(&w, cases[i].value);
		check_rc(cases[i].what, usbip_command_length(rd_of(v.p, 48), &n), cases[i].length);
		check_rc(cases[i].what, usbip_command_get(rd_of(v.p, v.n), &u), cases[i].get);
	}
}

static void usbip_answer__hostile__refused(void **state)
{
	static const struct {
		const char *what;
		size_t word;
		uint32_t value;
		hsm_rc rc;
	} cases[] = {
		{ "a command", 0, USBIP_CMD_SUBMIT, HSM_E_UNSUPPORTED },
		{ "isochronous", 8, 1, HSM_E_UNSUPPORTED },
		{ "more than the limit", 6, USBIP_DATA_MAX + 1, HSM_E_BAD_LEN },
		{ "negative length", 6, 0x80000000, HSM_E_BAD_LEN },
		{ "a byte less than there is", 6, 63, HSM_E_BAD_LEN },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct usbip_urb u;
		struct vec v;
		struct wr w = wr_of(v.p + 4 * cases[i].word, 4);

		(void)unhex(&v, ret_in);
		wr_u32(&w, cases[i].value);
		check_rc(cases[i].what, usbip_answer_get(rd_of(v.p, v.n), true, &u), cases[i].rc);
	}
}

static void usbip__cut_off_anywhere__refused(void **state)
{
	struct usbip_urb u;
	struct vec v;

	(void)state;
	(void)unhex(&v, cmd_out);
	for (size_t n = 0; n < v.n; n++)
		check_rc("command", usbip_command_get(rd_of(v.p, n), &u), HSM_E_BAD_LEN);
	(void)unhex(&v, ret_in);
	for (size_t n = 0; n < v.n; n++)
		check_rc("answer", usbip_answer_get(rd_of(v.p, n), true, &u), HSM_E_BAD_LEN);
}

static const struct usbip_device twin = {
	.path = "/sys/devices/virtual/twin",
	.busid = "1-1",
	.busnum = 1,
	.devnum = 2,
	.speed = USBIP_SPEED_FULL,
	.vid = 0x20A0,
	.pid = 0x4230,
	.bcd = 0x0100,
	.configuration = 1,
	.configurations_n = 1,
	.interfaces_n = 2,
	.interfaces = { { 3, 0, 0 }, { 0x0B, 0, 0 } },
};

static void usbip_devlist__one_device__at_the_offsets_of_the_table(void **state)
{
	uint8_t room[512];
	struct wr w = WR_ARRAY(room);
	struct usbip_device d;
	struct rd r;
	uint32_t n;

	(void)state;
	check_rc("put", usbip_devlist_put(&w, &twin, 1), HSM_OK);
	assert_int_equal(w.n, 0x0C + 0x138 + 2 * 4);
	check_hex("head", rd_of(room, 12), "0111000500000000 00000001");
	assert_string_equal((char *)room + 0x0C, "/sys/devices/virtual/twin");
	assert_string_equal((char *)room + 0x10C, "1-1");
	check_hex("numbers", rd_of(room + 0x12C, 0x18),
	        "00000001 00000002 00000002 20A0 4230 0100 000000 01 01 02");
	check_hex("interfaces", rd_of(room + 0x144, 8), "03000000 0B000000");
	r = wr_rd(&w);
	check_rc("get", usbip_devlist_get(&r, &n), HSM_OK);
	assert_int_equal(n, 1);
	check_rc("device", usbip_device_get(&r, &d), HSM_OK);
	assert_string_equal(d.busid_read, "1-1");
	assert_int_equal(d.pid, 0x4230);
	assert_int_equal(d.interfaces[1].class_code, 0x0B);
	assert_int_equal(r.n, 0);
}

static void usbip_import__asked_and_answered(void **state)
{
	uint8_t room[512];
	struct wr w = WR_ARRAY(room);
	char busid[USBIP_BUSID + 1];
	struct usbip_device d;
	enum usbip_op op;
	struct rd r;
	size_t n;

	(void)state;
	check_rc("request", usbip_request_put(&w, "1-1"), HSM_OK);
	check_hex("request", rd_of(room, 11), "0111800300000000 312D31");
	check_rc("length", usbip_request_length(rd_of(room, 8), &n), HSM_OK);
	assert_int_equal(n, 40);
	check_rc("read", usbip_request_get(wr_rd(&w), &op, busid), HSM_OK);
	assert_int_equal(op, USBIP_REQ_IMPORT);
	assert_string_equal(busid, "1-1");
	w.n = 0;
	check_rc("answer", usbip_import_put(&w, &twin), HSM_OK);
	assert_int_equal(w.n, 8 + 0x138);
	check_hex("answer", rd_of(room, 8), "0111000300000000");
	r = wr_rd(&w);
	check_rc("answer, read", usbip_import_get(&r, &d), HSM_OK);
	assert_int_equal(d.vid, 0x20A0);
	w.n = 0;
	check_rc("refusal", usbip_import_put(&w, NULL), HSM_OK);
	check_hex("refusal", wr_rd(&w), "0111000300000001");
	r = wr_rd(&w);
	check_rc("refusal, read", usbip_import_get(&r, &d), HSM_E_NO_READER);
}

static void usbip_request__hostile__refused(void **state)
{
	uint8_t room[40];
	struct wr w = WR_ARRAY(room);
	char busid[USBIP_BUSID + 1];
	enum usbip_op op;
	size_t n;

	(void)state;
	check_rc("version", usbip_request_length(RD_LIT("\x01\x06\x80\x05\0\0\0\0"), &n),
	        HSM_E_UNSUPPORTED);
	check_rc("code", usbip_request_length(RD_LIT("\x01\x11\x00\x05\0\0\0\0"), &n),
	        HSM_E_UNSUPPORTED);
	check_rc(
	        "short", usbip_request_length(RD_LIT("\x01\x11\x80\x05\0\0\0"), &n), HSM_E_BAD_LEN);
	check_rc("list", usbip_request_get(RD_LIT("\x01\x11\x80\x05\0\0\0\0"), &op, busid), HSM_OK);
	assert_int_equal(op, USBIP_REQ_DEVLIST);
	check_rc("long", usbip_request_get(RD_LIT("\x01\x11\x80\x05\0\0\0\0\0"), &op, busid),
	        HSM_E_BAD_LEN);
	check_rc("put", usbip_request_put(&w, "1-1"), HSM_OK);
	memset(room + 8, 'x', 32);
	check_rc("no end", usbip_request_get(wr_rd(&w), &op, busid), HSM_E_BAD_DATA);
	assert_string_equal(busid, "");
	w.n = 0;
	check_rc("too long", usbip_request_put(&w, "a bus ID of 32 characters, which"),
	        HSM_E_BAD_LEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usbip_command__examples__read),
		cmocka_unit_test(usbip_answer__examples__read),
		cmocka_unit_test(usbip_urb_put__examples__their_bytes),
		cmocka_unit_test(usbip_unlink__both__their_bytes),
		cmocka_unit_test(usbip_command__hostile__refused),
		cmocka_unit_test(usbip_answer__hostile__refused),
		cmocka_unit_test(usbip__cut_off_anywhere__refused),
		cmocka_unit_test(usbip_devlist__one_device__at_the_offsets_of_the_table),
		cmocka_unit_test(usbip_import__asked_and_answered),
		cmocka_unit_test(usbip_request__hostile__refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
