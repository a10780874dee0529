/* base/tlv.c against ISO/IEC 7816-4 section 6.3 and X.690 section 8.1.3 */
#include "base/tlv.h"
#include "vec.h"

static void tlv_next__forms_of_tag_and_length__value(void **state)
{
	static const struct {
		const char *bytes;
		uint16_t tag;
		const char *value;
	} rows[] = {
		{ "0400", 0x04, "" },
		{ "0403010203 99", 0x04, "010203" },
		{ "7F490101", 0x7F49, "01" },
		{ "5F2900", 0x5F29, "" },
		{ "048103010203", 0x04, "010203" },   /* length not minimal */
		{ "04820003010203", 0x04, "010203" }, /* length not minimal */
		{ "048100", 0x04, "" },
		{ "3003 0401FF", 0x30, "0401FF" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct vec v;
		struct rd r = unhex(&v, rows[i].bytes), value, whole;
		size_t all = r.n;
		uint16_t tag;

		assert_true(tlv_next(&r, &tag, &value, &whole));
		assert_int_equal(tag, rows[i].tag);
		check_hex(rows[i].bytes, value, rows[i].value);
		assert_ptr_equal(whole.p, v.p);
		assert_int_equal(whole.n, all - r.n);
	}
}

static void tlv_next__malformed__refused_and_nothing_moves(void **state)
{
	static const char *const rows[] = {
		"", "04", "7F", "7F49", "0401", "040201", "0481", "048101", "0482", "048200",
		"04820001", "0482FFFF00", "0480 0000", /* indefinite */
		"0483000001 00",                       /* three length bytes */
		"048400000001 00",                     /* four */
		"04FF00",                              /* reserved */
		"7F818101 00",                         /* three tag bytes */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct vec v;
		struct rd r = unhex(&v, rows[i]), before = r, value;
		uint16_t tag;

		if (tlv_next(&r, &tag, &value, NULL))
			fail_msg("taken: %s", rows[i]);
		assert_ptr_equal(r.p, before.p);
		assert_int_equal(r.n, before.n);
	}
}

/* Even where enough bytes follow for 80 to be taken as a length. */
static void tlv_next__indefinite_length__refused(void **state)
{
	uint8_t bytes[2 + 200] = { 0x24, 0x80 };
	struct rd r = rd_of(bytes, sizeof(bytes)), value;
	uint16_t tag;

	(void)state;
	assert_false(tlv_next(&r, &tag, &value, NULL));
	assert_int_equal(r.n, sizeof(bytes));
}

static void tlv_get__other_tag__nothing_moves(void **state)
{
	struct rd r = rd_of("\x04\x01\xAA", 3), value;

	(void)state;
	assert_false(tlv_get(&r, 0x30, &value));
	assert_int_equal(r.n, 3);
	assert_true(tlv_peek(r, 0x04));
	assert_false(tlv_peek(rd_of("", 0), 0x04));
	assert_true(tlv_get(&r, 0x04, &value));
	check_hex("value", value, "AA");
	assert_int_equal(r.n, 0);
}

static void tlv_get_opt__absent_empty_or_broken__told_apart(void **state)
{
	struct rd absent = rd_of("\x04\x01\xAA", 3), empty = rd_of("\x04\x00", 2);
	struct rd broken = rd_of("\x04\x05\xAA", 3), value;

	(void)state;
	assert_true(tlv_get_opt(&absent, 0x0C, &value));
	assert_null(value.p);
	assert_int_equal(absent.n, 3);
	assert_true(tlv_get_opt(&empty, 0x04, &value));
	assert_non_null(value.p);
	assert_int_equal(value.n, 0);
	assert_false(tlv_get_opt(&broken, 0x04, &value));
}

static void tlv_find__later_object__found_unless_broken_before(void **state)
{
	struct rd good = rd_of("\x04\x01\xAA\x80\x01\xBB\x80\x01\xCC", 9);
	struct rd broken = rd_of("\x04\x80\x80\x01\xBB", 5), value;

	(void)state;
	assert_true(tlv_find(good, 0x80, &value));
	check_hex("first", value, "BB");
	assert_false(tlv_find(good, 0x81, &value));
	assert_false(tlv_find(broken, 0x80, &value));
}

/* Length bytes of X.690 section 8.1.3 at the places where the form changes. */
static void tlv_put__lengths_at_the_edges__shortest_form(void **state)
{
	static const struct {
		size_t n;
		const char *header;
	} rows[] = {
		{ 0, "0400" },
		{ 127, "047F" },
		{ 128, "048180" },
		{ 255, "0481FF" },
		{ 256, "04820100" },
		{ 65535, "0482FFFF" },
	};
	static uint8_t zeros[65536], room[65536 + 8], nested[65536 + 8];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct wr w = WR_ARRAY(room), open = WR_ARRAY(nested);
		struct rd r, value;
		size_t mark;

		tlv_put(&w, 0x04, rd_of(zeros, rows[i].n));
		check_rc(rows[i].header, wr_done(&w), HSM_OK);
		check_hex(rows[i].header, rd_of(room, w.n - rows[i].n), rows[i].header);
		r = wr_rd(&w);
		assert_true(tlv_get(&r, 0x04, &value));
		assert_int_equal(value.n, rows[i].n);
		assert_int_equal(r.n, 0);
		mark = tlv_open(&open, 0x04);
		wr_put(&open, zeros, rows[i].n);
		tlv_close(&open, mark);
		check_rd(rows[i].header, wr_rd(&open), wr_rd(&w));
	}
}

