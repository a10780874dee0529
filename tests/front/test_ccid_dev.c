/* The device on CCID's terms. Expected bytes: CCID 1.10, sections 6.1 and 6.2; ISO/IEC 7816-3:2006,
 * 11.6; and what is known of the Nitrokey's reader. The ATR is that of the card's model. */
#include <stdio.h>

#include "ccid_bus.h"

#define ATR       "3BDE96FF8191FE1FC38031815448534D3173802140810792"
#define PARAMS    "96 10 FF 4D 03 FE 00" /* TA1, LRC, TC1, BWI 4 and CWI 13, clock stop, IFSC */
#define SELECT_T1 "00A4040C0BE82B0601040181C31F0201"
#define ANY16     "................................"
#define ANY32     ANY16 ANY16

static struct ccid_bus *nitrokey(void)
{
	return bus_new(&(struct ccid_bus_how){ .model = CCID_DEV_NITROKEY });
}

static struct ccid_bus *stick(void)
{
	return bus_new(&(struct ccid_bus_how){ .model = CCID_DEV_STICK });
}

/* ---- power ---- */

static void power_on__both_models__atr(void **state)
{
	struct ccid_bus *b[] = { nitrokey(), stick() };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		BUS(b[i], "62 00000000 00 05 00 0000", "80 18000000 00 05 00 00 00" ATR);
		BUS(b[i], "62 00000000 00 06 02 0000", "80 18000000 00 06 00 00 00" ATR);
		BUS(b[i], "62 00000000 00 07 04 0000", "80 00000000 00 07 40 07 00");
		bus_free(b[i]);
	}
}

static void nitrokey__without_power__says_active_and_is_silent(void **state)
{
	struct ccid_bus *b = nitrokey();

	(void)state;
	BUS(b, "65 00000000 00 01 00 0000", "81 00000000 00 01 00 00 00");
	BUS(b, "6F 05000000 00 02 00 0000 00C101FE3E", "80 02000000 00 02 00 00 00 A5A5");
	bus_power(b);
	BUS(b, "6F 05000000 00 03 00 0000 00C101FE3E", "80 05000000 00 03 00 00 00 00E101FE1E");
	BUS(b, "63 00000000 00 04 00 0000", "81 00000000 00 04 01 00 01");
	BUS(b, "65 00000000 00 05 00 0000", "81 00000000 00 05 00 00 00");
	BUS(b, "6F 05000000 00 06 00 0000 00C101FE3E", "80 02000000 00 06 00 00 00 A5A5");
	bus_free(b);
}

static void stick__without_power__says_inactive_and_mute(void **state)
{
	struct ccid_bus *b = stick();

	(void)state;
	BUS(b, "65 00000000 00 01 00 0000", "81 00000000 00 01 01 00 01");
	BUS(b, "6F 04000000 00 02 00 0000 00840000", "80 00000000 00 02 41 FE 00");
	BUS(b, "6C 00000000 00 03 00 0000", "82 00000000 00 03 41 FE 00");
	bus_power(b);
	BUS(b, "65 00000000 00 04 00 0000", "81 00000000 00 04 00 00 00");
	BUS(b, "63 00000000 00 05 00 0000", "81 00000000 00 05 01 00 01");
	BUS(b, "65 00000000 00 06 00 0000", "81 00000000 00 06 01 00 01");
	bus_free(b);
}

/* The selected applet is forgotten: without one there is no challenge to be had. */
static void power_on__again__resets_the_card(void **state)
{
	struct token_place place;
	struct ccid_bus *b;

	(void)state;
	place_make(&place);
	place_ready(&place, EMU_KDF_CHEAP);
	b = bus_new(&(struct ccid_bus_how){ .model = CCID_DEV_STICK, .token = place.path });
	bus_power(b);
	assert_int_equal(bus_apdu_hex(b, SELECT_CMD), 0x9000);
	assert_int_equal(bus_apdu_hex(b, VERIFY_CMD), 0x9000);
	assert_int_equal(bus_apdu_hex(b, "00200081"), 0x9000); /* is in */
	bus_power(b);
	assert_int_equal(bus_apdu_hex(b, SELECT_CMD), 0x9000);
	assert_int_equal(bus_apdu_hex(b, "00200081"), 0x63C3);
	bus_free(b);
	place_remove(&place);
}

