/* wire/ccid_msg.c and ccid_chain.c: bytes as in CCID 1.10, section 6, and as libccid's log shows
 * them. */
#include "vec.h"
#include "wire/ccid_chain.h"

#define NONE ((struct rd){ 0 })

static const struct command_case {
	const char *name;
	struct ccid_msg m;
	const char *data, *bytes;
	uint8_t answer;
} commands[] = {
	{ "power on 3V", { CCID_POWER_ON, 0, 1, { 2, 0, 0 }, NONE }, "", "62 00000000 00 01 020000",
	        CCID_DATA_BLOCK },
	{ "power off", { CCID_POWER_OFF, 0, 2, { 0 }, NONE }, "", "63 00000000 00 02 000000",
	        CCID_STATUS },
	{ "slot status", { CCID_SLOT_STATUS, 1, 255, { 0 }, NONE }, "", "65 00000000 01 FF 000000",
	        CCID_STATUS },
	{ "S(IFS)", { CCID_XFR_BLOCK, 0, 3, { 0 }, NONE }, "00C101FE3E",
	        "6F 05000000 00 03 000000 00C101FE3E", CCID_DATA_BLOCK },
	{ "S(WTX)", { CCID_XFR_BLOCK, 0, 4, { 5, 0, 0 }, NONE }, "00E30105E7",
	        "6F 05000000 00 04 050000 00E30105E7", CCID_DATA_BLOCK },
	{ "go on", { CCID_XFR_BLOCK, 0, 5, { 0, CCID_GO_ON, 0 }, NONE }, "",
	        "6F 00000000 00 05 001000", CCID_DATA_BLOCK },
	{ "parameters of T=1", { CCID_SET_PARAMETERS, 0, 6, { 1, 0, 0 }, NONE }, "18100045 00FE00",
	        "61 07000000 00 06 010000 18100045 00FE00", CCID_PARAMETERS },
	{ "get parameters", { CCID_GET_PARAMETERS, 0, 7, { 0 }, NONE }, "",
	        "6C 00000000 00 07 000000", CCID_PARAMETERS },
	{ "reset parameters", { CCID_RESET_PARAMETERS, 0, 7, { 0 }, NONE }, "",
	        "6D 00000000 00 07 000000", CCID_PARAMETERS },
	{ "escape", { CCID_ESCAPE, 0, 8, { 0 }, NONE }, "01", "6B 01000000 00 08 000000 01",
	        CCID_ESCAPE_DATA },
	{ "abort", { CCID_ABORT, 0, 9, { 0 }, NONE }, "", "72 00000000 00 09 000000", CCID_STATUS },
	{ "rate", { CCID_SET_RATE, 0, 9, { 0 }, NONE }, "100E0000 80250000",
	        "73 08000000 00 09 000000 100E0000 80250000", CCID_RATE },
};

static void ccid_command__each__its_bytes_and_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(commands); i++) {
		const struct command_case *c = &commands[i];
		struct ccid_msg m = c->m, back;
		struct vec data, bytes;
		uint8_t room[64], answer;
		struct wr w = WR_ARRAY(room);

		m.data = unhex(&data, c->data);
		check_rc(c->name, ccid_put(&w, &m), HSM_OK);
		check_hex(c->name, wr_rd(&w), c->bytes);
		check_rc(c->name, ccid_get(unhex(&bytes, c->bytes), &back), HSM_OK);
		assert_int_equal(back.type, m.type);
		assert_int_equal(back.slot, m.slot);
		assert_int_equal(back.seq, m.seq);
		assert_memory_equal(back.param, m.param, 3);
		check_rd(c->name, back.data, m.data);
		check_rc(c->name, ccid_command_check(&back, &answer), HSM_OK);
		assert_int_equal(answer, c->answer);
	}
}

