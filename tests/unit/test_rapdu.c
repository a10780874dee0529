/* apdu/rapdu.c: status words as in the tables of the card's known clients */
#include "apdu/capdu.h"

#include <stdio.h>

#include "vec.h"

static void rapdu_parse__with_and_without_data__split(void **state)
{
	struct rapdu r;
	struct vec v;

	(void)state;
	check_rc("data", rapdu_parse(unhex(&v, "0102036282"), &r), HSM_OK);
	check_hex("data", r.data, "010203");
	assert_int_equal(r.sw, 0x6282);
	check_rc("none", rapdu_parse(unhex(&v, "9000"), &r), HSM_OK);
	assert_int_equal(r.data.n, 0);
	assert_int_equal(r.sw, 0x9000);
}

static void rapdu_parse__shorter_than_a_status_word__card_data(void **state)
{
	struct rapdu r;

	(void)state;
	check_rc("none", rapdu_parse(RD_LIT(""), &r), HSM_E_CARD_DATA);
	check_rc("one", rapdu_parse(RD_LIT("\x90"), &r), HSM_E_CARD_DATA);
}

static const struct {
	uint16_t sw;
	hsm_rc rc;
} rows[] = {
	{ 0x9000, HSM_OK },
	{ 0x6282, HSM_E_END_OF_FILE },
	{ 0x63C0, HSM_E_PIN_WRONG },
	{ 0x63C3, HSM_E_PIN_WRONG },
	{ 0x63CF, HSM_E_PIN_WRONG },
	{ 0x6700, HSM_E_BAD_LEN },
	{ 0x6900, HSM_E_NOT_ALLOWED },
	{ 0x6982, HSM_E_NOT_AUTH },
	{ 0x6983, HSM_E_PIN_LOCKED },
	{ 0x6984, HSM_E_USED_UP },
	{ 0x6985, HSM_E_NOT_ALLOWED },
	{ 0x6986, HSM_E_NOT_ALLOWED },
	{ 0x6987, HSM_E_BAD_DATA },
	{ 0x6988, HSM_E_BAD_DATA },
	{ 0x6A80, HSM_E_BAD_DATA },
	{ 0x6A81, HSM_E_KEY_REFUSED },
	{ 0x6A82, HSM_E_NO_FILE },
	{ 0x6A84, HSM_E_FULL },
	{ 0x6A86, HSM_E_BAD_PARAM },
	{ 0x6A88, HSM_E_NO_REF },
	{ 0x6A89, HSM_E_EXISTS },
	{ 0x6B00, HSM_E_BAD_OFFSET },
	{ 0x6D00, HSM_E_UNSUPPORTED },
	{ 0x6E00, HSM_E_BAD_CLASS },
	{ 0x6F00, HSM_E_CARD_SW },
	{ 0x6400, HSM_E_CARD_SW },
	{ 0x63BF, HSM_E_CARD_SW },
	{ 0x63D0, HSM_E_CARD_SW },
	{ 0x9001, HSM_E_CARD_SW },
	{ 0x6100, HSM_E_CARD_SW },
	{ 0x6C10, HSM_E_CARD_SW },
	{ 0x0000, HSM_E_CARD_SW },
};

static void sw_to_rc__every_word_of_the_card__outcome(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char what[8];

		snprintf(what, sizeof(what), "%04X", rows[i].sw);
		check_rc(what, sw_to_rc(rows[i].sw, NULL), rows[i].rc);
	}
}

static void sw_to_rc__all_65536_words__only_9000_is_ok(void **state)
{
	(void)state;
	for (unsigned sw = 0; sw <= UINT16_MAX; sw++)
		assert_int_equal(sw_to_rc((uint16_t)sw, NULL) == HSM_OK, sw == 0x9000);
}

static void sw_to_rc__63Cx__tries_left(void **state)
{
	unsigned tries = 99;

	(void)state;
	check_rc("6983", sw_to_rc(0x6983, &tries), HSM_E_PIN_LOCKED);
	assert_int_equal(tries, 99);
	for (unsigned x = 0; x < 16; x++) {
		check_rc("63Cx", sw_to_rc((uint16_t)(0x63C0 + x), &tries), HSM_E_PIN_WRONG);
		assert_int_equal(tries, x);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rapdu_parse__with_and_without_data__split),
		cmocka_unit_test(rapdu_parse__shorter_than_a_status_word__card_data),
		cmocka_unit_test(sw_to_rc__every_word_of_the_card__outcome),
		cmocka_unit_test(sw_to_rc__all_65536_words__only_9000_is_ok),
		cmocka_unit_test(sw_to_rc__63Cx__tries_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