static void reset__of_the_port__takes_the_power(void **state)
{
	struct ccid_bus *b = stick();

	(void)state;
	bus_power(b);
	assert_int_equal(bus_out(b, "65 00000000 00 01 00 0000"), CCID_DEV_OK);
	ccid_dev_reset(b->dev);
	assert_int_equal(bus_control(b, "00 09 0100 0000 0000"), CCID_DEV_OK);
	assert_int_equal(bus_poll(b, 0x82, 512), CCID_DEV_NOT_YET);
	BUS(b, "65 00000000 00 02 00 0000", "81 00000000 00 02 01 00 01");
	bus_free(b);
}

/* ---- parameters ---- */

static void nitrokey__parameters__taken_and_ignored(void **state)
{
	struct ccid_bus *b = nitrokey();

	(void)state;
	BUS(b, "6C 00000000 00 01 00 0000", "82 07000000 00 01 00 00 01" PARAMS);
	BUS(b, "61 07000000 00 02 01 0000 11 10 00 15 00 20 00",
	        "82 07000000 00 02 00 00 01" PARAMS);
	BUS(b, "6D 00000000 00 03 00 0000", "82 07000000 00 03 00 00 01" PARAMS);
	bus_free(b);
}

static void stick__parameters__kept_until_reset(void **state)
{
	struct ccid_bus *b = stick();

	(void)state;
	bus_power(b);
	BUS(b, "6C 00000000 00 01 00 0000", "82 07000000 00 01 00 00 01" PARAMS);
	BUS(b, "61 07000000 00 02 01 0000 18 10 00 45 00 20 00",
	        "82 07000000 00 02 00 00 01 18 10 00 45 00 20 00");
	BUS(b, "6C 00000000 00 03 00 0000", "82 07000000 00 03 00 00 01 18 10 00 45 00 20 00");
	BUS(b, "61 05000000 00 04 00 0000 11 00 00 0A 00", "82 00000000 00 04 40 07 00");
	BUS(b, "61 07000000 00 05 01 0000 18 FF 00 45 00 20 00", "82 00000000 00 05 40 0B 00");
	BUS(b, "61 05000000 00 06 01 0000 18 10 00 45 00", "82 00000000 00 06 40 01 00");
	BUS(b, "6D 00000000 00 07 00 0000", "82 07000000 00 07 00 00 01" PARAMS);
	bus_free(b);
}

/* ---- errors ---- */

static void errors__as_the_specification_numbers_them(void **state)
{
	static const char *const pairs[][2] = {
		{ "65 00000000 01 11 00 0000", "81 00000000 01 11 42 05 00" }, /* no such slot */
		{ "62 00000000 01 12 00 0000", "80 00000000 01 12 42 05 00" },
		{ "42 00000000 00 13 00 0000", "81 00000000 00 13 40 00 00" }, /* unknown */
		{ "6B 01000000 00 14 00 0000 00", "83 00000000 00 14 40 00 00" },
		{ "6E 00000000 00 15 00 0000", "81 00000000 00 15 40 00 00" },
		{ "6A 00000000 00 16 00 0000", "81 00000000 00 16 40 00 00" },
		{ "73 08000000 00 17 00 0000 0000000000000000", "84 00000000 00 17 40 00 00" },
		{ "62 01000000 00 18 00 0000 00", "80 00000000 00 18 40 01 00" }, /* length */
		{ "65 05000000 00 19 00 0000", "81 00000000 00 19 40 01 00" },
	};
	struct ccid_bus *b[] = { nitrokey(), stick() };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		bus_power(b[i]);
		for (size_t k = 0; k < sizeof(pairs) / sizeof(pairs[0]); k++)
			BUS(b[i], pairs[k][0], pairs[k][1]);
		bus_free(b[i]);
	}
}

static void message__longer_than_271__bad_length(void **state)
{
	uint8_t bytes[10 + 262] = { 0x6F, 0x06, 0x01, 0, 0, 0, 0x21 };
	struct ccid_bus *b[] = { nitrokey(), stick() };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		bus_power(b[i]);
		assert_int_equal(bus_out_bytes(b[i], rd_of(bytes, sizeof(bytes))), CCID_DEV_OK);
		BUS_IN(b[i], "80 00000000 00 21 40 01 00");
		bus_free(b[i]);
	}
}

