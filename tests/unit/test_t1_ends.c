/* wire/t1_host.c and wire/t1_card.c one at a time, against scenarios in the notation of ISO/IEC
 * 7816-3, annex A: I(n,more), R(n), S(what). What the other side sends is written there too, so
 * each end is held against the standard and not against our other end.
 *
 * A scenario is a list of blocks: the host's, the card's, the host's and so on. "-" is silence, a
 * block with "?" arrives broken. */
#include "vec.h"
#include "wire/t1_card.h"
#include "wire/t1_host.h"

enum { IFS = 4 }; /* both ways: makes chains short to write */

static struct rd inf_of(char letter)
{
	static const uint8_t text[26][IFS + 1] = { "aaaa", "bbbb", "cccc", "dddd", "eeee" };

	return rd_of(text[letter - 'a'], IFS);
}

/* "I0a" "I1+b": number, more, and a letter for the INF, 0 for none; "R0" "R1e" "R0o": fine, EDC,
 * other; "Sw5" "SW5": WTX request, response; "Si9" "SI9" IFS; "Sa" "SA" ABORT; "Sr" "SR" RESYNCH.
 */
static void build(struct wr *w, const char *text)
{
	static const char letters[] = "riaw";
	uint8_t value = 0;
	struct t1_block b = { 0 };
	const char *end = text + strlen(text) - 1;

	if (text[0] == 'I') {
		b.pcb = (uint8_t)((text[1] == '1' ? T1_I_NUMBER : 0) |
		                  (text[2] == '+' ? T1_I_MORE : 0));
		b.inf = *end == '0' ? (struct rd){ 0 } : inf_of(*end);
	} else if (text[0] == 'R') {
		b.pcb = (uint8_t)(T1_R | (text[1] == '1' ? T1_R_NUMBER : 0) |
		                  (*end == 'e'          ? T1_R_EDC
		                          : *end == 'o' ? T1_R_OTHER
		                                        : 0));
	} else {
		b.pcb = (uint8_t)(T1_S_RESYNCH + (strchr(letters, text[1] | 0x20) - letters) +
		                  (text[1] < 'a' ? T1_S_RESPONSE : 0));
		value = (uint8_t)(text[2] - '0');
		if (text[2] != '\0')
			b.inf = rd_of(&value, 1);
	}
	check_rc(text, t1_put(w, &b, false), HSM_OK);
}

static void check_block(const char *scenario, const char *want, struct rd got)
{
	uint8_t room[T1_BLOCK_MAX];
	struct wr w = WR_ARRAY(room);

	build(&w, want);
	if (!rd_equal(got, wr_rd(&w)))
		print_error("%s: not %s\n", scenario, want);
	check_rd(scenario, got, wr_rd(&w));
}

/* The next word of the scenario. */
static const char *word(const char **at, char *out, size_t cap)
{
	size_t n = strcspn(*at, " ");

	assert_true(n < cap);
	memcpy(out, *at, n);
	out[n] = '\0';
	*at += n + strspn(*at + n, " ");
	return out;
}

struct scenario {
	const char *name;
	const char *command, *answer; /* a letter for each part, see inf_of */
	const char *blocks;
	hsm_rc rc;
	bool usable;
};

static struct rd letters(struct wr *w, const char *text)
{
	for (; *text != '\0'; text++)
		wr_rd_put(w, inf_of(*text));
	return wr_rd(w);
}

static const struct scenario error_free[] = {
	{ "1: I-blocks", "a", "b", "I0a I0b", HSM_OK, true },
	{ "2: waiting time", "a", "b", "I0a Sw3 SW3 I0b", HSM_OK, true },
	{ "2: twice", "a", "b", "I0a Sw3 SW3 Sw1 SW1 I0b", HSM_OK, true },
	{ "5: chaining by the host", "abc", "d", "I0+a R1 I1+b R0 I0c I0d", HSM_OK, true },
	{ "6: chaining by the card", "a", "bcd", "I0a I0+b R1 I1+c R0 I0d", HSM_OK, true },
	{ "both ways", "ab", "cd", "I0+a R1 I1b I0+c R1 I1d", HSM_OK, true },
	{ "waiting time in a chain", "ab", "c", "I0+a R1 I1b Sw2 SW2 I0c", HSM_OK, true },
};

