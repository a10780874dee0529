/* CCID as a host, on frames written after the specification (CCID 1.10, sections 5.3 and 6). */
#include "ccid_frames.h"

/* ---- power and parameters ---- */

static void nitrokey__only_ifs(void **state)
{
	struct script_pipe s;
	struct ccid_host *h = token(&s, NITROKEY);

	(void)state;
	assert_true(ccid_host_is_hsm(h));
	assert_int_equal(ccid_host_command_max(h), 65544);
	SCRIPT(&s, IFS("03"), ASK("04"), ANSWER("04"), OFF("05"));
	asks(h, HSM_OK);
	closes(h, &s);
}

/* TCCKS 10 (LRC), guard time 0, BWI 4 and CWI 5, clock stop 0, IFSC 254, NAD 0; FiDi 18 needs
 * 3.6 MHz * 12 / 372 = 116129 bit/s, which is what the reader has. */
static void reader_with_pps__gets_parameters(void **state)
{
	struct script_pipe s;

	(void)state;
	script_init(&s, 0x000100BA);
	SCRIPT(&s, OPEN, "> 61 07000000 00 03 010000 18 10 00 45 00 FE 00",
	        "< 82 07000000 00 03 000001 18 10 00 45 00 FE 00", OFF("04"));
	closes(host_open(&s), &s);
	script_init(&s, 0x000100BA);
	s.pipe.function.class_desc.rate_max = 116128;
	SCRIPT(&s, OPEN, "> 61 07000000 00 03 010000 11 10 00 45 00 FE 00",
	        "< 82 07000000 00 03 000001 11 10 00 45 00 FE 00", OFF("04"));
	closes(host_open(&s), &s);
}

static void reader_without_pps__the_host_does_it(void **state)
{
	struct script_pipe s;

	(void)state;
	script_init(&s, PLAIN_TPDU | 0x08);
	SCRIPT(&s, OPEN, "> 6F 04000000 00 03 000000 FF1118F6",
	        "< 80 04000000 00 03 000000 FF1118F6",
	        "> 61 07000000 00 04 010000 18 10 00 45 00 FE 00",
	        "< 82 07000000 00 04 000001 18 10 00 45 00 FE 00", OFF("05"));
	closes(host_open(&s), &s);
	/* the card agrees to T=1, and to no other F and D */
	script_init(&s, PLAIN_TPDU | 0x08);
	SCRIPT(&s, OPEN, "> 6F 04000000 00 03 000000 FF1118F6", "< 80 03000000 00 03 000000 FF01FE",
	        "> 61 07000000 00 04 010000 11 10 00 45 00 FE 00",
	        "< 82 07000000 00 04 000001 11 10 00 45 00 FE 00", OFF("05"));
	closes(host_open(&s), &s);
}

static void reader_that_negotiates__is_left_alone(void **state)
{
	struct script_pipe s;

	(void)state;
	script_init(&s, 0x00040840); /* Pico HSM, Nitrokey 3 */
	SCRIPT(&s, DRAIN, STATUS, OFF("01"), "> 62 00000000 00 02 010000",
	        "< 80 18000000 00 02 000000" ATR, OFF("03"));
	closes(host_open(&s), &s);
}

static void mute_card__every_voltage__twice(void **state)
{
#define TRIED(off, on, v)                                                                          \
	OFF(off), "> 62 00000000 00 " on " " v "0000", "< 80 00000000 00 " on " 41FE00"
	struct ccid_host *h;
	struct script_pipe s;

	(void)state;
	script_init(&s, 0x00040840);
	SCRIPT(&s, DRAIN, STATUS, TRIED("01", "02", "01"), TRIED("03", "04", "02"), OFF("05"),
	        "> 62 00000000 00 06 030000", "< 80 18000000 00 06 000000" ATR, OFF("07"));
	closes(host_open(&s), &s);
	script_init(&s, 0x00040840);
	s.pipe.function.class_desc.voltages = 2;
	SCRIPT(&s, DRAIN, STATUS, TRIED("01", "02", "02"), TRIED("03", "04", "02"));
	assert_rc(ccid_host_open(&s.pipe, &h), HSM_E_MUTE);
	script_played(&s);
}