static const struct {
	const char *bytes;
	hsm_rc get, check;
} refused[] = {
	{ "", HSM_E_BAD_LEN, HSM_OK },
	{ "65 00000000 00 01 0000", HSM_E_BAD_LEN, HSM_OK },
	{ "6F 05000000 00 03 000000 00C101FE", HSM_E_BAD_LEN, HSM_OK },
	{ "6F 05000000 00 03 000000 00C101FE3E00", HSM_E_BAD_LEN, HSM_OK },
	{ "6F FFFFFFFF 00 03 000000 00C101FE3E00", HSM_E_BAD_LEN, HSM_OK },
	{ "64 00000000 00 01 000000", HSM_OK, HSM_E_UNSUPPORTED },
	{ "80 00000000 00 01 000000", HSM_OK, HSM_E_UNSUPPORTED },
	{ "65 01000000 00 01 000000 00", HSM_OK, HSM_E_BAD_LEN },
	{ "61 04000000 00 01 000000 00000000", HSM_OK, HSM_E_BAD_LEN },
	{ "61 08000000 00 01 000000 0000000000000000", HSM_OK, HSM_E_BAD_LEN },
};

static void ccid_command__malformed__refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct ccid_msg m;
		struct vec v;
		uint8_t answer;

		check_rc(refused[i].bytes, ccid_get(unhex(&v, refused[i].bytes), &m),
		        refused[i].get);
		if (refused[i].get == HSM_OK)
			check_rc(refused[i].bytes, ccid_command_check(&m, &answer),
			        refused[i].check);
	}
}

static void ccid_put__too_much__refused(void **state)
{
	static uint8_t data[CCID_DATA_MAX + 1], room[CCID_HEAD + CCID_DATA_MAX];
	struct ccid_msg m = { .type = CCID_XFR_BLOCK, .data = { data, sizeof(data) } };
	struct wr w = WR_ARRAY(room), small = wr_of(room, CCID_HEAD);

	(void)state;
	check_rc("longer", ccid_put(&w, &m), HSM_E_BAD_LEN);
	m.data.n--;
	check_rc("longest", ccid_put(&w, &m), HSM_OK);
	m.data.n = 1;
	check_rc("no room", ccid_put(&small, &m), HSM_E_SMALL);
}

