/* card/secure.c: the module's end of secure messaging, on a twin, with an eye on the carrier. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

#include "base/ossl.h"
#include "emu.h"
#include "fake_tp.h"
#include "p15/cvc_verify.h"

#define NEW_PIN "31415926"

/* A twin at the end of a wire that everything is recorded on and that can be tampered with. */
struct wire {
	struct emu_card *card;
	struct emu_lane *lane;
	struct buf seen;    /* all commands and answers */
	unsigned protected; /* commands */
	unsigned plain;     /* the others */
	unsigned agreed;    /* GENERAL AUTHENTICATE */
	int tamper_in;      /* which answer from now on has a bit changed; 0: none */
	bool plain_answers; /* somebody answers 9000 in place of the card */
};

static hsm_rc pass(void *arg, struct rd cmd, struct wr *rsp)
{
	struct wire *w = arg;
	const size_t start = rsp->n;

	assert_ok(buf_append(&w->seen, cmd));
	*((cmd.p[0] & 0x0C) != 0 ? &w->protected : &w->plain) += 1;
	w->agreed += cmd.p[1] == INS_GENERAL_AUTHENTICATE ? 1 : 0;
	if (w->plain_answers) {
		wr_u16(rsp, 0x9000);
		return HSM_OK;
	}
	TRY(emu_lane_xfer(w->lane, cmd, rsp));
	assert_ok(buf_append(&w->seen, rd_of(rsp->p + start, rsp->n - start)));
	if (w->tamper_in != 0 && --w->tamper_in == 0)
		rsp->p[start + 2] ^= 0x01;
	return HSM_OK;
}

static int wire_new(void **state)
{
	struct wire *w = calloc(1, sizeof(*w));

	assert_ok(emu_open(":memory:", &w->card));
	assert_ok(emu_lane_new(w->card, &w->lane));
	*state = w;
	return 0;
}

static int wire_gone(void **state)
{
	struct wire *w = *state;

	emu_lane_free(w->lane);
	emu_close(w->card);
	buf_free(&w->seen);
	free(w);
	return 0;
}

static bool was_seen(const struct wire *w, const char *text)
{
	return memmem(w->seen.p, w->seen.n, text, strlen(text)) != NULL;
}

static struct card *open_card(struct wire *w)
{
	struct card *card;

	assert_ok(card_open_tp_secure(fake_tp(pass, w, 8, 4096), CARD_SECURE_TEST, &card));
	return card;
}

static void secure__pins__never_in_clear_on_the_wire(void **state)
{
	struct wire *w = *state;
	struct card *card = open_card(w);
	AUTO_LANE *lane = NULL;
	struct pin_status status;
	unsigned plain;

	bench_init(card);
	assert_ok(card_take(card, &lane));
	assert_ok(card_pin_status(lane, REF_USER_PIN, &status));
	plain = w->plain; /* from here on everything is protected */
	assert_ok(card_verify(lane, REF_USER_PIN, rd_str(TEST_PIN)));
	assert_ok(card_change_pin(lane, REF_USER_PIN, rd_str(TEST_PIN), rd_str(NEW_PIN)));
	assert_ok(card_reset_retry(lane, rd_str(TEST_SO), rd_str(TEST_PIN)));
	assert_rc(card_verify(lane, REF_USER_PIN, rd_str(NEW_PIN)), HSM_E_PIN_WRONG);
	assert_ok(card_verify(lane, REF_USER_PIN, rd_str(TEST_PIN)));
	assert_false(was_seen(w, TEST_PIN));
	assert_false(was_seen(w, NEW_PIN));
	assert_false(was_seen(w, TEST_SO));
	assert_int_equal(w->plain, plain);
	assert_true(w->protected >= 6);
	card_give(lane);
	lane = NULL;
	card_close(card);
}

/* The recorder would see them: the same without secure messaging. */
static void plain__pins__are_on_the_wire(void **state)
{
	struct wire *w = *state;
	struct card *card;

	assert_ok(card_open_tp(fake_tp(pass, w, 8, 4096), &card));
	bench_init(card);
	assert_true(was_seen(w, TEST_PIN));
	assert_true(was_seen(w, TEST_SO));
	assert_int_equal(w->protected, 0);
	card_close(card);
}

static void secure__files_and_keys__as_without(void **state)
{
	static uint8_t content[9000];
	struct wire *w = *state;
	struct card *card = open_card(w);
	AUTO_BUF out = { 0 }, request = { 0 };
	uint8_t digest[32] = { 1 }, random[256] = { 0 }, sig[512];
	struct wr w_sig = WR_ARRAY(sig);
	AUTO_LANE *lane = NULL;
	struct pin_status status;

	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (uint8_t)(i % 251);
	bench_init(card);
	assert_ok(card_take(card, &lane));
	assert_ok(card_pin_status(lane, REF_USER_PIN, &status));
	assert_false(status.verified);
	assert_int_equal(status.tries, 3);
	assert_rc(card_write_file(lane, 0xCF01, rd_of(content, 10)), HSM_E_NOT_AUTH);
	assert_ok(card_verify(lane, REF_USER_PIN, rd_str(TEST_PIN)));
	assert_ok(card_pin_status(lane, REF_USER_PIN, &status));
	assert_true(status.verified);
	assert_ok(card_write_file(lane, 0xCF01, rd_of(content, sizeof(content))));
	assert_ok(card_read_file(lane, 0xCF01, &out));
	assert_true(rd_equal(buf_rd(&out), rd_of(content, sizeof(content))));
	assert_ok(card_random(lane, random, sizeof(random)));
	assert_ok(card_generate_ec(lane, 1, curve_by_name("prime256v1"), &request));
	assert_ok(card_sign_ec(lane, 1, ALG_ECDSA, rd_of(digest, sizeof(digest)), 32, &w_sig));
	assert_int_equal(w_sig.n, 64);
	out.n = 0;
	assert_ok(card_enumerate(lane, &out));
	assert_true(out.n >= 6);
	assert_false(was_seen(w, "\x10\x11\x12\x13\x14\x15\x16"));
	card_give(lane);
	lane = NULL;
	card_close(card);
}

