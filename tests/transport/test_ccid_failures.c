/* CCID as a host: transfers that do not belong to it, failures and the way back. */
#include "ccid_frames.h"

/* ---- what does not belong here ---- */

static void stale_and_empty_transfers__skipped(void **state)
{
	struct script_pipe s;
	struct ccid_host *h;

	(void)state;
	script_init(&s, STICK);
	s.pipe.quirk = &script_stick;
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
	s.pipe.quirk = &script_stick;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stale_and_empty_transfers__skipped),
		cmocka_unit_test(stale_answer__to_the_first_question),
		cmocka_unit_test(failures__recovered_from),
		cmocka_unit_test(recovery__fails__tried_again),
		cmocka_unit_test(bad_blocks__asked_for_again),
		cmocka_unit_test(resynch__keeps_the_card),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