/* The command is type, slot 0, bSeq 7. */
static const struct answer_case {
	const char *bytes;
	uint8_t command;
	hsm_rc rc;
	enum ccid_next next;
	enum ccid_card card;
	uint8_t multiplier, error, detail;
	const char *data;
} answers[] = {
	{ "80 05000000 00 07 000000 00E101FE1E", CCID_XFR_BLOCK, HSM_OK, CCID_DONE,
	        CCID_CARD_ACTIVE, 0, 0, 0, "00E101FE1E" },
	{ "80 02000000 00 07 000001 9000", CCID_XFR_BLOCK, HSM_OK, CCID_DONE, CCID_CARD_ACTIVE, 0,
	        0, CCID_BEGIN, "9000" },
	{ "80 00000000 00 07 800500", CCID_XFR_BLOCK, HSM_OK, CCID_LATER, CCID_CARD_ACTIVE, 5, 0, 0,
	        "" },
	{ "80 00000000 00 07 800000", CCID_XFR_BLOCK, HSM_OK, CCID_LATER, CCID_CARD_ACTIVE, 1, 0, 0,
	        "" },
	{ "81 00000000 00 07 010001", CCID_SLOT_STATUS, HSM_OK, CCID_DONE, CCID_CARD_INACTIVE, 0, 0,
	        1, "" },
	{ "81 00000000 00 07 020000", CCID_SLOT_STATUS, HSM_OK, CCID_DONE, CCID_CARD_ABSENT, 0, 0,
	        0, "" },
	{ "82 07000000 00 07 000001 1810004500FE00", CCID_GET_PARAMETERS, HSM_OK, CCID_DONE,
	        CCID_CARD_ACTIVE, 0, 0, 1, "1810004500FE00" },
	/* failed: the error */
	{ "80 00000000 00 07 41FE00", CCID_POWER_ON, HSM_E_MUTE, CCID_DONE, CCID_CARD_INACTIVE, 0,
	        0xFE, 0, "" },
	{ "80 00000000 00 07 42FE00", CCID_POWER_ON, HSM_E_NO_CARD, CCID_DONE, CCID_CARD_ABSENT, 0,
	        0xFE, 0, "" },
	{ "81 00000000 00 07 400000", CCID_ESCAPE, HSM_E_UNSUPPORTED, CCID_DONE, CCID_CARD_ACTIVE,
	        0, 0, 0, "" },
	{ "80 00000000 00 07 40FD00", CCID_XFR_BLOCK, HSM_E_IO, CCID_DONE, CCID_CARD_ACTIVE, 0,
	        0xFD, 0, "" },
	{ "80 00000000 00 07 40FF00", CCID_XFR_BLOCK, HSM_E_CANCELLED, CCID_DONE, CCID_CARD_ACTIVE,
	        0, 0xFF, 0, "" },
	{ "80 00000000 00 07 40E000", CCID_XFR_BLOCK, HSM_E_CARD_BUSY, CCID_DONE, CCID_CARD_ACTIVE,
	        0, 0xE0, 0, "" },
	{ "80 00000000 00 07 400800", CCID_XFR_BLOCK, HSM_E_BAD_PARAM, CCID_DONE, CCID_CARD_ACTIVE,
	        0, 0x08, 0, "" },
	{ "80 00000000 00 07 404200", CCID_XFR_BLOCK, HSM_E_BAD_PARAM, CCID_DONE, CCID_CARD_ACTIVE,
	        0, 0x42, 0, "" },
	{ "80 00000000 00 07 40C000", CCID_XFR_BLOCK, HSM_E_IO, CCID_DONE, CCID_CARD_ACTIVE, 0,
	        0xC0, 0, "" },
	/* not for this command */
	{ "", CCID_XFR_BLOCK, HSM_OK, CCID_STALE, 0, 0, 0, 0, "" },
	{ "80 05000000 00 06 000000 00E101FE1E", CCID_XFR_BLOCK, HSM_OK, CCID_STALE, 0, 0, 0, 0,
	        "" },
	{ "80 00000000 01 07 000000", CCID_XFR_BLOCK, HSM_OK, CCID_STALE, 0, 0, 0, 0, "" },
	/* broken */
	{ "80 000000", CCID_XFR_BLOCK, HSM_E_CARD_DATA, CCID_DONE, 0, 0, 0, 0, "" },
	{ "80 06000000 00 07 000000 00E101FE1E", CCID_XFR_BLOCK, HSM_E_CARD_DATA, CCID_DONE, 0, 0,
	        0, 0, "" },
	{ "81 00000000 00 07 000000", CCID_XFR_BLOCK, HSM_E_CARD_DATA, CCID_DONE, 0, 0, 0, 0, "" },
	{ "80 00000000 00 07 030000", CCID_XFR_BLOCK, HSM_E_CARD_DATA, CCID_DONE, 0, 0, 0, 0, "" },
	{ "80 00000000 00 07 C00000", CCID_XFR_BLOCK, HSM_E_CARD_DATA, CCID_DONE, 0, 0, 0, 0, "" },
};

static void ccid_judge__each_answer__as_expected(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		const struct answer_case *c = &answers[i];
		struct ccid_msg cmd = { .type = c->command, .seq = 7 };
		struct ccid_answer a;
		struct vec v;

		check_rc(c->bytes, ccid_judge(&cmd, unhex(&v, c->bytes), &a), c->rc);
		assert_int_equal(a.next, c->next);
		assert_int_equal(a.card, c->card);
		assert_int_equal(a.multiplier, c->multiplier);
		assert_int_equal(a.error, c->error);
		assert_int_equal(a.detail, c->detail);
		check_hex(c->bytes, a.data, c->data);
	}
}

static void check_reply(const char *name, const struct ccid_msg *m, const char *bytes)
{
	uint8_t room[64];
	struct wr w = WR_ARRAY(room);

	check_rc(name, ccid_put(&w, m), HSM_OK);
	check_hex(name, wr_rd(&w), bytes);
}

