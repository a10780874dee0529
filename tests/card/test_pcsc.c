/* The carrier "pcsc:READER": which readers, holding, resets, removal; the settings. */
#include <stdlib.h>

#include "card/places.h"
#include "pcsc_bench.h"

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
	struct token *t = pcsc_user_token();
	struct object *o;

	(void)state;
	bench_key(t, "k", RD_LIT("\x01"));
	sign_gives(t, HSM_OK);
	assert_ok(pcsc_add_data(t, &o));
	assert_int_equal(fake->holds, 0);
	assert_ok(token_remove(t, o));
	object_free(o);
	token_close(t);
}

static void hold__spans_the_commands__and_ends(void **state)
{
	struct token *t = pcsc_user_token();
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
	struct token *t = pcsc_user_token();
	unsigned long handle = bench_key(t, "k", RD_LIT("\x01"));
	struct object *o;

	(void)state;
	pcsc_other_resets();
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
		struct token *t = pcsc_token();

		pcsc_other_resets();
		assert_ok(token_login(
		        t, users[i], rd_str(users[i] == TOKEN_USER ? TEST_PIN : TEST_SO_HEX)));
		assert_int_equal(token_who(t), users[i]);
		token_close(t);
	}
}

static void reset_by_others__before_what_needs_no_login__goes_on(void **state)
{
	struct token *t = pcsc_user_token();
	struct token_info info;

	(void)state;
	bench_key(t, "k", RD_LIT("\x01"));
	pcsc_other_resets();
	assert_ok(token_info(t, &info));
	assert_int_equal(info.user.tries, 3);
	assert_int_equal(token_who(t), TOKEN_NOBODY);
	assert_int_equal(bench_count(t, OBJECT_PRIVATE_KEY), 1);
	pcsc_other_resets();
	assert_ok(token_logout(t));
	token_close(t);
}

static void reset_by_others__at_hold__told_by_the_next_command(void **state)
{
	struct token *t = pcsc_user_token();
	struct object *o;

	(void)state;
	pcsc_other_resets();
	assert_rc(pcsc_add_data(t, &o), HSM_E_NOT_AUTH);
	assert_int_equal(fake->holds, 0);
	assert_int_equal(fake->resets, 1);
	assert_ok(token_login(t, TOKEN_USER, rd_str(TEST_PIN)));
	assert_ok(pcsc_add_data(t, &o));
	object_free(o);
	token_close(t);
}

static void card_removed__gone_for_good(void **state)
{
	struct token *t = pcsc_user_token();
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
	assert_rc(pcsc_add_data(t, &o), HSM_E_GONE);
	assert_int_equal(token_who(t), TOKEN_NOBODY);
	assert_int_equal(fake->commands, 0);
	token_close(t);
	token_close(pcsc_user_token());
}

/* ---- the settings ---- */

static void cards_are(const char *reserved, const char *want)
{
	struct config c;
	char text[256] = "";

	assert_ok(config_load(reserved, &c));
	assert_ok(places_expand(&c));
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

		pcsc_fake_start();
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
	setenv("PCSCLITE_CSOCK_NAME", pcsc_path, 1);
	cards_are(NULL, READER);
	cards_are("cards =", "");
	setenv("PCSCLITE_CSOCK_NAME", "/nowhere/comm", 1);
	cards_are(NULL, "");
	assert_int_equal(fake->cards, 0);
}

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
		READY(all_readers__those_with_a_smartcard_hsm),
		READY(no_settings__readers_if_the_service_runs),
	};

	return pcsc_run(tests, COUNT(tests));
}