static void tlv_put__65536_bytes__bad(void **state)
{
	static uint8_t zeros[65536], room[65536 + 8];
	struct wr w = WR_ARRAY(room), open = WR_ARRAY(room);
	size_t mark;

	(void)state;
	tlv_put(&w, 0x04, rd_of(zeros, sizeof(zeros)));
	check_rc("put", wr_done(&w), HSM_E_SMALL);
	mark = tlv_open(&open, 0x04);
	wr_put(&open, zeros, sizeof(zeros));
	tlv_close(&open, mark);
	check_rc("close", wr_done(&open), HSM_E_SMALL);
}

static void tlv_close__nested__lengths_filled_in(void **state)
{
	uint8_t room[256];
	struct wr w = WR_ARRAY(room);
	size_t outer = tlv_open(&w, 0x7F21), inner = tlv_open(&w, 0x30);

	(void)state;
	tlv_put(&w, 0x04, RD_LIT("\xAA"));
	tlv_close(&w, inner);
	inner = tlv_open(&w, 0x31);
	tlv_close(&w, inner);
	tlv_close(&w, outer);
	check_hex("nested", wr_rd(&w), "7F2107 3003 0401AA 3100");
}

/* However much room there is: all of it comes out, or bad is set and nothing is overrun. */
static void tlv_close__every_capacity__whole_or_bad(void **state)
{
	static const char *const want = "308183 048180";

	(void)state;
	for (size_t cap = 0; cap <= 134 + 1; cap++) {
		uint8_t room[256] = { 0 };
		struct wr w = wr_of(room, cap);
		size_t outer = tlv_open(&w, 0x30), inner = tlv_open(&w, 0x04);

		for (int i = 0; i < 128; i++)
			wr_u8(&w, 0xEE);
		tlv_close(&w, inner);
		tlv_close(&w, outer);
		check_rc("room", wr_done(&w), cap < 134 ? HSM_E_SMALL : HSM_OK);
		for (size_t i = cap; i < sizeof(room); i++)
			assert_int_equal(room[i], 0);
		if (cap >= 134)
			check_hex("bytes", rd_of(room, 6), want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tlv_next__forms_of_tag_and_length__value),
		cmocka_unit_test(tlv_next__malformed__refused_and_nothing_moves),
		cmocka_unit_test(tlv_next__indefinite_length__refused),
		cmocka_unit_test(tlv_get__other_tag__nothing_moves),
		cmocka_unit_test(tlv_get_opt__absent_empty_or_broken__told_apart),
		cmocka_unit_test(tlv_find__later_object__found_unless_broken_before),
		cmocka_unit_test(tlv_put__lengths_at_the_edges__shortest_form),
		cmocka_unit_test(tlv_put__65536_bytes__bad),
		cmocka_unit_test(tlv_close__nested__lengths_filled_in),
		cmocka_unit_test(tlv_close__every_capacity__whole_or_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