static void ccid_reply__each_kind__its_bytes(void **state)
{
	struct ccid_msg power = { .type = CCID_POWER_ON, .slot = 1, .seq = 9 };
	struct ccid_msg odd = { .type = 0x42, .seq = 9 };
	struct ccid_msg m;

	(void)state;
	m = ccid_reply(&power, CCID_CARD_ACTIVE, CCID_END, RD_LIT("\x3B\x00"));
	check_reply("done", &m, "80 02000000 01 09 000002 3B00");
	m = ccid_reply_failed(&power, CCID_CARD_ABSENT, CCID_ERR_MUTE);
	check_reply("failed", &m, "80 00000000 01 09 42FE00");
	m = ccid_reply_wait(&power, CCID_CARD_ACTIVE, 3);
	check_reply("time extension", &m, "80 00000000 01 09 800300");
	m = ccid_reply_failed(&odd, CCID_CARD_ACTIVE, CCID_ERR_UNSUPPORTED);
	check_reply("unknown command", &m, "81 00000000 00 09 400000");
}

static void ccid_error__all_256__an_outcome_and_a_text(void **state)
{
	(void)state;
	for (unsigned e = 0; e < 256; e++) {
		assert_int_not_equal(ccid_error_rc((uint8_t)e, CCID_CARD_ACTIVE), HSM_OK);
		assert_true(strlen(ccid_error_text((uint8_t)e)) > 5);
	}
	assert_string_not_equal(ccid_error_text(0xFE), ccid_error_text(0xFD));
	assert_int_equal(ccid_abort_value(1, 0x42), 0x4201);
}

static void ccid_t1__parameters__there_and_back(void **state)
{
	const struct ccid_t1 t1 = { .fidi = 0x18, .bwi_cwi = 0x45, .ifsc = 0xFE };
	uint8_t room[16];
	struct wr w = WR_ARRAY(room);
	struct ccid_t1 back;

	(void)state;
	ccid_t1_put(&w, &t1);
	check_hex("LRC", wr_rd(&w), "1810004500FE00");
	check_rc("CRC", ccid_t1_get(RD_LIT("\x11\x11\x00\x4D\x00\x20\x00"), &back), HSM_OK);
	assert_true(back.crc);
	assert_false(back.inverse);
	assert_int_equal(back.bwi_cwi, 0x4D);
	assert_int_equal(back.ifsc, 0x20);
	check_rc("TCCKS", ccid_t1_get(RD_LIT("\x11\x00\x00\x4D\x00\x20\x00"), &back),
	        HSM_E_BAD_DATA);
	check_rc("T=0", ccid_t1_get(RD_LIT("\x11\x00\x00\x0A\x00"), &back), HSM_E_BAD_LEN);
}

static void ccid_notice__slot_change_and_error__read(void **state)
{
	struct ccid_notice n;
	uint8_t room[4];
	struct wr w = WR_ARRAY(room);

	(void)state;
	check_rc("two slots", ccid_notice_get(RD_LIT("\x50\x0E"), &n), HSM_OK);
	assert_false(ccid_notice_present(&n, 0));
	assert_true(ccid_notice_changed(&n, 0));
	assert_true(ccid_notice_present(&n, 1));
	assert_true(ccid_notice_changed(&n, 1));
	assert_false(ccid_notice_present(&n, 2));
	assert_false(ccid_notice_changed(&n, 200));
	check_rc("fifth slot", ccid_notice_get(RD_LIT("\x50\x00\x03"), &n), HSM_OK);
	assert_true(ccid_notice_present(&n, 4));
	check_rc("error", ccid_notice_get(RD_LIT("\x51\x00\x07\x01"), &n), HSM_OK);
	assert_int_equal(n.type, CCID_HARDWARE_ERROR);
	assert_int_equal(n.seq, 7);
	assert_int_equal(n.code, 1);
	check_rc("short", ccid_notice_get(RD_LIT("\x50"), &n), HSM_E_BAD_LEN);
	check_rc("error, short", ccid_notice_get(RD_LIT("\x51\x00\x07"), &n), HSM_E_BAD_LEN);
	check_rc("other", ccid_notice_get(RD_LIT("\x52\x00"), &n), HSM_E_UNSUPPORTED);
	ccid_notice_put(&w, true, true);
	check_hex("inserted", wr_rd(&w), "5003");
}

