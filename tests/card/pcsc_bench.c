#include "pcsc_bench.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "emu.h"

#define HSM_ATR   "3BDE96FF8191FE1FC38031815448534D3173802140810792"
#define OTHER_ATR "3B8180018080"

static const struct fake_reader readers[] = {
	{ .name = "Empty Reader 00 00" },
	{ .name = "Card Reader 00 00", .atr = HSM_ATR },
	{ .name = "Card Reader 00 00 more", .atr = OTHER_ATR },
};

#define DATA "some data"

struct fake_pcsc *fake;

/* A powered chip on the token file. */
static struct {
	struct emu_card *card;
	struct emu_lane *lane;
} chip;

char pcsc_path[64];

static void chip_on(void)
{
	assert_ok(emu_open(pcsc_path, &chip.card));
	assert_ok(emu_lane_new(chip.card, &chip.lane));
}

static void chip_off(void)
{
	emu_lane_free(chip.lane);
	emu_close(chip.card);
}

static hsm_rc chip_answer(void *arg, struct rd cmd, struct wr *rsp)
{
	(void)arg;
	return emu_lane_xfer(chip.lane, cmd, rsp);
}

void pcsc_other_resets(void)
{
	chip_off();
	chip_on();
	fake->reset = true;
}

void pcsc_fake_start(void)
{
	*fake = (struct fake_pcsc){
		.readers = readers,
		.readers_n = COUNT(readers),
		.answer = chip_answer,
	};
}

int pcsc_set_up(void **state)
{
	struct card *card;

	(void)state;
	bench_file(pcsc_path);
	card = bench_card(pcsc_path);
	bench_init(card);
	card_close(card);
	chip_on();
	pcsc_fake_start();
	return 0;
}

int pcsc_tear_down(void **state)
{
	(void)state;
	assert_int_equal(fake->contexts, 0);
	assert_int_equal(fake->cards, 0);
	assert_false(fake->power_touched);
	chip_off();
	bench_file_gone(pcsc_path);
	return 0;
}

void pcsc_start_anew(void **state)
{
	pcsc_tear_down(state);
	pcsc_set_up(state);
}

struct token *pcsc_token(void)
{
	struct card *card;
	struct token *t;

	assert_ok(card_open(READER, &card));
	assert_ok(token_open(card, &t));
	return t;
}

struct token *pcsc_user_token(void)
{
	struct token *t = pcsc_token();

	assert_ok(token_login(t, TOKEN_USER, rd_str(TEST_PIN)));
	return t;
}

hsm_rc pcsc_add_data(struct token *t, struct object **out)
{
	struct new_data d = { .label = rd_str(DATA), .value = rd_str(DATA) };

	return token_add_data(t, &d, out);
}

int pcsc_run(const struct CMUnitTest *tests, size_t n)
{
	void *library = dlopen(FAKE_PCSC, RTLD_NOW | RTLD_LOCAL);

	/* The carrier's dlopen finds the library by its name now. */
	fake = library == NULL ? NULL : dlsym(library, "fake_pcsc");
	if (fake == NULL)
		return EXIT_FAILURE;
	return _cmocka_run_group_tests("pcsc", tests, n, NULL, NULL);
}