static const struct scenario with_errors[] = {
	{ "8: the host's block is broken", "a", "b", "I0a? R0e I0a I0b", HSM_OK, true },
	{ "9: so is the card's R", "a", "b", "I0a? R0e? R0e R0 I0a I0b", HSM_OK, true },
	{ "10: the card's block is broken", "a", "b", "I0a I0b? R0e I0b", HSM_OK, true },
	{ "10: twice", "a", "b", "I0a I0b? R0e I0b? R0e I0b", HSM_OK, true },
	{ "11: the host's R is broken", "a", "b", "I0a I0b? R0e? R1e R0o I0b", HSM_OK, true },
	{ "12: a chain of the host", "ab", "c", "I0+a? R0e I0+a R1? R0e R1 I1b I0c", HSM_OK, true },
	{ "13: a chain of the card", "a", "bc", "I0a I0+b? R0e I0+b R1? R1e R1o I1c", HSM_OK,
	        true },
	{ "waiting time, request broken", "a", "b", "I0a Sw3? R0e Sw3 SW3 I0b", HSM_OK, true },
	{ "waiting time, response broken", "a", "b", "I0a Sw3 SW3? Sw3 SW3 I0b", HSM_OK, true },
};

/* Blocks of the card that ours does not send so. */
static const struct scenario host_only[] = {
	{ "silence, then R", "a", "b", "I0a - R0o R0 I0a I0b", HSM_OK, true },
	{ "silence, then the block", "a", "b", "I0a - R0o I0b", HSM_OK, true },
	{ "silence for good", "a", "", "I0a - R0o - R0o -", HSM_E_MUTE, false },
	{ "broken for good", "a", "", "I0a I0b? R0e I0b? R0e I0b?", HSM_E_IO, false },
	{ "RESYNCH", "a", "", "I0a R0 I0a R0 I0a R0 Sr SR", HSM_E_IO, true },
	{ "RESYNCH, at the third", "a", "", "I0a R0 I0a R0 I0a R0 Sr - Sr I0b Sr SR", HSM_E_IO,
	        true },
	{ "RESYNCH in vain", "a", "", "I0a R0 I0a R0 I0a R0 Sr - Sr - Sr -", HSM_E_MUTE, false },
	{ "wrong number of I", "a", "b", "I0a I1b R0o I0b", HSM_OK, true },
	{ "wrong number of R", "a", "b", "I0a R1 R0o I0b", HSM_OK, true },
	{ "I in the host's chain", "ab", "c", "I0+a I0c R0o R1 I1b I0c", HSM_OK, true },
	{ "S(RESYNCH) of the card", "a", "b", "I0a Sr R0o I0b", HSM_OK, true },
	{ "S response not asked for", "a", "b", "I0a SW3 R0o I0b", HSM_OK, true },
	{ "empty part of an answer", "a", "b", "I0a I0+0 R0o I0b", HSM_OK, true },
	{ "waiting time 0", "a", "b", "I0a Sw0 R0o I0b", HSM_OK, true },
	{ "4: the card tells its IFSC", "ab", "c", "I0+a Si4 SI4 R1 I1b I0c", HSM_OK, true },
	{ "abort of the host's chain", "abc", "", "I0+a R1 I1+b Sa SA R0", HSM_E_CANCELLED, true },
	{ "abort, then an answer", "abc", "e", "I0+a R1 I1+b Sa SA I0e", HSM_OK, true },
	{ "abort of the card's answer", "a", "", "I0a I0+b R1 Sa SA R1", HSM_E_CANCELLED, true },
	{ "abort, its R broken", "ab", "", "I0+a Sa SA R1? R0e R1", HSM_E_CANCELLED, true },
};

/* Plays the host's part and checks what it says. */
static void play_host(const struct scenario *s)
{
	struct t1_host_setup setup = { .ifsc = IFS };
	uint8_t c[64], a[64], e[64], b[T1_BLOCK_MAX];
	struct wr command = WR_ARRAY(c), answer = WR_ARRAY(a), expect = WR_ARRAY(e);
	const char *at = s->blocks;
	struct t1_host h;
	struct t1_step step;
	char text[8];

	t1_host_init(&h, &setup);
	step = t1_host_start(&h, letters(&command, s->command), &answer);
	while (*at != '\0') {
		struct wr w = WR_ARRAY(b);
		bool broken;

		assert_int_equal(step.todo, T1_SEND);
		(void)word(&at, text, sizeof(text));
		text[strcspn(text, "?")] = '\0';
		check_block(s->name, text, step.block);
		assert_int_equal(step.bwi, text[0] == 'S' && text[1] == 'W' ? text[2] - '0' : 0);
		if (*at == '\0')
			break;
		if (word(&at, text, sizeof(text))[0] == '-') {
			step = t1_host_timeout(&h);
			continue;
		}
		broken = strchr(text, '?') != NULL;
		text[strcspn(text, "?")] = '\0';
		build(&w, text);
		if (broken)
			b[w.n - 1] ^= 0x40;
		step = t1_host_block(&h, wr_rd(&w));
	}
	check_rc(s->name, step.todo == T1_DONE ? HSM_OK : step.rc, s->rc);
	assert_int_equal(step.todo, s->rc == HSM_OK ? T1_DONE : T1_FAILED);
	assert_int_equal(t1_host_usable(&h), s->usable);
	if (s->rc == HSM_OK)
		check_rd(s->name, wr_rd(&answer), letters(&expect, s->answer));
}