static void ccid_chain__cut_and_gathered__the_same_apdu(void **state)
{
	static uint8_t bytes[1000], room[1000];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	for (size_t n = 0; n <= sizeof(bytes); n += 87) {
		struct ccid_cut cut = { .rest = { bytes, n }, .piece = 261 };
		struct wr w = WR_ARRAY(room);
		struct ccid_gather g = { .to = &w };
		bool complete = false;
		size_t pieces = 0;

		while (!cut.ended) {
			struct rd piece;
			enum ccid_chain chain = ccid_cut_next(&cut, &piece);

			assert_true(piece.n <= 261);
			assert_false(complete);
			check_rc("add", ccid_gather_add(&g, chain, piece, &complete), HSM_OK);
			pieces++;
		}
		assert_true(complete);
		assert_int_equal(pieces, n == 0 ? 1 : (n + 260) / 261);
		check_rd("whole", wr_rd(&w), rd_of(bytes, n));
	}
}

static void ccid_cut__three_pieces__begin_middle_end(void **state)
{
	struct ccid_cut cut = { .rest = RD_LIT("abcde"), .piece = 2 };
	struct rd piece;

	(void)state;
	assert_int_equal(ccid_cut_next(&cut, &piece), 1);
	assert_int_equal(ccid_cut_next(&cut, &piece), 3);
	assert_int_equal(ccid_cut_next(&cut, &piece), 2);
	check_rd("last", piece, RD_LIT("e"));
	assert_true(cut.ended);
}

static void ccid_gather__out_of_order_or_too_long__refused(void **state)
{
	uint8_t room[4];
	struct wr w = WR_ARRAY(room);
	struct ccid_gather g = { .to = &w };
	struct rd two = RD_LIT("ab");
	bool done;

	(void)state;
	check_rc("middle", ccid_gather_add(&g, CCID_MIDDLE, two, &done), HSM_E_BAD_DATA);
	check_rc("end", ccid_gather_add(&g, CCID_END, two, &done), HSM_E_BAD_DATA);
	check_rc("go on", ccid_gather_add(&g, CCID_GO_ON, two, &done), HSM_E_BAD_DATA);
	check_rc("begin", ccid_gather_add(&g, CCID_BEGIN, two, &done), HSM_OK);
	check_rc("begin again", ccid_gather_add(&g, CCID_BEGIN, two, &done), HSM_E_BAD_DATA);
	check_rc("begin", ccid_gather_add(&g, CCID_BEGIN, two, &done), HSM_OK);
	check_rc("middle", ccid_gather_add(&g, CCID_MIDDLE, two, &done), HSM_OK);
	assert_false(done);
	check_rc("no room", ccid_gather_add(&g, CCID_END, two, &done), HSM_E_SMALL);
	check_rc("whole", ccid_gather_add(&g, CCID_WHOLE, two, &done), HSM_OK);
	assert_true(done);
	check_rd("whole", wr_rd(&w), two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ccid_command__each__its_bytes_and_back),
		cmocka_unit_test(ccid_command__malformed__refused),
		cmocka_unit_test(ccid_put__too_much__refused),
		cmocka_unit_test(ccid_judge__each_answer__as_expected),
		cmocka_unit_test(ccid_reply__each_kind__its_bytes),
		cmocka_unit_test(ccid_error__all_256__an_outcome_and_a_text),
		cmocka_unit_test(ccid_t1__parameters__there_and_back),
		cmocka_unit_test(ccid_notice__slot_change_and_error__read),
		cmocka_unit_test(ccid_chain__cut_and_gathered__the_same_apdu),
		cmocka_unit_test(ccid_cut__three_pieces__begin_middle_end),
		cmocka_unit_test(ccid_gather__out_of_order_or_too_long__refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
