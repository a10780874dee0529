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

/* RFC 3629 section 7, and the limits of sections 3 and 4 */
static void utf8_take__good_and_bad__characters_or_replacements(void **state)
{
	static const struct {
		const char *text;
		uint32_t want[6]; /* up to the first 0 */
	} rows[] = {
		{ "", { 0 } },
		{ "A\xE2\x89\xA2\xCE\x91.", { 0x41, 0x2262, 0x391, 0x2E } },
		{ "\xED\x95\x9C\xEA\xB5\xAD\xEC\x96\xB4", { 0xD55C, 0xAD6D, 0xC5B4 } },
		{ "\xEF\xBB\xBF\xF0\xA3\x8E\xB4", { 0xFEFF, 0x233B4 } },
		{ "\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80", { 0x7F, 0x80, 0x7FF, 0x800 } },
		{ "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", { 0x10000, 0x10FFFF } },
		{ "\xC0\x80", { 0xFFFD, 0xFFFD } },                         /* too long */
		{ "\xE0\x9F\xBF", { 0xFFFD, 0xFFFD, 0xFFFD } },             /* too long */
		{ "\xED\xA0\x80", { 0xFFFD, 0xFFFD, 0xFFFD } },             /* surrogate */
		{ "\xF4\x90\x80\x80", { 0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD } }, /* above the last */
		{ "\xFF\xF8\x41", { 0xFFFD, 0xFFFD, 0x41 } },
		{ "\x9B\x31", { 0xFFFD, 0x31 } },
		{ "\xE2\x82", { 0xFFFD, 0xFFFD } }, /* the end is missing */
		{ "\xE2\x41", { 0xFFFD, 0x41 } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rd r = rd_str(rows[i].text);
		uint32_t c;

		for (const uint32_t *want = rows[i].want; *want != 0; want++) {
			assert_true(utf8_take(&r, &c));
			assert_int_equal(c, *want);
		}
		assert_false(utf8_take(&r, &c));
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
		cmocka_unit_test(utf8_take__good_and_bad__characters_or_replacements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
