/* Cards that lie, and one that looks into the memory of whoever asks. */
#include <pthread.h>

#include "bench.h"
#include "fake_tp.h"

/* A card that is a SmartCard-HSM until its commands are counted down, then answers `bad`. */
struct liar {
	int good;
	const char *bad; /* hex */
	struct buf devaut;
};

static hsm_rc answer_hex(struct wr *rsp, const char *hex)
{
	uint8_t bytes[256];

	wr_put(rsp, bytes, unhex(hex, bytes, sizeof(bytes)));
	return HSM_OK;
}

static hsm_rc liar_answer(void *arg, struct rd cmd, struct wr *rsp)
{
	struct liar *l = arg;

	if (l->good-- <= 0)
		return answer_hex(rsp, l->bad);
	if (cmd.p[1] == INS_SELECT)
		return answer_hex(rsp, "6F0A82017885050001000401"
		                       "9000");
	wr_rd_put(rsp, buf_rd(&l->devaut));
	return answer_hex(rsp, "6282");
}

static void card_open__lies__are_refused(void **state)
{
	static const struct {
		int good;
		const char *bad;
		hsm_rc rc;
	} rows[] = {
		{ 0, "", HSM_E_CARD_DATA },
		{ 0, "90", HSM_E_CARD_DATA },
		{ 0, "9000", HSM_E_CARD_DATA },
		{ 0, "6A82", HSM_E_CARD_DATA },
		{ 0, "6E00", HSM_E_BAD_CLASS },
		{ 0, "61109000", HSM_E_CARD_DATA },
		{ 0, "6F0082017885029000", HSM_E_CARD_DATA },
		{ 0, "6F038201789000", HSM_E_CARD_DATA },
		{ 0,
		        "6F03850100"
		        "9000",
		        HSM_E_CARD_DATA },
		{ 0,
		        "6F058503000400"
		        "9000",
		        HSM_E_CARD_DATA },
		{ 0,
		        "6F7F8201788505000100040190"
		        "00",
		        HSM_E_CARD_DATA },
		{ 1, "6A82", HSM_E_NO_FILE },
		{ 1, "9000", HSM_E_CARD_DATA },
		{ 1, "7F2181FF6282", HSM_E_CARD_DATA },
		{ 1, "7F21006282", HSM_E_CARD_DATA },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct liar l = { .good = rows[i].good, .bad = rows[i].bad };
		struct card *card;

		assert_rc(card_open_tp(fake_tp(liar_answer, &l, 1, 4096), &card), rows[i].rc);
	}
}

static struct card *liar_card(struct liar *l, unsigned lanes)
{
	struct card *card;

	l->good = 2;
	golden_file("ef_2f02_emulator.bin", &l->devaut);
	assert_ok(card_open_tp(fake_tp(liar_answer, l, lanes, 4096), &card));
	buf_free(&l->devaut);
	return card;
}

static void card_commands__lies__are_refused(void **state)
{
	struct liar l = { .bad = "" };
	struct card *card = liar_card(&l, 1);
	struct rd in = rd_str("0123456789ABCDEF0123");
	struct buf b = { 0 };
	struct pin_status status;
	struct card_lane *lane;
	uint8_t out[256];
	struct wr w;
	uint32_t n;

	(void)state;
	assert_ok(card_take(card, &lane));
	l.bad = "2F029000";
	w = WR_ARRAY(out);
	assert_rc(card_sign_rsa(lane, 1, ALG_RSA_RAW, in, 256, &w), HSM_E_CARD_DATA);
	assert_rc(card_sign_ec(lane, 1, ALG_ECDSA, in, 32, &w), HSM_E_CARD_DATA);
	assert_rc(card_decipher_rsa(lane, 1, in, 256, &w), HSM_E_CARD_DATA);
	assert_rc(card_ecdh(lane, 1, in, 32, &w), HSM_E_CARD_DATA);
	assert_rc(card_random(lane, out, 8), HSM_E_CARD_DATA);
	assert_rc(card_free_memory(lane, &n), HSM_E_CARD_DATA);
	assert_int_equal(w.n, 0);
	l.bad = "2F02C49000"; /* half an identifier */
	assert_rc(card_enumerate(lane, &b), HSM_E_CARD_DATA);
	l.bad = "300602010102020100"
	        "9000"; /* s wider than the field */
	assert_rc(card_sign_ec(lane, 1, ALG_ECDSA, in, 1, &w), HSM_E_CARD_DATA);
	l.bad = "020304"
	        "9000"; /* a compressed point */
	assert_rc(card_ecdh(lane, 1, in, 1, &w), HSM_E_CARD_DATA);
	l.bad = "FFFF";
	assert_rc(card_pin_status(lane, REF_USER_PIN, &status), HSM_E_CARD_SW);
	l.bad = "00";
	assert_rc(card_verify(lane, REF_USER_PIN, in), HSM_E_CARD_DATA);
	card_give(lane);
	card_close(card);
	buf_free(&b);
}

