/* card/pka.c: public keys of other cards are registered; what the card refuses */
#include "backup/backup.h"
#include "base/tlv.h"
#include "bench.h"

enum { KID = 1, TOTAL = 2, NEEDED = 1 };

/* A target that wants TOTAL keys, and the public key of another card. */
struct fixture {
	struct card *card, *other;
	struct card_lane *lane;
	struct buf request, chain;
	struct pkafile key;
};

static void make_key(struct fixture *f)
{
	AUTO_LANE *lane = NULL;

	assert_ok(card_take(f->other, &lane));
	assert_ok(card_verify(lane, REF_USER_PIN, rd_str(TEST_PIN)));
	assert_ok(card_generate_ec(lane, KID, curve_by_name("prime256v1"), &f->request));
	assert_ok(card_read_file(lane, EF_DEVAUT, &f->chain));
	assert_ok(pkafile_from_card(buf_rd(&f->request), buf_rd(&f->chain), &f->key));
}

static int set_up(void **state)
{
	const struct card_init init = {
		.so_pin = rd_str(TEST_SO),
		.pin_tries = 3,
		.pka_n = TOTAL,
		.pka_m = NEEDED,
	};
	struct fixture *f = test_calloc(1, sizeof(*f));

	f->card = bench_card(NULL);
	f->other = bench_card(NULL);
	make_key(f);
	assert_ok(card_take(f->card, &f->lane));
	assert_ok(card_initialize(f->lane, &init));
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	card_give(f->lane);
	card_close(f->card);
	card_close(f->other);
	buf_free(&f->request);
	buf_free(&f->chain);
	test_free(f);
	return 0;
}

static struct rd content_of(struct rd object)
{
	struct rd value;
	uint16_t tag;

	assert_true(tlv_next(&object, &tag, &value, NULL));
	return value;
}

static hsm_rc register_key(struct fixture *f, struct card_pka *status)
{
	return card_pka_register(
	        f->lane, f->key.issuer, f->key.device, content_of(f->key.request), status);
}

static void card_pka_register__key_of_another_card__counts(void **state)
{
	struct fixture *f = *state;
	struct card_pka status;
	char holder[P15_CHR_MAX + 1];
	bool authenticated;

	assert_ok(card_pka_status(f->lane, &status));
	assert_int_equal(status.total, TOTAL);
	assert_int_equal(status.missing, TOTAL);
	assert_int_equal(status.required, NEEDED);
	assert_rc(card_pka_holder(f->lane, 0, holder, &authenticated), HSM_E_NO_REF);
	assert_ok(register_key(f, &status));
	assert_int_equal(status.missing, TOTAL - 1);
	assert_int_equal(status.authenticated, 0);
	assert_ok(card_pka_holder(f->lane, 0, holder, &authenticated));
	assert_false(authenticated);
	assert_true(strlen(holder) >= 8);
	assert_rc(register_key(f, &status), HSM_E_NOT_ALLOWED);
}

static void card_pka_register__bent__is_refused(void **state)
{
	struct fixture *f = *state;
	struct card_pka status;

	f->chain.p[f->key.device.n - 1] ^= 1;
	assert_rc(register_key(f, &status), HSM_E_UNTRUSTED);
	f->chain.p[f->key.device.n - 1] ^= 1;
	f->request.p[f->request.n - 1] ^= 1;
	assert_rc(register_key(f, &status), HSM_E_NOT_ALLOWED);
	f->request.p[f->request.n - 1] ^= 1;
	assert_rc(card_pka_register(f->lane, f->key.issuer, f->key.device, rd_str("x"), &status),
	        HSM_E_BAD_DATA);
	assert_ok(register_key(f, &status));
}

static void card_pka_status__not_configured__is_unsupported(void **state)
{
	struct fixture *f = *state;
	struct card_pka status;
	AUTO_LANE *lane = NULL;

	assert_ok(card_take(f->other, &lane));
	assert_rc(card_pka_status(lane, &status), HSM_E_UNSUPPORTED);
}

static void card_pin_status__registered_keys__are_told_apart(void **state)
{
	struct fixture *f = *state;
	struct pin_status status;
	AUTO_LANE *lane = NULL;

	assert_ok(card_pin_status(f->lane, REF_USER_PIN, &status));
	assert_true(status.keys && status.unset && !status.verified);
	assert_ok(card_pin_status(f->lane, REF_SO_PIN, &status));
	assert_false(status.keys || status.unset);
	assert_ok(card_take(f->other, &lane));
	assert_ok(card_pin_status(lane, REF_USER_PIN, &status));
	assert_false(status.keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		        card_pka_register__key_of_another_card__counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        card_pka_register__bent__is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        card_pin_status__registered_keys__are_told_apart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        card_pka_status__not_configured__is_unsupported, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
