/* What we send, byte for byte, beside what OpenSC sends. */
#include "replay.h"
#include "token/token.h"

static struct card *open_card(struct replay *r)
{
	struct card *card;

	assert_ok(card_open_tp(replay_tp(r, "open"), &card));
	return card;
}

static void dialogue__open__reads_the_identity(void **state)
{
	struct replay *r = replay_open("host/opensc.txt");
	struct card *card = open_card(r);
	struct card_identity id = card_identity(card);

	(void)state;
	assert_string_equal(id.chr, "ZZEMU01000100000");
	assert_string_equal(id.serial, "ZZEMU010001");
	assert_int_equal(id.options, OPT_RESET_RETRY);
	assert_int_equal(id.platform, 0);
	assert_int_equal(id.major, 4);
	assert_int_equal(id.minor, 1);
	card_close(card);
	replay_close(r);
}

static void dialogue__initialize__is_that_of_sc_hsm_tool(void **state)
{
	struct replay *r = replay_open("host/opensc.txt");
	struct card *card = open_card(r);
	struct card_init init = {
		.options = OPT_RESET_RETRY,
		.pin = rd_str("648219"),
		.so_pin = rd_str("57621880"),
		.pin_tries = 3,
		.has_dkek = true,
		.dkek_shares = 1,
	};
	struct card_lane *lane;

	(void)state;
	assert_ok(card_take(card, &lane));
	replay_section(r, "initialize");
	assert_ok(card_initialize(lane, &init));
	card_give(lane);
	card_close(card);
	replay_close(r);
}

static void dialogue__key_generation__is_that_of_opensc(void **state)
{
	struct replay *r = replay_open("host/opensc.txt");
	struct card *card = open_card(r);
	AUTO_BUF request = { 0 };
	struct card_lane *lane;

	(void)state;
	assert_ok(card_take(card, &lane));
	replay_section(r, "generate rsa");
	assert_ok(card_generate_rsa(lane, 1, 2048, &request));
	assert_hex(buf_rd(&request), "67820004DEADBEEF");
	replay_section(r, "generate ec");
	assert_ok(card_generate_ec(lane, 2, curve_by_name("prime256v1"), &request));
	assert_rc(card_generate_ec(lane, 1, curve_by_name("secp521r1"), &request), HSM_E_BAD_ALG);
	card_give(lane);
	card_close(card);
	replay_close(r);
}

static void dialogue__signatures__are_those_of_opensc(void **state)
{
	struct replay *r = replay_open("host/opensc.txt");
	struct card *card = open_card(r);
	struct card_lane *lane;
	uint8_t hash[32], out[64];
	struct wr w = WR_ARRAY(out);

	(void)state;
	assert_ok(card_take(card, &lane));
	replay_section(r, "sign");
	unhex("FB428DB1AE7E3B07B555F5B002F081B81B7FFC8E71E21CBA8E6B2AD58AC57AA2", hash, 32);
	assert_ok(card_sign_rsa(lane, 1, ALG_RSA_PSS, rd_of(hash, 32), 4, &w));
	assert_hex(wr_rd(&w), "00112233");
	unhex("C0FCEA5DF5D5B097021F3FE364A2F11EE96FC3C8A67C9DFE2DC2F5A9E8442CA0", hash, 32);
	w = WR_ARRAY(out);
	assert_ok(card_sign_ec(lane, 2, ALG_ECDSA, rd_of(hash, 32), 4, &w));
	assert_hex(wr_rd(&w), "0000010200000304");
	assert_rc(card_sign_ec(lane, 2, ALG_ECDSA_SHA256, rd_str("hello sc-hsm test data"), 4, &w),
	        HSM_E_NOT_AUTH);
	card_give(lane);
	card_close(card);
	replay_close(r);
}

static void dialogue__pins__are_those_of_opensc(void **state)
{
	struct replay *r = replay_open("host/opensc.txt");
	struct card *card = open_card(r);
	struct rd pin = rd_str("648219"), so = rd_str("57621880");
	struct pin_status status;
	struct card_lane *lane;

	(void)state;
	assert_ok(card_take(card, &lane));
	replay_section(r, "pins");
	assert_ok(card_pin_status(lane, REF_USER_PIN, &status));
	assert_int_equal(status.tries, 3);
	assert_ok(card_verify(lane, REF_USER_PIN, pin));
	assert_ok(card_change_pin(lane, REF_USER_PIN, pin, rd_str("123456")));
	assert_ok(card_reset_retry(lane, so, pin));
	assert_ok(card_change_pin(lane, REF_SO_PIN, so, rd_str("57621881")));
	card_give(lane);
	card_close(card);
	replay_close(r);
}

static void dialogue__init_token__is_that_of_opensc(void **state)
{
	struct replay *r = replay_open("host/opensc.txt");
	struct card *card;
	struct token *t;

	(void)state;
	assert_ok(card_open_tp(replay_tp(r, "init token"), &card));
	assert_ok(token_open(card, &t));
	assert_ok(token_init(t, rd_str("3537363231383831"), rd_str("tok2")));
	token_close(t);
	replay_close(r);
}

static void dialogue__new_key__leaves_the_files_of_opensc(void **state)
{
	static const uint8_t id = 0x11;
	struct new_key k = {
		.label = rd_str("testec"),
		.id = rd_of(&id, 1),
		.usage = P15_SIGN | P15_SIGN_RECOVER | P15_DERIVE,
		.curve = curve_by_name("prime256v1"),
	};
	struct replay *r = replay_open("host/opensc.txt");
	struct object *priv, *pub;
	struct card *card;
	struct token *t;

	(void)state;
	assert_ok(card_open_tp(replay_tp(r, "make an EC key"), &card));
	assert_ok(token_open(card, &t));
	assert_ok(token_generate(t, &k, &priv, &pub));
	assert_int_equal(priv->nn, 2);
	assert_int_equal(priv->usage, k.usage);
	assert_true(rd_equal(pub->id, k.id));
	assert_true(rd_equal(pub->label, k.label));
	assert_ptr_equal(pub->key.curve, k.curve);
	object_free(priv);
	object_free(pub);
	token_close(t);
	replay_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dialogue__open__reads_the_identity),
		cmocka_unit_test(dialogue__initialize__is_that_of_sc_hsm_tool),
		cmocka_unit_test(dialogue__key_generation__is_that_of_opensc),
		cmocka_unit_test(dialogue__signatures__are_those_of_opensc),
		cmocka_unit_test(dialogue__pins__are_those_of_opensc),
		cmocka_unit_test(dialogue__init_token__is_that_of_opensc),
		cmocka_unit_test(dialogue__new_key__leaves_the_files_of_opensc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
