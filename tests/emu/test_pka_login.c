/* Logging in with registered keys: sc-hsm sheet sections 4.21, 4.23 and 11.4 to 11.5. */
#include <string.h>

#include "base/tlv.h"
#include "emu_other.h"
#include "pka_host.h"
#include "secure_host.h"

#define P256     (&ec_specs[1])
#define STATUS   "80540000 00"
#define USER_CMD "00D7CF01 06 54020000 5300" /* needs the user */

/* A card with three registered keys, and those who sign. */
struct scene {
	struct emu_bench *b;
	struct signer s[3];
	char chr[17]; /* of the card */
};

static void scene_open_on(struct scene *t, struct emu_bench *b, const char *init)
{
	static const char *const holders[] = { "UTKEYHOLDER1", "UTKEYHOLDER2", "UTKEYHOLDER3" };

	t->b = b;
	EMU(t->b, init, 0x9000, "");
	device_chr(t->b, t->chr);
	for (size_t i = 0; i < 3; i++) {
		signer_new(&t->s[i], P256, holders[i]);
		assert_int_equal(register_signer(t->b, &t->s[i]), 0x9000);
	}
}

static void scene_open(struct scene *t, const char *init)
{
	scene_open_on(t, emu_bench_new(), init);
}

static void scene_close(struct scene *t)
{
	for (size_t i = 0; i < 3; i++)
		signer_free(&t->s[i]);
	emu_bench_free(t->b);
}

static uint16_t login(struct scene *t, size_t i)
{
	return login_signer(t->b, &t->s[i]);
}

/* Signs what was the challenge, with the key that is selected. */
static uint16_t answer(struct scene *t, size_t i, struct rd challenge)
{
	uint8_t sig[512];

	return emu_cmd(
	        t->b, 0x00820000, signer_sign(&t->s[i], t->chr, challenge, sig, sizeof(sig)), 0);
}

/* A new challenge, kept. */
static struct rd challenge_of(struct emu_bench *b, uint8_t out[8])
{
	assert_int_equal(emu_hex(b, "00840000 08"), 0x9000);
	memcpy(out, emu_data(b).p, 8);
	return rd_of(out, 8);
}

static void external_authenticate__two_of_three__are_the_user(void **state)
{
	struct scene t;

	(void)state;
	scene_open(&t, PKA_INIT("0302"));
	EMU(t.b, "00200081", 0x6300, "");
	EMU(t.b, "00200081 06 363438323139", 0x6A88, ""); /* there is no PIN */
	EMU(t.b, USER_CMD, 0x6982, "");
	assert_int_equal(login(&t, 2), 0x9000);
	EMU(t.b, STATUS, 0x9000, "03 00 02 01");
	EMU(t.b, "80540200 00", 0x9000, NULL);
	EMU(t.b, "80540202 00", 0x9001, "55544B4559484F4C44455233");
	EMU(t.b, USER_CMD, 0x6982, "");
	EMU(t.b, "00200081", 0x6300, "");
	assert_int_equal(login(&t, 2), 0x6985); /* each counts once */
	EMU(t.b, STATUS, 0x9000, "03 00 02 01");
	assert_int_equal(login(&t, 0), 0x9000);
	EMU(t.b, STATUS, 0x9000, "03 00 02 02");
	EMU(t.b, "00200081", 0x9000, "");
	EMU(t.b, USER_CMD, 0x9000, "");
	assert_int_equal(login(&t, 1), 0x9000);
	EMU(t.b, STATUS, 0x9000, "03 00 02 03");
	scene_close(&t);
}

static void external_authenticate__one_challenge__serves_all_keys(void **state)
{
	struct scene t;
	uint8_t bytes[8];
	struct rd challenge;

	(void)state;
	scene_open(&t, PKA_INIT("0303"));
	challenge = challenge_of(t.b, bytes);
	for (size_t i = 0; i < 3; i++) {
		/* 41 A4 selects it as well, and leaves chip authentication alone. */
		assert_int_equal(
		        choose_holder(t.b, i == 1 ? 0x002241A4 : 0x002281A4, t.s[i].chr), 0x9000);
		EMU(t.b, USER_CMD, 0x6982, "");
		assert_int_equal(answer(&t, i, challenge), 0x9000);
	}
	EMU(t.b, USER_CMD, 0x9000, "");
	EMU(t.b, "002241A4 0C 800A 04007F00070202030202", 0x9000, "");
	scene_close(&t);
}