/* The card does what its next block in the scenario is. */
static struct t1_card_step work(
        struct t1_card *card, struct t1_card_step step, const char *next, struct rd answer)
{
	if (step.todo != T1_CARD_RUN)
		return step;
	return next[0] == 'S' ? t1_card_wtx(card, (uint8_t)(next[2] - '0'))
	                      : t1_card_answer(card, answer);
}

/* Plays the card's part. */
static void play_card(const struct scenario *s)
{
	uint8_t room[64], c[64], a[64], b[T1_BLOCK_MAX];
	struct wr command = WR_ARRAY(c), answer = WR_ARRAY(a);
	struct rd whole = letters(&command, s->command), reply = letters(&answer, s->answer);
	const char *at = s->blocks;
	struct t1_card card;
	char text[8];

	t1_card_init(&card, IFS, false, WR_ARRAY(room));
	card.ifsd = IFS;
	while (*at != '\0') {
		struct wr w = WR_ARRAY(b);
		struct t1_card_step step;
		bool broken = strchr(word(&at, text, sizeof(text)), '?') != NULL;

		text[strcspn(text, "?")] = '\0';
		build(&w, text);
		if (broken)
			b[w.n - 1] ^= 0x40;
		step = t1_card_block(&card, wr_rd(&w));
		if (*at == '\0')
			break;
		(void)word(&at, text, sizeof(text));
		text[strcspn(text, "?")] = '\0';
		if (step.todo == T1_CARD_RUN)
			check_rd(s->name, step.command, whole);
		step = work(&card, step, text, reply);
		assert_int_equal(step.todo, T1_CARD_SEND);
		check_block(s->name, text, step.block);
	}
}

static void t1_host__scenarios__as_the_standard_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(error_free); i++)
		play_host(&error_free[i]);
	for (size_t i = 0; i < COUNT(with_errors); i++)
		play_host(&with_errors[i]);
	for (size_t i = 0; i < COUNT(host_only); i++)
		play_host(&host_only[i]);
}

