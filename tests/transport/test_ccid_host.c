/* CCID as a host, on frames written after the specification (CCID 1.10, sections 5.3 and 6). */
#include "script_pipe.h"
#include "transport/ccid_host.h"

enum {
	NITROKEY = 0x000104BA,
	STICK = 0x000404BA,
	PLAIN_TPDU = 0x00010000, /* leaves everything to the host */
	SHORT_APDU = 0x000204BA,
};

/* ---- frames ---- */

#define ATR "3BFE1800008131FE458031815448534D31738021408107FA"

/* Opening: nothing to drain; present, inactive; power off; power on. */
#define DRAIN  "- 20"
#define STATUS "> 65 00000000 00 00 000000", "< 81 00000000 00 00 010001"
#define OFF(n) "> 63 00000000 00 " n " 000000", "< 81 00000000 00 " n " 010001"
#define ON(n)  "> 62 00000000 00 " n " 000000", "< 80 18000000 00 " n " 000000" ATR
#define OPEN   DRAIN, STATUS, OFF("01"), ON("02")

/* T=1: S(IFS request, 254) and its answer; GET CHALLENGE and an answer. */
#define IFS(n)                                                                                     \
	"> 6F 05000000 00 " n " 000000 00C101FE3E", "< 80 05000000 00 " n " 000000 00E101FE1E"
#define ASK_BLOCK    "00 00 05 0084000008 89"
#define ANSWER_BLOCK "00 00 0A 01020304050607089000 92"
#define ASK(n)       "> 6F 09000000 00 " n " 000000" ASK_BLOCK
#define ANSWER(n)    "< 80 0E000000 00 " n " 000000" ANSWER_BLOCK

/* The same at the level of APDUs. */
#define APDU_ASK(n)    "> 6F 05000000 00 " n " 000000 0084000008"
#define APDU_ANSWER(n) "< 80 0A000000 00 " n " 000000 01020304050607089000"

static const uint8_t challenge[] = { 0x00, 0x84, 0x00, 0x00, 0x08 };

/* ---- the host ---- */

static const struct quirk nitrokey = {
	.flags = QUIRK_SEND_IFS | QUIRK_ZLP | QUIRK_ONLY_T1 | QUIRK_TOKEN,
};

static const struct quirk stick = { .flags = QUIRK_ONLY_T1 | QUIRK_TOKEN };

static struct ccid_host *host_open(struct script_pipe *s)
{
	struct ccid_host *h;

	assert_ok(ccid_host_open(&s->pipe, &h));
	return h;
}

/* Opens a Nitrokey, or a stick. */
static struct ccid_host *token(struct script_pipe *s, uint32_t features)
{
	script_init(s, features);
	s->pipe.quirk = features == NITROKEY ? &nitrokey : &stick;
	SCRIPT(s, OPEN);
	return host_open(s);
}

static void asks(struct ccid_host *h, hsm_rc want)
{
	uint8_t bytes[16];
	struct wr w = WR_ARRAY(bytes);

	assert_rc(ccid_host_xfer(h, rd_of(challenge, sizeof(challenge)), &w), want);
	if (want == HSM_OK)
		assert_hex(wr_rd(&w), "01020304050607089000");
}

/* Closes a host whose card has power, if `off` (the last line but one of a power off) is given. */
static void closes(struct ccid_host *h, struct script_pipe *s)
{
	ccid_host_close(h);
	script_played(s);
}

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

/* ---- what does not belong here ---- */

static void stale_and_empty_transfers__skipped(void **state)
{
	struct script_pipe s;
	struct ccid_host *h;

	(void)state;
	script_init(&s, STICK);
	s.pipe.quirk = &stick;
	SCRIPT(&s, "< 80 02000000 00 29 000000 6D00", "< ", DRAIN, STATUS, OFF("01"), ON("02"),
	        APDU_ASK("03"), "< ", "< 80 02000000 00 02 000000 6A82",
	        "< 81 00000000 01 03 000000", "+ 2900", APDU_ANSWER("03"), OFF("04"));
	h = host_open(&s);
	asks(h, HSM_OK);
	closes(h, &s);
}

/* Of a command of the same number: it is taken for an answer, and asked again. */
static void stale_answer__to_the_first_question(void **state)
{
	struct script_pipe s;

	(void)state;
	script_init(&s, STICK);
	s.pipe.quirk = &stick;
	SCRIPT(&s, DRAIN, "> 65 00000000 00 00 000000", "< 80 02000000 00 00 000000 6D00", "c",
	        "A 00 01", "< 81 00000000 00 00 000000", DRAIN, "> 65 00000000 00 01 000000",
	        "< 81 00000000 00 01 000000", OFF("02"), ON("03"), OFF("04"));
	closes(host_open(&s), &s);
}

/* ---- what goes wrong ---- */