static void secure__logout__ends_the_channel_and_opens_another(void **state)
{
	struct wire *w = *state;
	struct card *card = open_card(w);
	AUTO_LANE *lane = NULL;
	struct pin_status status;
	unsigned agreed;

	bench_init(card);
	assert_ok(card_take(card, &lane));
	assert_ok(card_verify(lane, REF_USER_PIN, rd_str(TEST_PIN)));
	agreed = w->agreed;
	assert_ok(card_logout(lane));
	assert_ok(card_pin_status(lane, REF_USER_PIN, &status));
	assert_false(status.verified);
	assert_int_equal(w->agreed, agreed + 1);
	assert_ok(card_verify(lane, REF_USER_PIN, rd_str(TEST_PIN)));
	assert_int_equal(w->agreed, agreed + 1);
	assert_false(was_seen(w, TEST_PIN));
	card_give(lane);
	lane = NULL;
	card_close(card);
}

static void secure__tampered_answer__refused_and_a_new_channel(void **state)
{
	struct wire *w = *state;
	struct card *card = open_card(w);
	AUTO_LANE *lane = NULL;
	struct pin_status status;
	unsigned agreed;

	bench_init(card);
	assert_ok(card_take(card, &lane));
	assert_ok(card_verify(lane, REF_USER_PIN, rd_str(TEST_PIN)));
	agreed = w->agreed;
	w->tamper_in = 1;
	assert_rc(card_pin_status(lane, REF_USER_PIN, &status), HSM_E_SM_WRONG);
	assert_ok(card_pin_status(lane, REF_USER_PIN, &status));
	assert_false(status.verified); /* the login went with the channel */
	assert_int_equal(w->agreed, agreed + 1);
	card_give(lane);
	lane = NULL;
	card_close(card);
}

static void secure__answers_without_protection__refused(void **state)
{
	struct wire *w = *state;
	struct card *card = open_card(w);
	AUTO_LANE *lane = NULL;
	struct pin_status status;

	bench_init(card);
	assert_ok(card_take(card, &lane));
	assert_ok(card_pin_status(lane, REF_USER_PIN, &status));
	w->plain_answers = true;
	assert_rc(card_verify(lane, REF_USER_PIN, rd_str("000000")), HSM_E_SM_MISSING);
	/* Nor is the PIN sent when no channel can be had. */
	assert_rc(card_verify(lane, REF_USER_PIN, rd_str(TEST_PIN)), HSM_E_CARD_DATA);
	assert_false(was_seen(w, TEST_PIN));
	card_give(lane);
	lane = NULL;
	card_close(card);
}

static void secure__twin__not_trusted_as_a_genuine_card(void **state)
{
	struct wire *w = *state;
	struct card *card;

	assert_rc(card_open_tp_secure(fake_tp(pass, w, 8, 4096), CARD_SECURE, &card),
	        HSM_E_UNTRUSTED);
	assert_int_equal(w->agreed, 0);
}

static void secure__tampered_token__refused(void **state)
{
	struct wire *w = *state;
	struct card *card;

	w->tamper_in = 4; /* SELECT, READ, MSE, GENERAL AUTHENTICATE: length of the nonce */
	assert_rc(card_open_tp_secure(fake_tp(pass, w, 8, 4096), CARD_SECURE_TEST, &card),
	        HSM_E_CARD_DATA);
}

static void secure__several_lanes__one(void **state)
{
	struct card *card;

	(void)state;
	assert_ok(card_open_secure("emu::memory:", CARD_SECURE_TEST, &card));
	bench_init(card);
	for (int i = 0; i < 3; i++) {
		AUTO_LANE *lane = NULL;

		assert_ok(card_take(card, &lane));
		assert_ok(card_verify(lane, REF_USER_PIN, rd_str(TEST_PIN)));
	}
	card_close(card);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		        secure__pins__never_in_clear_on_the_wire, wire_new, wire_gone),
		cmocka_unit_test_setup_teardown(plain__pins__are_on_the_wire, wire_new, wire_gone),
		cmocka_unit_test_setup_teardown(
		        secure__files_and_keys__as_without, wire_new, wire_gone),
		cmocka_unit_test_setup_teardown(
		        secure__logout__ends_the_channel_and_opens_another, wire_new, wire_gone),
		cmocka_unit_test_setup_teardown(
		        secure__tampered_answer__refused_and_a_new_channel, wire_new, wire_gone),
		cmocka_unit_test_setup_teardown(
		        secure__answers_without_protection__refused, wire_new, wire_gone),
		cmocka_unit_test_setup_teardown(
		        secure__twin__not_trusted_as_a_genuine_card, wire_new, wire_gone),
		cmocka_unit_test_setup_teardown(
		        secure__tampered_token__refused, wire_new, wire_gone),
		cmocka_unit_test(secure__several_lanes__one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