static void external_authenticate__wrong_or_nothing_to_sign__is_refused(void **state)
{
	struct scene t;
	uint8_t old[8], now[8], sig[512];
	struct rd challenge, plain;

	(void)state;
	scene_open(&t, PKA_INIT("0301"));
	challenge = challenge_of(t.b, old);
	assert_int_equal(answer(&t, 0, challenge), 0x6A88); /* no key selected */
	assert_int_equal(choose_holder(t.b, 0x002281A4, "UTKEYHOLDER4"), 0x6A88);
	assert_int_equal(choose_holder(t.b, 0x002281A4, t.s[0].chr), 0x9000);
	assert_int_equal(choose_holder(t.b, 0x002281A4, "UTKEYHOLDER4"), 0x6A88);
	assert_int_equal(answer(&t, 0, challenge), 0x6A88); /* and none is now */
	EMU(t.b, "002281A4 02 8300", 0x6A80, "");
	EMU(t.b, "002241A4 02 8300", 0x6A80, "");
	assert_int_equal(choose_holder(t.b, 0x002281A4, t.s[0].chr), 0x9000);
	assert_int_equal(answer(&t, 1, challenge), 0x6985); /* somebody else's signature */
	plain = signer_sign(&t.s[0], "ZZTWOTHER0100000", challenge, sig, sizeof(sig));
	assert_int_equal(emu_cmd(t.b, 0x00820000, plain, 0), 0x6985); /* for another card */
	plain = signer_sign(&t.s[0], t.chr, challenge, sig, sizeof(sig));
	assert_int_equal(emu_cmd(t.b, 0x00820000, rd_of(plain.p, 63), 0), 0x6985);
	assert_int_equal(emu_cmd(t.b, 0x00820001, plain, 0), 0x6A86);
	EMU(t.b, "00820000", 0x6700, "");
	EMU(t.b, "00840000 08", 0x9000, NULL); /* a new challenge takes the place of the old */
	assert_int_equal(emu_cmd(t.b, 0x00820000, plain, 0), 0x6985);
	challenge = challenge_of(t.b, now);
	EMU(t.b, "00840000 10", 0x9000, NULL); /* random bytes that are none */
	assert_int_equal(answer(&t, 0, challenge), 0x6985);
	/* Nothing of this has locked anything. */
	for (int i = 0; i < 20; i++)
		assert_int_equal(emu_cmd(t.b, 0x00820000, plain, 0), 0x6985);
	EMU(t.b, STATUS, 0x9000, "03 00 01 00");
	challenge = challenge_of(t.b, now);
	assert_int_equal(answer(&t, 0, challenge), 0x9000);
	assert_int_equal(answer(&t, 0, challenge), 0x6985);
	EMU(t.b, USER_CMD, 0x9000, "");
	scene_close(&t);
}

static void external_authenticate__select_or_reset__logs_out(void **state)
{
	struct scene t;
	uint8_t bytes[8];
	struct rd challenge;

	(void)state;
	scene_open(&t, PKA_INIT("0301"));
	assert_int_equal(choose_holder(t.b, 0x002281A4, t.s[0].chr), 0x9000);
	challenge = challenge_of(t.b, bytes);
	assert_int_equal(answer(&t, 0, challenge), 0x9000);
	EMU(t.b, USER_CMD, 0x9000, "");
	EMU(t.b, SELECT_CMD, 0x9000, NULL);
	EMU(t.b, USER_CMD, 0x6982, "");
	EMU(t.b, "00200081", 0x6300, "");
	EMU(t.b, STATUS, 0x9000, "03 00 01 00");
	/* The old signature is of no use any more. */
	assert_int_equal(answer(&t, 0, challenge), 0x6A88);
	assert_int_equal(choose_holder(t.b, 0x002281A4, t.s[0].chr), 0x9000);
	assert_int_equal(answer(&t, 0, challenge), 0x6985);
	assert_int_equal(login(&t, 0), 0x9000);
	emu_reset(t.b->card);
	EMU(t.b, SELECT_CMD, 0x9000, NULL);
	EMU(t.b, USER_CMD, 0x6982, "");
	scene_close(&t);
}