static void cards_that_we_cannot_use__refused(void **state)
{
	static const struct {
		const char *lines[6];
		hsm_rc rc;
	} rows[] = {
		{ { "> 65 00000000 00 00 000000", "< 81 00000000 00 00 020001" }, HSM_E_NO_CARD },
		{ { "> 65 00000000 00 00 000000", "< 81 00000000 00 00 42FE01" }, HSM_E_NO_CARD },
		/* T=0 only */
		{ { STATUS, OFF("01"), "> 62 00000000 00 02 000000",
		          "< 80 02000000 00 02 000000 3B00" },
		        HSM_E_UNSUPPORTED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ccid_host *h;
		struct script_pipe s;

		script_init(&s, NITROKEY);
		SCRIPT(&s, DRAIN);
		for (size_t k = 0; k < COUNT(rows[i].lines) && rows[i].lines[k] != NULL; k++)
			SCRIPT(&s, rows[i].lines[k]);
		assert_rc(ccid_host_open(&s.pipe, &h), rows[i].rc);
		script_played(&s);
	}
}

static void character_level__refused(void **state)
{
	struct ccid_host *h;
	struct script_pipe s;

	(void)state;
	script_init(&s, 0x000000BA);
	assert_rc(ccid_host_open(&s.pipe, &h), HSM_E_UNSUPPORTED);
	script_played(&s);
}

/* ---- time ---- */

static void wtx__is_waited_for(void **state)
{
	struct script_pipe s;
	struct ccid_host *h = token(&s, NITROKEY);

	(void)state;
	SCRIPT(&s, IFS("03"), ASK("04"), "< 80 05000000 00 04 000000 00C30103C1",
	        "> 6F 05000000 00 05 030000 00E30103E1", "- 9000", "c", "a 00 06",
	        "> 72 00000000 00 06 000000", "< 81 00000000 00 06 000000", DRAIN,
	        "> 65 00000000 00 07 000000", "< 81 00000000 00 07 000000", OFF("08"), ON("09"),
	        IFS("0A"), ASK("0B"), ANSWER("0B"), OFF("0C"));
	asks(h, HSM_E_TIMEOUT);
	assert_int_equal(ccid_host_resets(h), 0);
	asks(h, HSM_E_RESET);
	assert_int_equal(ccid_host_resets(h), 1);
	asks(h, HSM_OK);
	closes(h, &s);
}

static void time_extension__is_waited_for(void **state)
{
	struct script_pipe s;
	struct ccid_host *h = token(&s, STICK);

	(void)state;
	SCRIPT(&s, APDU_ASK("03"), "< 80 00000000 00 03 800200", "+ 5990", APDU_ANSWER("03"),
	        APDU_ASK("04"), "< 80 00000000 00 04 800400", "- 12000", "c", "A 00 05", DRAIN,
	        "> 65 00000000 00 05 000000", "< 81 00000000 00 05 010001", OFF("06"), ON("07"),
	        OFF("08"));
	asks(h, HSM_OK);
	asks(h, HSM_E_TIMEOUT);
	asks(h, HSM_E_RESET);
	closes(h, &s);
}

/* A minute in all, ten for keys; the last waiting is no longer than what is left. */
static void endless_extensions__come_to_the_limit(void **state)
{
	static const uint8_t generate[] = { 0x00, 0x46, 0x01, 0x00, 0x00 };
	struct script_pipe s;
	struct ccid_host *h = token(&s, STICK);
	uint8_t bytes[16];
	struct wr w = WR_ARRAY(bytes);

	(void)state;
	SCRIPT(&s, APDU_ASK("03"), "< 80 00000000 00 03 800A00", "+ 29000",
	        "< 80 00000000 00 03 80FF00", "- 30997", "c", "A 00 04", DRAIN,
	        "> 65 00000000 00 04 000000", "< 81 00000000 00 04 010001", OFF("05"), ON("06"),
	        "> 6F 05000000 00 07 000000 0046010000", "< 80 00000000 00 07 80FF00", "+ 598000",
	        "< 80 02000000 00 07 000000 9000", OFF("08"));
	asks(h, HSM_E_TIMEOUT);
	asks(h, HSM_E_RESET);
	assert_ok(ccid_host_xfer(h, rd_of(generate, sizeof(generate)), &w));
	assert_hex(wr_rd(&w), "9000");
	closes(h, &s);
}

/* ---- levels ---- */

static void long_apdus__in_pieces(void **state)
{
	struct script_pipe s;
	struct ccid_host *h = token(&s, STICK);
	uint8_t command[530], bytes[600];
	struct wr w = WR_ARRAY(bytes);

	(void)state;
	memset(command, 0xAA, sizeof(command));
	SCRIPT(&s, "> 6F 05010000 00 03 000100 AA*261", "< 80 00000000 00 03 000010",
	        "> 6F 05010000 00 04 000300 AA*261", "< 80 00000000 00 04 000010",
	        "> 6F 08000000 00 05 000200 AA*8", "< 80 05010000 00 05 000001 BB*261",
	        "> 6F 00000000 00 06 001000", "< 80 05010000 00 06 000003 CC*261",
	        "> 6F 00000000 00 07 001000", "< 80 02000000 00 07 000002 9000", OFF("08"));
	assert_ok(ccid_host_xfer(h, rd_of(command, sizeof(command)), &w));
	assert_int_equal(w.n, 524);
	assert_true(bytes[0] == 0xBB && bytes[260] == 0xBB && bytes[261] == 0xCC);
	assert_true(bytes[521] == 0xCC && bytes[522] == 0x90);
	closes(h, &s);
}

/* More than was asked for. */
static void too_long_an_answer__refused(void **state)
{
	struct script_pipe s;
	struct ccid_host *h = token(&s, STICK);

	(void)state;
	SCRIPT(&s, APDU_ASK("03"), "< 80 11000000 00 03 000000 01*17");
	asks(h, HSM_E_SMALL);
	ccid_host_close(h);
	script_played(&s);
}

static void short_level__no_long_commands(void **state)
{
	static const uint8_t extended[] = { 0x00, 0x84, 0x00, 0x00, 0x00, 0x01, 0x00 };
	struct script_pipe s;
	struct ccid_host *h;
	uint8_t bytes[300];
	struct wr w = WR_ARRAY(bytes);

	(void)state;
	script_init(&s, SHORT_APDU);
	s.pipe.quirk = &script_stick;
	SCRIPT(&s, OPEN, APDU_ASK("03"), APDU_ANSWER("03"), OFF("04"));
	h = host_open(&s);
	assert_true(ccid_host_command_max(h) <= 260);
	assert_rc(ccid_host_xfer(h, rd_of(extended, sizeof(extended)), &w), HSM_E_UNSUPPORTED);
	asks(h, HSM_OK);
	closes(h, &s);
}

/* ---- removal ---- */

static void card_taken_out__gone(void **state)
{
	struct script_pipe s;
	struct ccid_host *h;

	(void)state;
	script_init(&s, 0x00040848);
	SCRIPT(&s, "n 50 03", OPEN, APDU_ASK("03"), APDU_ANSWER("03"), "n 50 02");
	h = host_open(&s);
	asks(h, HSM_OK);
	assert_rc(ccid_host_look(h), HSM_E_GONE);
	asks(h, HSM_E_GONE);
	closes(h, &s);
}

static void absent_card__in_an_answer__gone(void **state)
{
	struct script_pipe s;
	struct ccid_host *h;

	(void)state;
	script_init(&s, 0x00040848);
	SCRIPT(&s, OPEN, APDU_ASK("03"), "< 80 00000000 00 03 42FE00");
	h = host_open(&s);
	asks(h, HSM_E_GONE);
	asks(h, HSM_E_GONE);
	closes(h, &s);
}

/* Another card may be in there: it is not taken for the one before. */
static void card_swapped__not_powered_on_again(void **state)
{
	struct script_pipe s;
	struct ccid_host *h;

	(void)state;
	script_init(&s, 0x00040848);
	SCRIPT(&s, OPEN, "n 50 03", APDU_ASK("03"), "< 80 00000000 00 03 41FE00");
	h = host_open(&s);
	asks(h, HSM_E_MUTE);
	asks(h, HSM_E_GONE);
	closes(h, &s);
}

static void token__notices_mean_nothing(void **state)
{
	struct script_pipe s;
	struct ccid_host *h = token(&s, STICK);

	(void)state;
	SCRIPT(&s, "n 50 02", "n 51 00 00 01", "n 50", APDU_ASK("03"), APDU_ANSWER("03"),
	        OFF("04"));
	asks(h, HSM_OK);
	closes(h, &s);
}

static void unplugged__gone_for_good(void **state)
{
	struct script_pipe s;
	struct ccid_host *h = token(&s, STICK);

	(void)state;
	SCRIPT(&s, APDU_ASK("03"), "x gone");
	asks(h, HSM_E_GONE);
	asks(h, HSM_E_GONE);
	assert_rc(ccid_host_look(h), HSM_E_GONE);
	closes(h, &s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nitrokey__only_ifs),
		cmocka_unit_test(reader_with_pps__gets_parameters),
		cmocka_unit_test(reader_without_pps__the_host_does_it),
		cmocka_unit_test(reader_that_negotiates__is_left_alone),
		cmocka_unit_test(mute_card__every_voltage__twice),
		cmocka_unit_test(cards_that_we_cannot_use__refused),
		cmocka_unit_test(character_level__refused),
		cmocka_unit_test(wtx__is_waited_for),
		cmocka_unit_test(time_extension__is_waited_for),
		cmocka_unit_test(endless_extensions__come_to_the_limit),
		cmocka_unit_test(long_apdus__in_pieces),
		cmocka_unit_test(too_long_an_answer__refused),
		cmocka_unit_test(short_level__no_long_commands),
		cmocka_unit_test(card_taken_out__gone),
		cmocka_unit_test(absent_card__in_an_answer__gone),
		cmocka_unit_test(card_swapped__not_powered_on_again),
		cmocka_unit_test(token__notices_mean_nothing),
		cmocka_unit_test(unplugged__gone_for_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
