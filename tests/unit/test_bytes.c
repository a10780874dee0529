/* base/rd.h, base/wr.c, base/buf.c */
#include "base/buf.h"
#include "vec.h"

static void rd_take__more_than_there_is__nothing_moves(void **state)
{
	const uint8_t bytes[3] = { 1, 2, 3 };
	struct rd r = rd_of(bytes, 3), out = { NULL, 0 };

	(void)state;
	assert_false(rd_take(&r, 4, &out));
	assert_false(rd_take(&r, SIZE_MAX, &out));
	assert_ptr_equal(r.p, bytes);
	assert_int_equal(r.n, 3);
	assert_true(rd_take(&r, 3, &out));
	assert_int_equal(r.n, 0);
	assert_ptr_equal(out.p, bytes);
	assert_true(rd_take(&r, 0, &out));
}

static void rd_uint__big_endian__value(void **state)
{
	struct rd r = rd_of("\x01\x02\x03\xFF\xFE\xFD\xFC", 7);
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;

	(void)state;
	assert_true(rd_u8(&r, &u8));
	assert_int_equal(u8, 0x01);
	assert_true(rd_u16(&r, &u16));
	assert_int_equal(u16, 0x0203);
	assert_true(rd_u32(&r, &u32));
	assert_int_equal(u32, 0xFFFEFDFCu);
	assert_false(rd_u8(&r, &u8));
}

static void rd_uint__too_short__nothing_moves(void **state)
{
	struct rd r = rd_of("\x01", 1);
	uint16_t u16;
	uint32_t u32;

	(void)state;
	assert_false(rd_u16(&r, &u16));
	assert_false(rd_u32(&r, &u32));
	assert_int_equal(r.n, 1);
}

static void rd_equal__lengths_and_bytes__compared(void **state)
{
	(void)state;
	assert_true(rd_equal(rd_str("abc"), RD_LIT("abc")));
	assert_true(rd_equal(rd_str(NULL), RD_LIT("")));
	assert_false(rd_equal(rd_str("abc"), rd_str("abd")));
	assert_false(rd_equal(rd_str("abc"), rd_str("ab")));
}

static void wr__integers_and_padding__big_endian(void **state)
{
	uint8_t room[16];
	struct wr w = WR_ARRAY(room);

	(void)state;
	wr_u8(&w, 0x01);
	wr_u16(&w, 0x0203);
	wr_u32(&w, 0x04050607);
	wr_be_pad(&w, RD_LIT("\x08\x09"), 4);
	wr_be_pad(&w, RD_LIT(""), 2);
	wr_put(&w, "\x0A", 1);
	check_rc("done", wr_done(&w), HSM_OK);
	check_hex("bytes", wr_rd(&w), "01020304050607 00000809 0000 0A");
}

static void wr__exactly_full__ok_and_one_more_is_bad_for_good(void **state)
{
	uint8_t room[4] = { 0 };
	struct wr w = wr_of(room, 3);

	(void)state;
	wr_put(&w, "abc", 3);
	check_rc("full", wr_done(&w), HSM_OK);
	wr_u8(&w, 'd');
	check_rc("over", wr_done(&w), HSM_E_SMALL);
	assert_int_equal(room[3], 0);
	assert_int_equal(w.n, 3);
	assert_null(wr_room(&w, 0));
	assert_null(wr_room(&w, SIZE_MAX));
}

static void wr_be_pad__longer_than_field__bad(void **state)
{
	uint8_t room[8];
	struct wr w = WR_ARRAY(room);

	(void)state;
	wr_be_pad(&w, RD_LIT("\x01\x02\x03"), 2);
	check_rc("pad", wr_done(&w), HSM_E_SMALL);
	assert_int_equal(w.n, 0);
}

static void buf__growing__contents_stay(void **state)
{
	AUTO_BUF b = { 0 };
	uint8_t byte;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		byte = (uint8_t)i;
		check_rc("append", buf_append(&b, rd_of(&byte, 1)), HSM_OK);
	}
	assert_int_equal(b.n, 1000);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(b.p[i], (uint8_t)i);
	check_rc("set", buf_set(&b, RD_LIT("xy")), HSM_OK);
	check_hex("set", buf_rd(&b), "7879");
}

static void buf__impossible_size__memory_and_contents_stay(void **state)
{
	AUTO_BUF b = { 0 };

	(void)state;
	check_rc("set", buf_set(&b, RD_LIT("xy")), HSM_OK);
	check_rc("reserve", buf_reserve(&b, SIZE_MAX), HSM_E_MEMORY);
	check_rc("append", buf_append(&b, rd_of("", SIZE_MAX)), HSM_E_MEMORY);
	check_hex("kept", buf_rd(&b), "7879");
}

static void buf_free__twice_and_null__empty(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_free(NULL);
	buf_free(&b);
	check_rc("append", buf_append(&b, RD_LIT("")), HSM_OK);
	check_rc("append", buf_append(&b, RD_LIT("x")), HSM_OK);
	buf_free(&b);
	buf_free(&b);
	assert_null(b.p);
	assert_int_equal(b.n, 0);
	assert_int_equal(b.cap, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rd_take__more_than_there_is__nothing_moves),
		cmocka_unit_test(rd_uint__big_endian__value),
		cmocka_unit_test(rd_uint__too_short__nothing_moves),
		cmocka_unit_test(rd_equal__lengths_and_bytes__compared),
		cmocka_unit_test(wr__integers_and_padding__big_endian),
		cmocka_unit_test(wr__exactly_full__ok_and_one_more_is_bad_for_good),
		cmocka_unit_test(wr_be_pad__longer_than_field__bad),
		cmocka_unit_test(buf__growing__contents_stay),
		cmocka_unit_test(buf__impossible_size__memory_and_contents_stay),
		cmocka_unit_test(buf_free__twice_and_null__empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