/* Less than a header has no bSeq to answer to. */
static void message__shorter_than_its_header__ignored(void **state)
{
	struct ccid_bus *b = nitrokey();

	(void)state;
	assert_int_equal(bus_out(b, "65 00000000 00 01 00 00"), CCID_DEV_OK);
	assert_int_equal(bus_poll(b, 0x82, 512), CCID_DEV_NOT_YET);
	assert_int_equal(bus_out(b, ""), CCID_DEV_OK);
	BUS(b, "65 00000000 00 02 00 0000", "81 00000000 00 02 00 00 00");
	bus_free(b);
}

/* ---- packets ---- */

/* 54 bytes of data, the last packet is full: XfrBlock of an I-block with 50 bytes, in two transfers
 * of which the second is empty, or in one. */
static void message__that_fills_its_packets__with_and_without_zero_length_packet(void **state)
{
	struct ccid_bus *b = nitrokey();
	uint8_t cmd[64];
	const uint8_t block[54] = { 0x00, 0x00, 50, 0x00, 0x84, [53] = 50 ^ 0x84 };
	size_t n;

	(void)state;
	bus_power(b);
	n = bus_xfr(b, 0, rd_of(block, sizeof(block)), cmd, sizeof(cmd));
	assert_int_equal(n, 64);
	assert_int_equal(bus_out_bytes(b, rd_of(cmd, n)), CCID_DEV_OK);
	assert_int_equal(bus_out_bytes(b, rd_of(cmd, 0)), CCID_DEV_OK);
	BUS_IN(b, "80 06000000 00 01 00 00 00 00 00 02 6700 65");
	bus_power(b);
	assert_int_equal(bus_out_bytes(b, rd_of(cmd, n)), CCID_DEV_OK);
	BUS_IN(b, "80 06000000 00 01 00 00 00 00 00 02 6700 65");
	bus_free(b);
}

/* A challenge of 48 bytes comes as a message of 64. */
static void ask_for_64_bytes(struct ccid_bus *b)
{
	bus_power(b);
	BUS_T1(b, "00 C1 01 32", "00 E1 01 32");
	BUS_T1(b, "00 00 10" SELECT_T1, "00 00 02 9000");
	assert_int_equal(
	        bus_out(b, "6F 09000000 00 44 00 0000 00 40 05 0084000030 F1"), CCID_DEV_OK);
	ccid_dev_settle(b->dev);
}

#define ANSWER_64 "80 36000000 00 44 00 00 00 00 40 32" ANY32 ANY16 "9000 .."

static void answer__of_64_bytes__ends_with_a_zero_length_packet(void **state)
{
	struct ccid_bus *b = nitrokey();

	(void)state;
	ask_for_64_bytes(b);
	assert_int_equal(bus_poll(b, 0x82, 512), CCID_DEV_OK);
	BUS_GOT(b, ANSWER_64);
	assert_int_equal(bus_poll(b, 0x82, 512), CCID_DEV_NOT_YET);
	BUS(b, "65 00000000 00 45 00 0000", "81 00000000 00 45 00 00 00");
	bus_free(b);
}

/* Who reads no more than the message stops the reader. */
static void nitrokey__zero_length_packet_not_read__next_command_waits(void **state)
{
	struct ccid_bus *b = nitrokey();

	(void)state;
	ask_for_64_bytes(b);
	assert_int_equal(bus_poll(b, 0x82, 64), CCID_DEV_OK);
	BUS_GOT(b, ANSWER_64);
	assert_int_equal(bus_out(b, "65 00000000 00 45 00 0000"), CCID_DEV_OK);
	assert_int_equal(bus_poll(b, 0x82, 64), CCID_DEV_OK);
	BUS_GOT(b, "");
	assert_int_equal(bus_poll(b, 0x82, 64), CCID_DEV_OK);
	BUS_GOT(b, "81 00000000 00 45 00 00 00");
	bus_free(b);
}

static void answer__without_room_for_a_packet__overflows(void **state)
{
	struct ccid_bus *b = nitrokey();

	(void)state;
	assert_int_equal(bus_out(b, "65 00000000 00 01 00 0000"), CCID_DEV_OK);
	assert_int_equal(bus_poll(b, 0x82, 5), CCID_DEV_OVERFLOW);
	BUS_IN(b, "81 00000000 00 01 00 00 00");
	bus_free(b);
}

