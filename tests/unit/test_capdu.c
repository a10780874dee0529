/* apdu/capdu.c: the seven forms of ISO/IEC 7816-3 section 12.1.3 */
#include "apdu/capdu.h"
#include "vec.h"

struct row {
	const char *what;
	const char *bytes;
	uint8_t cla, ins, p1, p2;
	const char *data;
	size_t ne;
	bool extended;
};

/* Commands of the card where one of that form exists. */
static const struct row forms[] = {
	{ "case 1", "00200081", 0x00, 0x20, 0x00, 0x81, "", 0, false },
	{ "case 2S", "0084000008", 0x00, 0x84, 0x00, 0x00, "", 8, false },
	{ "case 2S, Le 00", "8058000000", 0x80, 0x58, 0x00, 0x00, "", 256, false },
	{ "case 3S", "0020008106 363438323139", 0x00, 0x20, 0x00, 0x81, "363438323139", 0, false },
	{ "case 4S", "00B1CE0004 54020000 00", 0x00, 0xB1, 0xCE, 0x00, "54020000", 256, false },
	{ "case 4S, Le 01", "00A4040001 AA 01", 0x00, 0xA4, 0x04, 0x00, "AA", 1, false },
	{ "case 2E, Le 0000", "80580000 000000", 0x80, 0x58, 0x00, 0x00, "", 65536, true },
	{ "case 2E", "80580000 000100", 0x80, 0x58, 0x00, 0x00, "", 256, true },
	{ "case 3E", "00D72F02 000003 010203", 0x00, 0xD7, 0x2F, 0x02, "010203", 0, true },
	{ "case 4E", "80680170 000002 ABCD 0200", 0x80, 0x68, 0x01, 0x70, "ABCD", 512, true },
	{ "case 4E, Le 0000", "80680170 000002 ABCD 0000", 0x80, 0x68, 0x01, 0x70, "ABCD", 65536,
	        true },
};

static void capdu__every_form__parsed_and_built_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		const struct row *row = &forms[i];
		struct vec v;
		struct capdu c;
		uint8_t room[64];
		struct wr w = WR_ARRAY(room);

		check_rc(row->what, capdu_parse(unhex(&v, row->bytes), &c), HSM_OK);
		assert_int_equal(c.cla, row->cla);
		assert_int_equal(c.ins, row->ins);
		assert_int_equal(c.p1, row->p1);
		assert_int_equal(c.p2, row->p2);
		check_hex(row->what, c.data, row->data);
		assert_int_equal(c.ne, row->ne);
		assert_int_equal(c.extended, row->extended);
		check_rc(row->what, capdu_build(&c, &w), HSM_OK);
		check_hex(row->what, wr_rd(&w), row->bytes);
	}
}

static void capdu_parse__lengths_that_do_not_add_up__bad_len(void **state)
{
	static const char *const rows[] = {
		"",
		"00",
		"002000",
		"0020008102 31",         /* Lc 2, one byte */
		"0020008102 313200 00",  /* one byte after Le */
		"00200081 0000",         /* half an extended length */
		"00200081 000000 31",    /* extended Lc of zero */
		"00200081 000000 0100",  /* the same with Le */
		"00200081 000002 31",    /* Lc 2, one byte */
		"00200081 000001 31 00", /* half a Le */
		"00200081 000001 31 0000 00",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct vec v;
		struct capdu c;

		check_rc(rows[i], capdu_parse(unhex(&v, rows[i]), &c), HSM_E_BAD_LEN);
	}
}

static void capdu_parse__longest_data__taken(void **state)
{
	static uint8_t bytes[CAPDU_MAX + 1] = { 0, 0xD7, 0, 0, 0, 0xFF, 0xFF };
	struct capdu c;

	(void)state;
	check_rc("4E", capdu_parse(rd_of(bytes, CAPDU_MAX), &c), HSM_OK);
	assert_int_equal(c.data.n, APDU_DATA_MAX);
	assert_int_equal(c.ne, APDU_NE_MAX);
	check_rc("3E", capdu_parse(rd_of(bytes, CAPDU_MAX - 2), &c), HSM_OK);
	assert_int_equal(c.data.n, APDU_DATA_MAX);
	assert_int_equal(c.ne, 0);
	check_rc("over", capdu_parse(rd_of(bytes, CAPDU_MAX + 1), &c), HSM_E_BAD_LEN);
	check_rc("under", capdu_parse(rd_of(bytes, CAPDU_MAX - 1), &c), HSM_E_BAD_LEN);
}

/* Short as long as the lengths fit, extended from 256 data bytes or 257 expected ones on. */
static void capdu_build__lengths_at_the_edges__form(void **state)
{
	static const struct {
		const char *what;
		size_t nc, ne;
		const char *header; /* after CLA INS P1 P2 */
		const char *le;
	} rows[] = {
		{ "255 bytes", 255, 0, "FF", "" },
		{ "255 and 256 bytes", 255, 256, "FF", "00" },
		{ "256 bytes", 256, 0, "000100", "" },
		{ "1 and 257 bytes", 1, 257, "000001", "0101" },
		{ "256 and 1 bytes", 256, 1, "000100", "0001" },
		{ "none and 257 bytes", 0, 257, "00", "0101" },
		{ "65535 and 65536 bytes", 65535, 65536, "00FFFF", "0000" },
	};
	static uint8_t data[APDU_DATA_MAX], room[CAPDU_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct wr w = WR_ARRAY(room);
		struct capdu c = { .data = rd_of(data, rows[i].nc), .ne = rows[i].ne };
		struct rd all, header, body;
		struct vec v;

		check_rc(rows[i].what, capdu_build(&c, &w), HSM_OK);
		all = wr_rd(&w);
		assert_true(rd_take(&all, 4, &header));
		assert_true(rd_take(&all, unhex(&v, rows[i].header).n, &header));
		check_hex(rows[i].what, header, rows[i].header);
		assert_true(rd_take(&all, rows[i].nc, &body));
		check_hex(rows[i].what, all, rows[i].le);
	}
}

static void capdu_build__too_long_or_no_room__refused(void **state)
{
	static uint8_t data[APDU_DATA_MAX + 1];
	uint8_t room[8];
	struct wr w = WR_ARRAY(room);
	struct capdu much = { .data = rd_of(data, sizeof(data)) }, more = { .ne = APDU_NE_MAX + 1 };
	struct capdu fits = { .data = rd_of(data, 3) }, over = { .data = rd_of(data, 4) };

	(void)state;
	check_rc("data", capdu_build(&much, &w), HSM_E_BAD_LEN);
	check_rc("ne", capdu_build(&more, &w), HSM_E_BAD_LEN);
	check_rc("fits", capdu_build(&fits, &w), HSM_OK);
	w.n = 0;
	check_rc("room", capdu_build(&over, &w), HSM_E_SMALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capdu__every_form__parsed_and_built_back),
		cmocka_unit_test(capdu_parse__lengths_that_do_not_add_up__bad_len),
		cmocka_unit_test(capdu_parse__longest_data__taken),
		cmocka_unit_test(capdu_build__lengths_at_the_edges__form),
		cmocka_unit_test(capdu_build__too_long_or_no_room__refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
