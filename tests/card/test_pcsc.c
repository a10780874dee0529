/* The carrier "pcsc:READER" on a libpcsclite of our own, with an emulated card behind it. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "card/config.h"
#include "emu.h"
#include "fake_pcsc.h"
#include "token_bench.h"

#define HSM_ATR   "3BDE96FF8191FE1FC38031815448534D3173802140810792"
#define OTHER_ATR "3B8180018080"

static const struct fake_reader readers[] = {
	{ "Empty Reader 00 00", NULL },
	{ "Card Reader 00 00", HSM_ATR },
	{ "Card Reader 00 00 more", OTHER_ATR },
};

#define READER "pcsc:Card Reader 00 00"
#define DATA   "some data"

static struct fake_pcsc *fake;

/* A powered chip on the token file. */
static struct chip {
	char path[64];
	struct emu_card *card;
	struct emu_lane *lane;
} chip;

static void chip_on(void)
{
	assert_ok(emu_open(chip.path, &chip.card));
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

/* Another program resets the card. */
static void other_resets(void)
{
	chip_off();
	chip_on();
	fake->reset = true;
}

static void fake_start(void)
{
	*fake = (struct fake_pcsc){
		.readers = readers,
		.readers_n = COUNT(readers),
		.answer = chip_answer,
	};
}

static int set_up(void **state)
{
	struct card *card;

	(void)state;
	bench_file(chip.path);
	card = bench_card(chip.path);
	bench_init(card);
	card_close(card);
	chip_on();
	fake_start();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	assert_int_equal(fake->contexts, 0);
	assert_int_equal(fake->cards, 0);
	assert_false(fake->power_touched);
	chip_off();
	bench_file_gone(chip.path);
	return 0;
}

static void start_anew(void **state)
{
	tear_down(state);
	set_up(state);
}

static struct token *token_of_reader(void)
{
	struct card *card;
	struct token *t;

	assert_ok(card_open(READER, &card));
	assert_ok(token_open(card, &t));
	return t;
}

static struct token *user_token(void)
{
	struct token *t = token_of_reader();

	assert_ok(token_login(t, TOKEN_USER, rd_str(TEST_PIN)));
	return t;
}

static hsm_rc add_data(struct token *t, struct object **out)
{
	struct new_data d = { .label = rd_str(DATA), .value = rd_str(DATA) };

	return token_add_data(t, &d, out);
}

static void sign_gives(struct token *t, hsm_rc want)
{
	struct object *o = bench_find(t, OBJECT_PRIVATE_KEY, "k");
	uint8_t hash[32] = { 1 }, raw[64];
	struct wr w = WR_ARRAY(raw);
	AUTO_LANE *lane = NULL;

	assert_ok(card_take(token_card(t), &lane));
	assert_rc(card_sign_ec(lane, o->nn, ALG_ECDSA, rd_of(hash, sizeof(hash)), 32, &w), want);
	object_free(o);
}

/* ---- everything is well ---- */

static void keys_and_data__work(void **state)
{
	struct token *t = user_token();
	struct object *o;

	(void)state;
	bench_key(t, "k", RD_LIT("\x01"));
	sign_gives(t, HSM_OK);
	assert_ok(add_data(t, &o));
	assert_int_equal(fake->holds, 0);
	assert_ok(token_remove(t, o));
	object_free(o);
	token_close(t);
}

static void hold__spans_the_commands__and_ends(void **state)
{
	struct token *t = user_token();
	struct card_lane *lane;

	(void)state;
	assert_ok(card_take(token_card(t), &lane));
	assert_int_equal(fake->holds, 0);
	assert_ok(card_hold(lane, true));
	assert_int_equal(fake->holds, 1);
	assert_ok(card_hold(lane, false));
	assert_int_equal(fake->holds, 0);
	assert_ok(card_hold(lane, true));
	card_give(lane);
	assert_int_equal(fake->holds, 0);
	token_close(t);
}

/* ---- which reader ---- */

static void reader_names__exact_or_the_only_part(void **state)
{
	static const struct {
		const char *address;
		hsm_rc rc;
	} rows[] = {
		{ READER, HSM_OK },
		{ "pcsc:Empty Reader 00 00", HSM_E_NO_CARD },
		{ "pcsc:Empty", HSM_E_NO_CARD },
		{ "pcsc:Card Reader", HSM_E_READERS },
		{ "pcsc:Reader", HSM_E_READERS },
		{ "pcsc:", HSM_E_READERS },
		{ "pcsc:Other", HSM_E_NO_READER },
		{ "pcsc:card reader 00 00", HSM_E_NO_READER },
		{ "pcsc:Card Reader 00 00 more and more", HSM_E_NO_READER },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct card *card = NULL;

		assert_rc(card_open(rows[i].address, &card), rows[i].rc);
		if (rows[i].rc == HSM_OK)
			card_close(card);
		assert_int_equal(fake->contexts, 0);
	}
	fake->readers_n = 0;
	assert_rc(card_open(READER, &(struct card *){ NULL }), HSM_E_NO_READER);
}

static void reader_names__malformed__none(void **state)
{
	static char many[64 * 128];
	const struct rd rows[] = {
		RD_LIT(""),
		RD_LIT("\0"),
		RD_LIT("\0Card Reader 00 00\0"),
		RD_LIT("Card Reader 00 00"),
		rd_of(many, sizeof(many)),
	};

	(void)state;
	memset(many, 'C', sizeof(many));
	fake->readers_n = 0;
	for (size_t i = 0; i < COUNT(rows); i++) {
		fake->names = rows[i];
		assert_rc(card_open(READER, &(struct card *){ NULL }), HSM_E_NO_READER);
	}
	many[200] = '\0'; /* a name that is too long, then nothing */
	assert_rc(card_open("pcsc:CCC", &(struct card *){ NULL }), HSM_E_NO_READER);
}

/* ---- resets and removal ---- */

static void reset_by_others__login_is_lost_and_nothing_else(void **state)
{
	struct token *t = user_token();
	unsigned long handle = bench_key(t, "k", RD_LIT("\x01"));
	struct object *o;

	(void)state;
	other_resets();
	sign_gives(t, HSM_E_NOT_AUTH);
	assert_int_equal(token_who(t), TOKEN_NOBODY);
	o = bench_find(t, OBJECT_PRIVATE_KEY, "k");
	assert_int_equal(o->handle, handle);
	object_free(o);
	assert_ok(token_login(t, TOKEN_USER, rd_str(TEST_PIN)));
	assert_int_equal(token_who(t), TOKEN_USER);
	sign_gives(t, HSM_OK);
	token_close(t);
}

/* The login that notices the reset is not lost to it. */
static void reset_by_others__before_login__login_stays(void **state)
{
	static const enum token_user users[] = { TOKEN_USER, TOKEN_SO };

	(void)state;
	for (size_t i = 0; i < COUNT(users); i++) {
		struct token *t = token_of_reader();

		other_resets();
		assert_ok(token_login(
		        t, users[i], rd_str(users[i] == TOKEN_USER ? TEST_PIN : TEST_SO_HEX)));
		assert_int_equal(token_who(t), users[i]);
		token_close(t);
	}
}

static void reset_by_others__before_what_needs_no_login__goes_on(void **state)
{
	struct token *t = user_token();
	struct token_info info;

	(void)state;
	bench_key(t, "k", RD_LIT("\x01"));
	other_resets();
	assert_ok(token_info(t, &info));
	assert_int_equal(info.user.tries, 3);
	assert_int_equal(token_who(t), TOKEN_NOBODY);
	assert_int_equal(bench_count(t, OBJECT_PRIVATE_KEY), 1);
	other_resets();
	assert_ok(token_logout(t));
	token_close(t);
}

static void reset_by_others__at_hold__told_by_the_next_command(void **state)
{
	struct token *t = user_token();
	struct object *o;

	(void)state;
	other_resets();
	assert_rc(add_data(t, &o), HSM_E_NOT_AUTH);
	assert_int_equal(fake->holds, 0);
	assert_int_equal(fake->resets, 1);
	assert_ok(token_login(t, TOKEN_USER, rd_str(TEST_PIN)));
	assert_ok(add_data(t, &o));
	object_free(o);
	token_close(t);
}

static void card_removed__gone_for_good(void **state)
{
	struct token *t = user_token();
	struct token_info info;
	struct tp_epoch epoch;
	struct object *o;

	(void)state;
	fake->removed = true;
	assert_rc(token_info(t, &info), HSM_E_GONE);
	fake->removed = false; /* another card, perhaps */
	fake->commands = 0;
	assert_rc(token_info(t, &info), HSM_E_GONE);
	assert_rc(card_look(token_card(t), &epoch), HSM_E_GONE);
	assert_rc(add_data(t, &o), HSM_E_GONE);
	assert_int_equal(token_who(t), TOKEN_NOBODY);
	assert_int_equal(fake->commands, 0);
	token_close(t);
	token_close(user_token());
}

/* ---- failures ---- */

/* Opens, logs in, writes, removes, logs out. */
static hsm_rc whole_story(void)
{
	struct object *o = NULL;
	struct token *t = NULL;
	struct card *card;
	hsm_rc rc;

	TRY(card_open(READER, &card));
	TRY(token_open(card, &t));
	rc = token_login(t, TOKEN_USER, rd_str(TEST_PIN));
	if (rc == HSM_OK)
		rc = add_data(t, &o);
	if (rc == HSM_OK)
		rc = token_remove(t, o);
	if (rc == HSM_OK)
		rc = token_logout(t);
	object_free(o);
	token_close(t);
	return rc;
}

static void failures__have_their_outcome(void **state)
{
	static const struct {
		const char *function;
		long result;
		hsm_rc rc;
	} rows[] = {
		{ "SCardEstablishContext", SCARD_E_NO_SERVICE, HSM_E_PCSC_DOWN },
		{ "SCardEstablishContext", SCARD_E_NO_ACCESS, HSM_E_PCSC_DENIED },
		{ "SCardEstablishContext", SCARD_E_NO_MEMORY, HSM_E_MEMORY },
		{ "SCardEstablishContext", SCARD_E_TIMEOUT, HSM_E_IO },
		{ "SCardListReaders", SCARD_E_SERVICE_STOPPED, HSM_E_PCSC_DOWN },
		{ "SCardListReaders", SCARD_E_NO_READERS_AVAILABLE, HSM_E_NO_READER },
		{ "SCardConnect", SCARD_E_UNKNOWN_READER, HSM_E_NO_READER },
		{ "SCardConnect", SCARD_E_READER_UNAVAILABLE, HSM_E_NO_READER },
		{ "SCardConnect", SCARD_E_NO_SMARTCARD, HSM_E_NO_CARD },
		{ "SCardConnect", SCARD_W_REMOVED_CARD, HSM_E_NO_CARD },
		{ "SCardConnect", SCARD_E_SHARING_VIOLATION, HSM_E_CARD_BUSY },
		{ "SCardConnect", SCARD_E_PROTO_MISMATCH, HSM_E_CARD_DATA },
		{ "SCardConnect", SCARD_W_UNRESPONSIVE_CARD, HSM_E_MUTE },
		{ "SCardConnect", SCARD_W_UNPOWERED_CARD, HSM_E_MUTE },
		{ "SCardConnect", SCARD_W_SECURITY_VIOLATION, HSM_E_PCSC_DENIED },
		{ "SCardTransmit", SCARD_E_NOT_TRANSACTED, HSM_E_IO },
		{ "SCardTransmit", SCARD_E_INSUFFICIENT_BUFFER, HSM_E_CARD_DATA },
		{ "SCardTransmit", SCARD_E_NO_SERVICE, HSM_E_GONE },
		{ "SCardTransmit", SCARD_F_COMM_ERROR, HSM_E_GONE },
		{ "SCardTransmit", SCARD_E_INVALID_HANDLE, HSM_E_GONE },
		{ "SCardTransmit", SCARD_E_NO_SMARTCARD, HSM_E_GONE },
		{ "SCardTransmit", SCARD_E_READER_UNAVAILABLE, HSM_E_GONE },
		{ "SCardTransmit", SCARD_W_REMOVED_CARD, HSM_E_GONE },
		{ "SCardBeginTransaction", SCARD_E_SHARING_VIOLATION, HSM_E_CARD_BUSY },
		{ "SCardBeginTransaction", SCARD_W_REMOVED_CARD, HSM_E_GONE },
		{ "SCardEndTransaction", SCARD_E_SERVICE_STOPPED, HSM_E_GONE },
		{ "SCardDisconnect", SCARD_E_NO_SERVICE, HSM_OK },
		{ "SCardReleaseContext", SCARD_E_NO_SERVICE, HSM_OK },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		fake_start();
		fake->failing = rows[i].function;
		fake->result = rows[i].result;
		assert_rc(whole_story(), rows[i].rc);
		assert_null(fake->failing);
		assert_int_equal(fake->contexts, 0);
		assert_int_equal(fake->cards, 0);
	}
	assert_ok(whole_story());
}

/* Whichever call fails: an outcome, nothing stays open, and the story works again. */
static void failures__at_every_call__nothing_is_left(void **state)
{
	static const char *const functions[] = { "SCardTransmit", "SCardBeginTransaction",
		"SCardEndTransaction" };
	static const long results[] = { SCARD_E_NOT_TRANSACTED, SCARD_W_REMOVED_CARD,
		SCARD_E_NO_SERVICE };
	unsigned failed = 0;

	for (size_t f = 0; f < COUNT(functions); f++) {
		for (unsigned call = 0;; call++) {
			start_anew(state);
			fake->failing = functions[f];
			fake->skip = call;
			fake->result = results[call % COUNT(results)];
			failed += whole_story() != HSM_OK;
			assert_int_equal(fake->contexts, 0);
			assert_int_equal(fake->cards, 0);
			if (fake->failing != NULL)
				break;
		}
		start_anew(state);
		assert_ok(whole_story());
	}
	assert_true(failed > 10);
}

/* A reset between any two commands: the login is lost, or nothing is. */
static void resets__at_every_call__login_or_nothing_lost(void **state)
{
	unsigned lost = 0, kept = 0;

	for (unsigned call = 0;; call++) {
		hsm_rc rc;

		start_anew(state);
		fake->failing = "SCardTransmit";
		fake->skip = call;
		fake->result = SCARD_W_RESET_CARD;
		fake->failed = other_resets;
		rc = whole_story();
		if (fake->failing != NULL)
			break;
		assert_true(rc == HSM_OK || rc == HSM_E_NOT_AUTH);
		lost += rc != HSM_OK;
		kept += rc == HSM_OK;
		assert_int_equal(fake->resets, 1);
	}
	assert_true(lost > 3 && kept > 3);
}

static void reconnect__fails__outcome(void **state)
{
	static const struct {
		long result;
		hsm_rc rc;
	} rows[] = {
		{ SCARD_W_REMOVED_CARD, HSM_E_GONE },
		{ SCARD_E_NO_SMARTCARD, HSM_E_GONE },
		{ SCARD_E_NO_SERVICE, HSM_E_GONE },
		{ SCARD_E_SHARING_VIOLATION, HSM_E_CARD_BUSY },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct token *t = user_token();
		struct token_info info;

		fake->failing = "SCardReconnect";
		fake->result = rows[i].result;
		other_resets();
		assert_rc(token_info(t, &info), rows[i].rc);
		token_close(t);
		fake_start();
	}
}

static void answers__of_impossible_length__refused(void **state)
{
	struct token *t = user_token();
	struct token_info info;

	(void)state;
	fake->length = 0x20000;
	assert_rc(token_info(t, &info), HSM_E_IO);
	fake->length = 1;
	assert_rc(token_info(t, &info), HSM_E_CARD_DATA);
	fake->length = 0;
	assert_ok(token_info(t, &info));
	token_close(t);
}

/* ---- the settings ---- */

static void cards_are(const char *reserved, const char *want)
{
	struct config c;
	char text[256] = "";

	assert_ok(config_load(reserved, &c));
	for (size_t i = 0; i < c.cards_n; i++) {
		strcat(text, i == 0 ? "" : "|");
		strcat(text, c.cards[i]);
	}
	assert_string_equal(text, want);
	config_done(&c);
}

static void all_readers__those_with_a_smartcard_hsm(void **state)
{
	(void)state;
	log_set(LOG_OFF);
	cards_are("cards = pcsc:*", READER);
	cards_are("cards = emu:/a, pcsc:*, emu:/b", "emu:/a|" READER "|emu:/b");
	fake->length = 0x100; /* of the ATR */
	cards_are("cards = pcsc:*", "");
	fake->length = 0;
	fake->readers_n = 0;
	cards_are("cards = pcsc:*", "");
	for (size_t i = 0; i < 3; i++) {
		static const char *const functions[] = { "SCardEstablishContext",
			"SCardListReaders", "SCardGetStatusChange" };

		fake_start();
		fake->failing = functions[i];
		fake->skip = i == 2 ? 1 : 0; /* the second reader */
		fake->result = SCARD_E_NO_SERVICE;
		cards_are("cards = emu:/a, pcsc:*", "emu:/a");
	}
	assert_int_equal(fake->cards, 0);
}

static void no_settings__readers_if_the_service_runs(void **state)
{
	(void)state;
	setenv("HOME", "/nowhere", 1);
	unsetenv("TWINHSM_CARDS");
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("XDG_DATA_HOME");
	setenv("PCSCLITE_CSOCK_NAME", chip.path, 1);
	cards_are(NULL, READER);
	cards_are("cards =", "");
	setenv("PCSCLITE_CSOCK_NAME", "/nowhere/comm", 1);
	cards_are(NULL, "");
	assert_int_equal(fake->cards, 0);
}

#define READY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		READY(keys_and_data__work),
		READY(hold__spans_the_commands__and_ends),
		READY(reader_names__exact_or_the_only_part),
		READY(reader_names__malformed__none),
		READY(reset_by_others__login_is_lost_and_nothing_else),
		READY(reset_by_others__before_login__login_stays),
		READY(reset_by_others__before_what_needs_no_login__goes_on),
		READY(reset_by_others__at_hold__told_by_the_next_command),
		READY(card_removed__gone_for_good),
		READY(failures__have_their_outcome),
		READY(failures__at_every_call__nothing_is_left),
		READY(resets__at_every_call__login_or_nothing_lost),
		READY(reconnect__fails__outcome),
		READY(answers__of_impossible_length__refused),
		READY(all_readers__those_with_a_smartcard_hsm),
		READY(no_settings__readers_if_the_service_runs),
	};
	void *library = dlopen(FAKE_PCSC, RTLD_NOW | RTLD_LOCAL);

	/* The carrier's dlopen finds the library by its name now. */
	fake = library == NULL ? NULL : dlsym(library, "fake_pcsc");
	if (fake == NULL)
		return EXIT_FAILURE;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