static void failures__recovered_from(void **state)
{
#define RECOVERY                                                                                   \
	DRAIN, "> 65 00000000 00 05 000000", "< 81 00000000 00 05 000000", OFF("06"), ON("07"),    \
	        APDU_ASK("08"), APDU_ANSWER("08"), OFF("09")
#define STEP_OUT "c", "a 00 04", "> 72 00000000 00 04 000000", "< 81 00000000 00 04 000000"
	static const struct {
		const char *lines[4];
		hsm_rc rc;
		bool answered;
	} rows[] = {
		{ { "x stall", "c" }, HSM_E_STALL, false },
		{ { APDU_ASK("03"), "x stall", "c" }, HSM_E_STALL, false },
		{ { APDU_ASK("03"), "- 3000" }, HSM_E_TIMEOUT, false },
		{ { APDU_ASK("03"), "x small" }, HSM_E_CARD_DATA, false },
		{ { APDU_ASK("03"), "x io" }, HSM_E_IO, false },
		{ { APDU_ASK("03"), "< 80 0A000000 00 03" }, HSM_E_CARD_DATA, false },
		{ { APDU_ASK("03"), "< 80 0B000000 00 03 000000 01020304050607089000" },
		        HSM_E_CARD_DATA, false },
		{ { APDU_ASK("03"), "< 82 00000000 00 03 000000" }, HSM_E_CARD_DATA, false },
		{ { APDU_ASK("03"), "< 80 00000000 00 03 C00000" }, HSM_E_CARD_DATA, false },
		/* an answer that says what is the matter leaves nothing to give up */
		{ { APDU_ASK("03"), "< 80 00000000 00 03 40FE00", DRAIN,
		          "> 65 00000000 00 04 000000" },
		        HSM_E_MUTE, true },
		{ { APDU_ASK("03"), "< 80 00000000 00 03 40FB00", DRAIN,
		          "> 65 00000000 00 04 000000" },
		        HSM_E_IO, true },
		{ { APDU_ASK("03"), "< 80 02000000 00 03 000010 9000", DRAIN,
		          "> 65 00000000 00 04 000000" },
		        HSM_E_CARD_DATA, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct script_pipe s;
		struct ccid_host *h = token(&s, STICK);

		for (size_t k = 0; k < COUNT(rows[i].lines) && rows[i].lines[k] != NULL; k++)
			SCRIPT(&s, rows[i].lines[k]);
		if (rows[i].answered)
			SCRIPT(&s, "< 81 00000000 00 04 000000", OFF("05"), ON("06"),
			        APDU_ASK("07"), APDU_ANSWER("07"), OFF("08"));
		else
			SCRIPT(&s, STEP_OUT, RECOVERY);
		asks(h, rows[i].rc);
		asks(h, HSM_E_RESET);
		asks(h, HSM_OK);
		closes(h, &s);
	}
}

/* The reader is deaf: the next command says so, and the one after it tries again. */
static void recovery__fails__tried_again(void **state)
{
#define DEAF(n) "c", "A 00 " n, DRAIN, "> 65 00000000 00 " n " 000000", "- 3000"
	struct script_pipe s;
	struct ccid_host *h = token(&s, STICK);

	(void)state;
	SCRIPT(&s, APDU_ASK("03"), "- 3000", DEAF("04"), DEAF("05"), DEAF("06"), DEAF("07"),
	        DEAF("08"), DEAF("09"));
	asks(h, HSM_E_TIMEOUT);
	asks(h, HSM_E_TIMEOUT);
	SCRIPT(&s, "c", "A 00 0A", DRAIN, "> 65 00000000 00 0A 000000",
	        "< 81 00000000 00 0A 000000", OFF("0B"), ON("0C"), APDU_ASK("0D"),
	        APDU_ANSWER("0D"), OFF("0E"));
	asks(h, HSM_E_RESET);
	asks(h, HSM_OK);
	closes(h, &s);
}

static void bad_blocks__asked_for_again(void **state)
{
	struct script_pipe s;
	struct ccid_host *h = token(&s, NITROKEY);

	(void)state;
	SCRIPT(&s, IFS("03"), ASK("04"),
	        "< 80 0E000000 00 04 000000 00 00 0A 01020304050607089000 93",
	        "> 6F 04000000 00 05 000000 00 81 00 81", ANSWER("05"));
	asks(h, HSM_OK);
	/* a silent card, as the Nitrokey's reader shows it; then a parity error */
	SCRIPT(&s, "> 6F 09000000 00 06 000000 00 40 05 0084000008 C9",
	        "< 80 02000000 00 06 000000 A5A5", "> 6F 04000000 00 07 000000 00 92 00 92",
	        "< 80 00000000 00 07 40FD00", "> 6F 04000000 00 08 000000 00 92 00 92",
	        "< 80 0E000000 00 08 000000 00 40 0A 01020304050607089000 D2", OFF("09"));
	asks(h, HSM_OK);
	closes(h, &s);
}

/* The card is out of its wits, but takes RESYNCH: nothing has to be powered on again. */
static void resynch__keeps_the_card(void **state)
{
#define NOISE(n) "< 80 02000000 00 " n " 000000 A5A5"
#define R(n)     "> 6F 04000000 00 " n " 000000 00 82 00 82"
	struct script_pipe s;
	struct ccid_host *h = token(&s, NITROKEY);

	(void)state;
	SCRIPT(&s, IFS("03"), ASK("04"), NOISE("04"), R("05"), NOISE("05"), R("06"), NOISE("06"),
	        "> 6F 04000000 00 07 000000 00 C0 00 C0", "< 80 04000000 00 07 000000 00 E0 00 E0",
	        IFS("08"), ASK("09"), ANSWER("09"), OFF("0A"));
	asks(h, HSM_E_IO);
	asks(h, HSM_OK);
	assert_int_equal(ccid_host_resets(h), 0);
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
	s.pipe.quirk = &stick;
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
		cmocka_unit_test(stale_and_empty_transfers__skipped),
		cmocka_unit_test(stale_answer__to_the_first_question),
		cmocka_unit_test(failures__recovered_from),
		cmocka_unit_test(recovery__fails__tried_again),
		cmocka_unit_test(bad_blocks__asked_for_again),
		cmocka_unit_test(resynch__keeps_the_card),
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