/* The answers come in the order of the commands, those of a client that was killed first. */
static void commands__before_answers_were_read__wait_in_order(void **state)
{
	struct ccid_bus *b = nitrokey();
	char text[64];

	(void)state;
	for (unsigned i = 0; i < 9; i++) {
		snprintf(text, sizeof(text), "65 00000000 00 %02X 00 0000", i);
		assert_int_equal(bus_out(b, text), CCID_DEV_OK);
	}
	for (unsigned i = 0; i < 9; i++) {
		snprintf(text, sizeof(text), "81 00000000 00 %02X 00 00 00", i);
		BUS_IN(b, text);
	}
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(bus_out(b, "65 00000000 00 00 00 0000"), CCID_DEV_OK);
	assert_int_equal(bus_out(b, "65 00000000 00 00 00 0000"), CCID_DEV_STALL);
	bus_free(b);
}

/* ---- T=1 ---- */

static void t1__commands_chained_both_ways(void **state)
{
	struct ccid_bus *b = nitrokey();

	(void)state;
	bus_power(b);
	BUS_T1(b, "00 20 06 00A4040C0BE8", "00 90 00");
	BUS_T1(b, "00 40 0A 2B0601040181C31F0201", "00 00 02 9000");
	BUS_T1(b, "00 20 02 0084", "00 90 00");
	assert_int_equal(bus_out(b, "6F 07000000 00 50 00 0000 00 40 03 000030 73"), CCID_DEV_OK);
	BUS_IN(b, "80 24000000 00 50 00 00 00 00 60 20" ANY32 "..");
	assert_int_equal(bus_out(b, "6F 04000000 00 51 00 0000 00 80 00 80"), CCID_DEV_OK);
	BUS_IN(b, "80 16000000 00 51 00 00 00 00 00 12" ANY16 "9000 ..");
	bus_free(b);
}

static void t1__broken_block__asked_for_again(void **state)
{
	struct ccid_bus *b = nitrokey();

	(void)state;
	bus_power(b);
	BUS(b, "6F 06000000 00 01 00 0000 00 00 02 0084 87",
	        "80 04000000 00 01 00 00 00 00 81 00 81");
	BUS_T1(b, "00 00 02 0084", "00 00 02 6700");
	BUS_T1(b, "00 80 00", "00 00 02 6700"); /* R(0): the answer once more */
	BUS_T1(b, "00 C0 00", "00 E0 00");      /* RESYNCH: numbers begin at 0 */
	BUS_T1(b, "00 00 02 0084", "00 00 02 6700");
	bus_free(b);
}

static void nitrokey__pps__comes_back(void **state)
{
	struct ccid_bus *b = nitrokey();

	(void)state;
	bus_power(b);
	BUS(b, "6F 04000000 00 01 00 0000 FF 11 96 78", "80 04000000 00 01 00 00 00 FF 11 96 78");
	BUS(b, "6F 00000000 00 02 00 0000", "80 02000000 00 02 00 00 00 A5A5");
	BUS_T1(b, "00 00 02 0084", "00 00 02 6700");
	bus_free(b);
}

/* ---- extended APDUs ---- */

/* A command of 307 bytes with an instruction that is not known, in 261 and 46. */
static void stick__command_in_pieces__empty_blocks_ask_for_more(void **state)
{
	struct ccid_bus *b = stick();
	uint8_t bytes[10 + 261] = { 0x6F, 0x05, 0x01, 0, 0, 0, 0x31, 0, 0x01, 0 };

	(void)state;
	bus_power(b);
	assert_int_equal(bus_apdu_hex(b, SELECT_CMD), 0x9000);
	memcpy(bytes + 10, "\x00\xEE\x00\x00\x00\x01\x2C", 7);
	assert_int_equal(bus_out_bytes(b, rd_of(bytes, sizeof(bytes))), CCID_DEV_OK);
	BUS_IN(b, "80 00000000 00 31 00 00 10");
	memcpy(bytes, "\x6F\x2E\x00\x00\x00\x00\x32\x00\x02\x00", 10);
	memset(bytes + 10, 0, 7);
	assert_int_equal(bus_out_bytes(b, rd_of(bytes, 10 + 46)), CCID_DEV_OK);
	BUS_IN(b, "80 02000000 00 32 00 00 00 6D00");
	bus_free(b);
}