/* Lanes of a card share who has signed; a logout on one voids the challenges of all. */
static void external_authenticate__lanes__share_the_login(void **state)
{
	struct scene t;
	struct emu_bench *lane;
	uint8_t bytes[8], sig[512];
	struct rd challenge;

	(void)state;
	scene_open(&t, PKA_INIT("0302"));
	lane = emu_bench_lane(t.b);
	assert_int_equal(login(&t, 0), 0x9000);
	assert_int_equal(login_signer(lane, &t.s[1]), 0x9000);
	EMU(t.b, USER_CMD, 0x9000, "");
	assert_int_equal(choose_holder(lane, 0x002281A4, t.s[2].chr), 0x9000);
	challenge = challenge_of(lane, bytes);
	EMU(t.b, SELECT_CMD, 0x9000, NULL);
	EMU(lane, USER_CMD, 0x6982, "");
	assert_int_equal(emu_cmd(lane, 0x00820000,
	                         signer_sign(&t.s[2], t.chr, challenge, sig, sizeof(sig)), 0),
	        0x6985);
	emu_bench_free(lane);
	scene_close(&t);
}

static void external_authenticate__inside_a_channel__ends_with_it(void **state)
{
	struct scene t;
	struct host h;
	uint8_t bytes[8], sig[512];
	struct rd challenge;

	(void)state;
	scene_open(&t, PKA_INIT("0301"));
	assert_int_equal(choose_holder(t.b, 0x002281A4, t.s[0].chr), 0x9000);
	host_open(&h, t.b);
	assert_int_equal(host_cmd(&h, 0x00840000, rd_of(NULL, 0), 8), 0x9000);
	memcpy(bytes, h.data, 8);
	challenge = rd_of(bytes, 8);
	assert_int_equal(host_cmd(&h, 0x00820000,
	                         signer_sign(&t.s[0], t.chr, challenge, sig, sizeof(sig)), 0),
	        0x9000);
	assert_int_equal(host_cmd(&h, 0x00200081, rd_of(NULL, 0), 256), 0x9000);
	EMU(t.b, "00200081", 0x6300, ""); /* a plain command */
	scene_close(&t);
}

/* ---- with a PIN ---- */

static void pin_and_pka__both__are_needed(void **state)
{
	struct scene t;

	(void)state;
	scene_open(&t, PKA_INIT_PIN("0011", "0301"));
	EMU(t.b, "00200081", 0x63C3, "");
	EMU(t.b, VERIFY_CMD, 0x9000, "");
	EMU(t.b, USER_CMD, 0x6982, "");
	EMU(t.b, "00200081", 0x63C3, "");
	assert_int_equal(login(&t, 1), 0x9000);
	EMU(t.b, USER_CMD, 0x9000, "");
	EMU(t.b, "00200081", 0x9000, "");
	EMU(t.b, WRONG_CMD, 0x63C2, ""); /* the PIN alone is lost by it */
	EMU(t.b, STATUS, 0x9000, "03 00 01 01");
	EMU(t.b, USER_CMD, 0x6982, "");
	EMU(t.b, VERIFY_CMD, 0x9000, "");
	EMU(t.b, USER_CMD, 0x9000, "");
	EMU(t.b, SELECT_CMD, 0x9000, NULL);
	assert_int_equal(login(&t, 1), 0x9000);
	EMU(t.b, USER_CMD, 0x6982, "");
	scene_close(&t);
}

static void pin_or_pka__either__is_enough(void **state)
{
	struct scene t;

	(void)state;
	scene_open(&t, PKA_INIT_PIN("0001", "0301"));
	EMU(t.b, "00200081", 0x63C3, "");
	EMU(t.b, VERIFY_CMD, 0x9000, "");
	EMU(t.b, "00D7CD01 08 54020000 5302 ABCD", 0x9000, ""); /* sealed under the token key */
	EMU(t.b, SELECT_CMD, 0x9000, NULL);
	EMU(t.b, "00B1CD01 04 54020000 02", 0x6982, "");
	assert_int_equal(login(&t, 1), 0x9000);
	EMU(t.b, "00B1CD01 04 54020000 02", 0x9000, "ABCD");
	EMU(t.b, WRONG_CMD, 0x63C2, "");
	EMU(t.b, "00B1CD01 04 54020000 02", 0x9000, "ABCD");
	scene_close(&t);
}