static hsm_rc endless(void *arg, struct rd cmd, struct wr *rsp)
{
	struct liar *l = arg;
	uint8_t byte = 'x';

	if (l->good > 0)
		return liar_answer(arg, cmd, rsp);
	for (unsigned i = 0; i < 4096; i++)
		wr_put(rsp, &byte, 1);
	return answer_hex(rsp, "9000");
}

static void card_read_file__endless__ends(void **state)
{
	struct liar l = { .good = 2 };
	struct card_lane *lane;
	struct buf b = { 0 };
	struct card *card;

	(void)state;
	golden_file("ef_2f02_emulator.bin", &l.devaut);
	assert_ok(card_open_tp(fake_tp(endless, &l, 1, 4096), &card));
	buf_free(&l.devaut);
	assert_ok(card_take(card, &lane));
	assert_rc(card_read_file(lane, 0xCF00, &b), HSM_E_CARD_DATA);
	card_give(lane);
	card_close(card);
	buf_free(&b);
}

static void *take_later(void *arg)
{
	struct card_lane *lane;

	assert_ok(card_take(arg, &lane));
	card_give(lane);
	return lane;
}

static void card_take__one_lane__is_waited_for(void **state)
{
	struct liar l = { .bad = "6D00" };
	struct card *card = liar_card(&l, 1);
	struct card_lane *lane;
	pthread_t thread;
	void *got;

	(void)state;
	assert_ok(card_take(card, &lane));
	assert_int_equal(pthread_create(&thread, NULL, take_later, card), 0);
	card_give(lane);
	assert_int_equal(pthread_join(thread, &got), 0);
	assert_ptr_equal(got, lane);
	card_close(card);
}

/* Remembers where command and answer are; they stay there, as the lane keeps its buffers. */
struct peeper {
	struct liar liar;
	struct rd cmd, rsp;
};

static hsm_rc peep(void *arg, struct rd cmd, struct wr *rsp)
{
	struct peeper *p = arg;
	hsm_rc rc = liar_answer(&p->liar, cmd, rsp);

	p->cmd = cmd;
	p->rsp = wr_rd(rsp);
	return rc;
}

static bool wiped(const struct peeper *p)
{
	static const uint8_t zero[512];

	return memcmp(p->cmd.p, zero, p->cmd.n) == 0 && memcmp(p->rsp.p, zero, p->rsp.n) == 0;
}

static void card_secrets__afterwards__are_not_in_the_lane(void **state)
{
	struct peeper p = { .liar = { .good = 2 } };
	struct rd pin = rd_str(TEST_PIN), so = rd_str(TEST_SO);
	struct card_init init = { .pin = pin, .so_pin = so, .pin_tries = 3 };
	struct card_lane *lane;
	struct card *card;
	uint8_t out[32];
	struct wr w = WR_ARRAY(out);

	(void)state;
	golden_file("ef_2f02_emulator.bin", &p.liar.devaut);
	assert_ok(card_open_tp(fake_tp(peep, &p, 1, 4096), &card));
	assert_ok(card_take(card, &lane));
	p.liar.bad = "9000";
	assert_ok(card_verify(lane, REF_USER_PIN, pin));
	assert_true(p.cmd.n != 0 && wiped(&p));
	assert_ok(card_change_pin(lane, REF_USER_PIN, pin, pin));
	assert_true(wiped(&p));
	assert_ok(card_reset_retry(lane, so, pin));
	assert_true(wiped(&p));
	p.liar.bad = "63C2";
	assert_rc(card_verify(lane, REF_USER_PIN, pin), HSM_E_PIN_WRONG);
	assert_true(wiped(&p));
	p.liar.bad = "6985";
	assert_rc(card_initialize(lane, &init), HSM_E_SO_REFUSED);
	assert_true(wiped(&p));
	p.liar.bad = "00010203"
	             "9000";
	assert_ok(card_decipher_rsa(lane, 1, so, 4, &w));
	assert_true(wiped(&p));
	p.liar.bad = "040102"
	             "9000";
	assert_ok(card_ecdh(lane, 1, so, 1, &w));
	assert_true(wiped(&p));
	card_give(lane);
	card_close(card);
	buf_free(&p.liar.devaut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(card_open__lies__are_refused),
		cmocka_unit_test(card_commands__lies__are_refused),
		cmocka_unit_test(card_read_file__endless__ends),
		cmocka_unit_test(card_take__one_lane__is_waited_for),
		cmocka_unit_test(card_secrets__afterwards__are_not_in_the_lane),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