/* 300 bytes and the status word: 261 and 41. */
static void stick__answer_in_pieces__each_asked_for(void **state)
{
	struct ccid_bus *b = stick();

	(void)state;
	bus_power(b);
	assert_int_equal(bus_apdu_hex(b, SELECT_CMD), 0x9000);
	assert_int_equal(bus_out(b, "6F 07000000 00 41 00 0000 00840000 00012C"), CCID_DEV_OK);
	assert_int_equal(bus_in(b, 0x82, 512), CCID_DEV_OK);
	assert_int_equal(b->n, 271);
	assert_memory_equal(b->in, "\x80\x05\x01\x00\x00\x00\x41\x00\x00\x01", 10);
	assert_int_equal(bus_out(b, "6F 00000000 00 42 00 1000"), CCID_DEV_OK);
	BUS_IN(b, "80 29000000 00 42 00 00 02" ANY32 ".............. 9000");
	BUS(b, "6F 00000000 00 43 00 1000", "80 00000000 00 43 40 08 00");
	bus_free(b);
}

static void stick__blocks_that_fit_no_chain__bad_level(void **state)
{
	struct ccid_bus *b = stick();

	(void)state;
	bus_power(b);
	BUS(b, "6F 01000000 00 01 00 0200 00", "80 00000000 00 01 40 08 00"); /* ends */
	BUS(b, "6F 01000000 00 02 00 0300 00", "80 00000000 00 02 40 08 00"); /* goes on */
	BUS(b, "6F 00000000 00 03 00 1000", "80 00000000 00 03 40 08 00");
	BUS(b, "6F 01000000 00 04 00 0400 00", "80 00000000 00 04 40 08 00");
	BUS_XFR(b, 1, "00", 0x10, "");
	BUS(b, "6F 01000000 00 05 00 0100 00", "80 00000000 00 05 40 08 00"); /* begins twice */
	BUS_XFR(b, 0, "0084", 0, "6700");
	bus_free(b);
}

/* 65544 bytes is what a command may have at most. */
static void stick__endless_chain__refused(void **state)
{
	struct ccid_bus *b = stick();
	uint8_t bytes[10 + 261] = { 0x6F, 0x05, 0x01, 0, 0, 0, 0, 0, 0x01, 0 };
	unsigned n = 0;

	(void)state;
	bus_power(b);
	do {
		assert_int_equal(bus_out_bytes(b, rd_of(bytes, sizeof(bytes))), CCID_DEV_OK);
		assert_int_equal(bus_in(b, 0x82, 512), CCID_DEV_OK);
		bytes[8] = 0x03;
		n++;
	} while (b->in[7] == 0);
	BUS_GOT(b, "80 00000000 00 00 40 01 00");
	assert_int_equal(n, 65544 / 261 + 1);
	BUS_XFR(b, 0, "0084", 0, "6700");
	bus_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(power_on__both_models__atr),
		cmocka_unit_test(nitrokey__without_power__says_active_and_is_silent),
		cmocka_unit_test(stick__without_power__says_inactive_and_mute),
		cmocka_unit_test(power_on__again__resets_the_card),
		cmocka_unit_test(reset__of_the_port__takes_the_power),
		cmocka_unit_test(nitrokey__parameters__taken_and_ignored),
		cmocka_unit_test(stick__parameters__kept_until_reset),
		cmocka_unit_test(errors__as_the_specification_numbers_them),
		cmocka_unit_test(message__longer_than_271__bad_length),
		cmocka_unit_test(message__shorter_than_its_header__ignored),
		cmocka_unit_test(
		        message__that_fills_its_packets__with_and_without_zero_length_packet),
		cmocka_unit_test(answer__of_64_bytes__ends_with_a_zero_length_packet),
		cmocka_unit_test(nitrokey__zero_length_packet_not_read__next_command_waits),
		cmocka_unit_test(answer__without_room_for_a_packet__overflows),
		cmocka_unit_test(commands__before_answers_were_read__wait_in_order),
		cmocka_unit_test(t1__commands_chained_both_ways),
		cmocka_unit_test(t1__broken_block__asked_for_again),
		cmocka_unit_test(nitrokey__pps__comes_back),
		cmocka_unit_test(stick__command_in_pieces__empty_blocks_ask_for_more),
		cmocka_unit_test(stick__answer_in_pieces__each_asked_for),
		cmocka_unit_test(stick__blocks_that_fit_no_chain__bad_level),
		cmocka_unit_test(stick__endless_chain__refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