/* ---- replacing ---- */

static uint16_t replace(struct scene *t, unsigned number, const struct signer *s)
{
	trust_signer(t->b, s);
	return emu_cmd(t->b, 0x80540100u | number, rd_of(s->request, s->n), 256);
}

static void manage_pka__replacing__needs_option_and_user(void **state)
{
	struct scene t;
	struct signer s;

	(void)state;
	signer_new(&s, P256, "UTNEWHOLDER1");
	scene_open(&t, PKA_INIT("0301"));
	assert_int_equal(login(&t, 0), 0x9000);
	assert_int_equal(replace(&t, 1, &s), 0x6985);
	EMU(t.b, "80540101 00", 0x6700, "");
	scene_close(&t);

	scene_open(&t, PKA_INIT_OPTION("0009", "0301"));
	assert_int_equal(replace(&t, 1, &s), 0x6982);
	assert_int_equal(login(&t, 0), 0x9000);
	assert_int_equal(replace(&t, 3, &s), 0x6A88);
	EMU(t.b, "80540101 02 7F21 00", 0x6A80, "");
	assert_int_equal(replace(&t, 1, &t.s[0]), 0x6985); /* known under another number */
	assert_int_equal(replace(&t, 1, &s), 0x9000);
	EMU(t.b, "80540201 00", 0x9000, "55544E4557484F4C44455231");
	EMU(t.b, USER_CMD, 0x9000, ""); /* the login is another key's */
	assert_int_equal(login(&t, 1), 0x6A88);
	assert_int_equal(login_signer(t.b, &s), 0x9000);
	assert_int_equal(replace(&t, 0, &t.s[0]), 0x9000); /* the same again is another one */
	EMU(t.b, STATUS, 0x9000, "03 00 01 01");
	signer_free(&s);
	scene_close(&t);
}

/* ---- in the file ---- */

static bool contains(const char *path, struct rd part)
{
	AUTO_BUF bytes = { 0 };

	file_read(path, &bytes);
	return memmem(bytes.p, bytes.n, part.p, part.n) != NULL;
}

/* Keys alone open what is sealed, also after the card was powered down. */
static void token_file__keys__survive_and_open_the_sealed(void **state)
{
	struct token_place p;
	struct scene t;

	(void)state;
	place_create(&p, EMU_KDF_CHEAP);
	scene_open_on(&t, emu_bench_open(p.path), PKA_INIT("0302"));
	assert_int_equal(login(&t, 0), 0x9000);
	assert_int_equal(login(&t, 1), 0x9000);
	EMU(t.b, "00D7CD01 0E 54020000 5308 544F505345435245", 0x9000, "");
	EMU(t.b, GEN_CMD, 0x9000, "");
	emu_bench_free(t.b);
	assert_false(contains(p.path, RD_LIT("TOPSECRE")));
	t.b = emu_bench_open(p.path);
	EMU(t.b, STATUS, 0x9000, "03 00 02 00");
	EMU(t.b, "80680131 02 ABCD 00", 0x6982, "");
	assert_int_equal(login(&t, 2), 0x9000);
	EMU(t.b, "80680131 02 ABCD 00", 0x6982, "");
	assert_int_equal(login(&t, 1), 0x9000);
	EMU(t.b, "00B1CD01 04 54020000 08", 0x9000, "544F505345435245");
	EMU(t.b, "80680131 02 ABCD 00", 0x9000, NULL);
	scene_close(&t);
	place_remove(&p);
}