static void t1_card__scenarios__as_the_standard_says(void **state)
{
	static const struct scenario card_only[] = {
		{ "IFSD", "a", "b", "Si4 SI4 I0a I0b", HSM_OK, true },
		{ "RESYNCH", "a", "b", "I0a I0b Sr SR I0a I0b", HSM_OK, true },
		{ "host's R before anything", "a", "b", "R0o R0 I0a I0b", HSM_OK, true },
		{ "two commands", "a", "b", "I0a I0b I1a I1b I0a I0b", HSM_OK, true },
		{ "answer asked for again", "a", "b", "I0a I0b R0 I0b R0e I0b I1a I1b", HSM_OK,
		        true },
		{ "command a second time", "a", "b", "I0a I0b I0a R1o R0o I0b", HSM_OK, true },
		{ "S(ABORT) of the host", "a", "bc", "I0a I0+b Sa SA", HSM_OK, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(error_free); i++)
		play_card(&error_free[i]);
	for (size_t i = 0; i < COUNT(with_errors); i++)
		play_card(&with_errors[i]);
	for (size_t i = 0; i < COUNT(card_only); i++)
		play_card(&card_only[i]);
}

static void t1_host__ifs__first_and_after_resynch(void **state)
{
	struct t1_host_setup setup = { .ifsc = 254, .ifsd = 254 };
	uint8_t room[8];
	struct wr answer = WR_ARRAY(room);
	struct t1_host h;
	struct t1_step step;

	(void)state;
	t1_host_init(&h, &setup);
	step = t1_host_start(&h, RD_LIT("\x00\x84\x00\x00\x02"), &answer);
	check_hex("S(IFS)", step.block, "00C101FE3E");
	step = t1_host_block(&h, RD_LIT("\x00\xE1\x01\x20\xC0"));
	check_hex("another IFS", step.block, "00C101FE3E");
	step = t1_host_block(&h, RD_LIT("\x00\xE1\x01\xFE\x1E"));
	check_hex("GET CHALLENGE", step.block, "0000050084000002 83");
	step = t1_host_block(&h, RD_LIT("\x00\x00\x04\x11\x22\x90\x00\xA7"));
	assert_int_equal(step.todo, T1_DONE);
	check_hex("answer", wr_rd(&answer), "11229000");
	answer.n = 0;
	step = t1_host_start(&h, RD_LIT("\x00\x84\x00\x00\x02"), &answer);
	check_hex("no S(IFS), next number", step.block, "0040050084000002 C3");
	for (int i = 0; i < 3; i++)
		step = t1_host_timeout(&h);
	check_hex("S(RESYNCH)", step.block, "00C000C0");
	step = t1_host_block(&h, RD_LIT("\x00\xE0\x00\xE0"));
	assert_int_equal(step.todo, T1_FAILED);
	check_rc("resynchronised", step.rc, HSM_E_IO);
	assert_true(t1_host_usable(&h));
	step = t1_host_start(&h, RD_LIT("\x00\x84\x00\x00\x02"), &answer);
	check_hex("S(IFS) again", step.block, "00C101FE3E");
}

static void t1_host__answer_too_long__small_and_unusable(void **state)
{
	struct t1_host_setup setup = { .ifsc = 254 };
	uint8_t room[1];
	struct wr answer = WR_ARRAY(room);
	struct t1_host h;
	struct t1_step step;

	(void)state;
	t1_host_init(&h, &setup);
	check_rc("empty", t1_host_start(&h, RD_LIT(""), &answer).rc, HSM_E_BAD_LEN);
	step = t1_host_start(&h, RD_LIT("\x00"), &answer);
	step = t1_host_block(&h, RD_LIT("\x00\x00\x02\x90\x00\x92"));
	check_rc("too long", step.rc, HSM_E_SMALL);
	assert_false(t1_host_usable(&h));
	check_rc("unusable", t1_host_start(&h, RD_LIT("\x00"), &answer).rc, HSM_E_GONE);
}

static void t1_card__command_too_long__aborted(void **state)
{
	uint8_t room[6];
	struct t1_card c;
	struct t1_card_step step;

	(void)state;
	t1_card_init(&c, 254, false, WR_ARRAY(room));
	step = t1_card_block(&c, RD_LIT("\x00\x20\x04"
	                                "aaaa"
	                                "\x24"));
	check_hex("first part", step.block, "00900090");
	step = t1_card_block(&c, RD_LIT("\x00\x60\x04"
	                                "aaaa"
	                                "\x64"));
	check_hex("S(ABORT)", step.block, "00C200C2");
	step = t1_card_block(&c, RD_LIT("\x00\x80\x00\x80"));
	check_hex("again", step.block, "00C200C2");
	step = t1_card_block(&c, RD_LIT("\x00\xE2\x00\xE2"));
	check_hex("R", step.block, "00800080");
	step = t1_card_block(&c, RD_LIT("\x00\x00\x01\x42\x43"));
	assert_int_equal(step.todo, T1_CARD_RUN);
	check_hex("next command", step.command, "42");
}

static void t1_card__work_that_nobody_waits_for__silent(void **state)
{
	uint8_t room[6];
	struct t1_card c;
	struct t1_card_step step;

	(void)state;
	t1_card_init(&c, 254, false, WR_ARRAY(room));
	assert_int_equal(t1_card_answer(&c, RD_LIT("\x90\x00")).todo, T1_CARD_SILENT);
	assert_int_equal(t1_card_wtx(&c, 1).todo, T1_CARD_SILENT);
	step = t1_card_block(&c, RD_LIT("\x00\x00\x01\x42\x43"));
	assert_int_equal(step.todo, T1_CARD_RUN);
	assert_int_equal(t1_card_block(&c, RD_LIT("\x00\x80\x00\x80")).todo, T1_CARD_SILENT);
	step = t1_card_block(&c, RD_LIT("\x00\xC0\x00\xC0"));
	check_hex("RESYNCH", step.block, "00E000E0");
	assert_int_equal(t1_card_answer(&c, RD_LIT("\x90\x00")).todo, T1_CARD_SILENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t1_host__scenarios__as_the_standard_says),
		cmocka_unit_test(t1_card__scenarios__as_the_standard_says),
		cmocka_unit_test(t1_host__ifs__first_and_after_resynch),
		cmocka_unit_test(t1_host__answer_too_long__small_and_unusable),
		cmocka_unit_test(t1_card__command_too_long__aborted),
		cmocka_unit_test(t1_card__work_that_nobody_waits_for__silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
