/* backup/sharetext.c; shown as in password_shares.json */
#include <string.h>

#include "backup/backup.h"
#include "vec.h"

static const struct {
	const char *text, *number; /* number NULL: refused */
} texts[] = {
	{ "f9:1a:3b:5c:7d:9e:00:a3", "F91A3B5C7D9E00A3" },
	{ "67:07:9c:c3:03:6f:88:4b", "67079CC3036F884B" },
	{ "67:07:9C:C3:03:6F:88:4B", "67079CC3036F884B" },
	{ "67079cc3036f884b", "67079CC3036F884B" },
	{ "67 07 9c c3 03 6f 88 4b", "67079CC3036F884B" },
	{ " \t67:07:9c:c3:03:6f:88:4b\r\n", "67079CC3036F884B" },
	{ "07:9c:c3:03:6f:88:4b", "00079CC3036F884B" },
	{ "4b", "000000000000004B" },
	{ "00", "0000000000000000" },
	{ "", NULL },
	{ "  ", NULL },
	{ ":", NULL },
	{ "4", NULL },
	{ ":4b", NULL },
	{ "4b:", NULL },
	{ "4b::4b", NULL },
	{ "4b: 4b", NULL },
	{ "4b-4b", NULL },
	{ "4b\n4b", NULL },
	{ "4:b4", NULL },
	{ "4b:4", NULL },
	{ "4g", NULL },
	{ "0x4b", NULL },
	{ "00:67:07:9c:c3:03:6f:88:4b", NULL },
};

static void split_text_parse__as_shown_and_as_typed(void **state)
{
	uint8_t number[SPLIT_LEN];

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		const hsm_rc want = texts[i].number == NULL ? HSM_E_BAD_DATA : HSM_OK;

		check_rc(texts[i].text, split_text_parse(rd_str(texts[i].text), number), want);
		if (want == HSM_OK)
			check_hex(texts[i].text, rd_of(number, SPLIT_LEN), texts[i].number);
	}
}

/* Cut off after a byte it is a shorter number, as sc-hsm-tool shows them; else refused. */
static void split_text_parse__every_length__only_whole_bytes(void **state)
{
	static const char text[] = "67:07:9c:c3:03:6f:88:4b";
	uint8_t number[SPLIT_LEN];

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++)
		check_rc("cut", split_text_parse(rd_of(text, n), number),
		        n % 3 == 2 ? HSM_OK : HSM_E_BAD_DATA);
}

static void split_text__numbers__all_eight_bytes(void **state)
{
	static const char *const shown[] = { "f9:1a:3b:5c:7d:9e:00:a3", "67:07:9c:c3:03:6f:88:4b",
		"00:00:9c:c3:03:6f:88:4b", "00:00:00:00:00:00:00:00" };
	uint8_t number[SPLIT_LEN];
	char text[SPLIT_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(shown); i++) {
		check_rc(shown[i], split_text_parse(rd_str(shown[i]), number), HSM_OK);
		split_text(number, text);
		assert_string_equal(text, shown[i]);
	}
}

static void split_id_parse__decimal_unless_it_looks_hexadecimal(void **state)
{
	static const struct {
		const char *text;
		unsigned id; /* 0: refused */
	} rows[] = {
		{ "1", 1 },
		{ "9", 9 },
		{ "10", 10 },
		{ "99", 99 },
		{ "100", 100 },
		{ "255", 255 },
		{ " 12\n", 12 },
		{ "01", 1 },
		{ "09", 9 },
		{ "0a", 10 },
		{ "0F", 15 },
		{ "1a", 26 },
		{ "a1", 161 },
		{ "ff", 255 },
		{ "", 0 },
		{ "0", 0 },
		{ "00", 0 },
		{ "000", 0 },
		{ "010", 0 },
		{ "256", 0 },
		{ "999", 0 },
		{ "1000", 0 },
		{ "10a", 0 },
		{ "a", 0 },
		{ "-1", 0 },
		{ "+1", 0 },
		{ "1 2", 0 },
		{ "0x1", 0 },
		{ "g1", 0 },
		{ "1:", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t id = 0;

		check_rc(rows[i].text, split_id_parse(rd_str(rows[i].text), &id),
		        rows[i].id == 0 ? HSM_E_BAD_DATA : HSM_OK);
		if (rows[i].id != 0)
			assert_int_equal(id, rows[i].id);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(split_text_parse__as_shown_and_as_typed),
		cmocka_unit_test(split_text_parse__every_length__only_whole_bytes),
		cmocka_unit_test(split_text__numbers__all_eight_bytes),
		cmocka_unit_test(split_id_parse__decimal_unless_it_looks_hexadecimal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