/* What another process registers is seen; what it replaces or wipes voids the login. */
static void other_process__new_key_or_token__voids_the_login(void **state)
{
	struct token_place p;
	struct scene t;
	struct other o;
	uint64_t content, before, after;

	(void)state;
	place_create(&p, EMU_KDF_CHEAP);
	scene_open_on(&t, emu_bench_open(p.path), PKA_INIT("0301"));
	o = other_start(p.path);
	assert_int_equal(other_hex(&o, "80540202 00"), 0x9000); /* sees what is registered */
	assert_int_equal(login(&t, 1), 0x9000);
	EMU(t.b, USER_CMD, 0x9000, "");
	assert_int_equal(other_hex(&o, USER_CMD), 0x6982); /* its card is another one */
	assert_int_equal(emu_epoch(t.b->card, &content, &before), HSM_OK);
	assert_int_equal(other_hex(&o, PKA_INIT("0301")), 0x9000);
	EMU(t.b, USER_CMD, 0x6982, "");
	assert_int_equal(emu_epoch(t.b->card, &content, &after), HSM_OK);
	assert_true(after > before);
	EMU(t.b, STATUS, 0x9000, "03 03 01 00");
	other_stop(&o);
	scene_close(&t);
	place_remove(&p);
}

/* The same for a key that somebody replaces on another card of the same token. */
static void other_card__key_replaced__voids_what_it_has_signed(void **state)
{
	struct token_place p;
	struct scene t, other;
	struct signer s;

	(void)state;
	place_create(&p, EMU_KDF_CHEAP);
	signer_new(&s, P256, "UTNEWHOLDER1");
	scene_open_on(&t, emu_bench_open(p.path), PKA_INIT_OPTION("0009", "0302"));
	assert_int_equal(login(&t, 1), 0x9000);
	assert_int_equal(login(&t, 2), 0x9000);
	EMU(t.b, USER_CMD, 0x9000, "");
	other = t;
	other.b = emu_bench_open(p.path);
	assert_int_equal(login(&other, 0), 0x9000);
	assert_int_equal(login(&other, 2), 0x9000);
	assert_int_equal(replace(&other, 1, &s), 0x9000);
	EMU(t.b, USER_CMD, 0x6982, "");
	EMU(t.b, STATUS, 0x9000, "03 00 02 01");
	assert_int_equal(login_signer(t.b, &s), 0x9000);
	EMU(t.b, USER_CMD, 0x9000, "");
	emu_bench_free(other.b);
	signer_free(&s);
	scene_close(&t);
	place_remove(&p);
}

/* The token key, only where keys alone log in. */
static void token_file__token_key__is_in_the_clear_only_for_keys_alone(void **state)
{
	static const struct {
		const char *init, *check;
	} rows[] = {
		{ PKA_INIT("0302"), "length(token_key) = 32" },
		{ PKA_INIT_PIN("0001", "0302"), "length(token_key) = 32" },
		{ PKA_INIT_PIN("0011", "0302"), "token_key IS NULL" },
		{ INIT_CMD, "token_key IS NULL" },
	};
	struct token_place p;

	(void)state;
	place_create(&p, EMU_KDF_CHEAP);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct emu_bench *b = emu_bench_open(p.path);
		char sql[160];

		EMU(b, rows[i].init, 0x9000, "");
		emu_bench_free(b);
		/* Fails, and with it the test, when the check is false. */
		snprintf(sql, sizeof(sql),
		        "CREATE TEMP TABLE t (ok CHECK (ok = 1));"
		        "INSERT INTO t SELECT %s FROM card",
		        rows[i].check);
		file_sql(p.path, sql);
	}
	place_remove(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(external_authenticate__two_of_three__are_the_user),
		cmocka_unit_test(external_authenticate__one_challenge__serves_all_keys),
		cmocka_unit_test(external_authenticate__wrong_or_nothing_to_sign__is_refused),
		cmocka_unit_test(external_authenticate__select_or_reset__logs_out),
		cmocka_unit_test(external_authenticate__lanes__share_the_login),
		cmocka_unit_test(external_authenticate__inside_a_channel__ends_with_it),
		cmocka_unit_test(pin_and_pka__both__are_needed),
		cmocka_unit_test(pin_or_pka__either__is_enough),
		cmocka_unit_test(manage_pka__replacing__needs_option_and_user),
		cmocka_unit_test(token_file__keys__survive_and_open_the_sealed),
		cmocka_unit_test(other_process__new_key_or_token__voids_the_login),
		cmocka_unit_test(other_card__key_replaced__voids_what_it_has_signed),
		cmocka_unit_test(token_file__token_key__is_in_the_clear_only_for_keys_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
