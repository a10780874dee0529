/* base/text.c; hex values from RFC 4648 section 10, UTF-8 from RFC 3629 */
#include "base/text.h"

#include <stdio.h>

#include "vec.h"

static void hex_put__bytes__upper_case_and_terminator(void **state)
{
	char out[13];

	(void)state;
	check_rc("foobar", hex_put(RD_LIT("foobar"), out, sizeof(out)), HSM_OK);
	assert_string_equal(out, "666F6F626172");
	check_rc("none", hex_put(RD_LIT(""), out, 1), HSM_OK);
	assert_string_equal(out, "");
}

static void hex_put__no_room__small(void **state)
{
	char out[13];

	(void)state;
	check_rc("one short", hex_put(RD_LIT("foobar"), out, 12), HSM_E_SMALL);
	check_rc("none", hex_put(RD_LIT(""), out, 0), HSM_E_SMALL);
}

static void hex_get__every_byte_both_cases__value(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		char upper[3], lower[3];
		uint8_t out[2];
		struct wr w = WR_ARRAY(out);

		snprintf(upper, sizeof(upper), "%02X", i);
		snprintf(lower, sizeof(lower), "%02x", i);
		check_rc(upper, hex_get(rd_of(upper, 2), &w), HSM_OK);
		check_rc(lower, hex_get(rd_of(lower, 2), &w), HSM_OK);
		assert_int_equal(out[0], i);
		assert_int_equal(out[1], i);
	}
}

static void hex_get__every_other_character__bad_data(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		const char first[2] = { (char)c, '0' }, second[2] = { '0', (char)c };
		bool digit = c != 0 && strchr("0123456789ABCDEFabcdef", (int)c) != NULL;
		hsm_rc want = digit ? HSM_OK : HSM_E_BAD_DATA;
		uint8_t out[2];
		struct wr w = WR_ARRAY(out);

		check_rc("first", hex_get(rd_of(first, 2), &w), want);
		check_rc("second", hex_get(rd_of(second, 2), &w), want);
	}
}

static void hex_get__odd_or_no_room__refused(void **state)
{
	uint8_t out[1];
	struct wr w = WR_ARRAY(out);

	(void)state;
	check_rc("odd", hex_get(RD_LIT("123"), &w), HSM_E_BAD_DATA);
	check_rc("empty", hex_get(RD_LIT(""), &w), HSM_OK);
	check_rc("room", hex_get(RD_LIT("1234"), &w), HSM_E_SMALL);
}

static void text_pad__shorter_equal_longer__blanks_or_cut_between_characters(void **state)
{
	static const struct {
		const char *text;
		size_t width;
		const char *field;
	} rows[] = {
		{ "", 4, "    " },
		{ "ab", 4, "ab  " },
		{ "abcd", 4, "abcd" },
		{ "abcde", 4, "abcd" },
		{ "abc\xC3\xA4", 5, "abc\xC3\xA4" },
		{ "abc\xC3\xA4", 4, "abc " },
		{ "a\xE2\x82\xAC", 3, "a  " },
		{ "\xF0\x9F\x98\x80", 3, "   " },
		{ "\xC3\xA4\xC3\xB6", 3, "\xC3\xA4 " },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t field[8];

		memset(field, '#', sizeof(field));
		text_pad(field, rows[i].width, rd_str(rows[i].text));
		check_rd(rows[i].text, rd_of(field, rows[i].width), rd_str(rows[i].field));
		assert_int_equal(field[rows[i].width], '#');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hex_put__bytes__upper_case_and_terminator),
		cmocka_unit_test(hex_put__no_room__small),
		cmocka_unit_test(hex_get__every_byte_both_cases__value),
		cmocka_unit_test(hex_get__every_other_character__bad_data),
		cmocka_unit_test(hex_get__odd_or_no_room__refused),
		cmocka_unit_test(text_pad__shorter_equal_longer__blanks_or_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
