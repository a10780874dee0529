/* base/der.c against X.690 sections 8.3, 8.6 and 11.2 */
#include "base/der.h"
#include "vec.h"

static void der_get_uint__integers__magnitude_or_refused(void **state)
{
	static const struct {
		const char *bytes;
		const char *magnitude; /* NULL: refused */
	} rows[] = {
		{ "020100", "" },
		{ "02017F", "7F" },
		{ "02020080", "80" },
		{ "02020100", "0100" },
		{ "020300FFFF", "FFFF" },
		{ "0203000001", "01" }, /* not minimal: old cards pad */
		{ "02810101", "01" },
		{ "0200", NULL },
		{ "020180", NULL }, /* -128 */
		{ "0201FF", NULL }, /* -1 */
		{ "0202FF7F", NULL },
		{ "020201", NULL },
		{ "030101", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct vec v;
		struct rd r = unhex(&v, rows[i].bytes), m;
		size_t before = r.n;

		if (der_get_uint(&r, &m) != (rows[i].magnitude != NULL))
			fail_msg("%s", rows[i].bytes);
		if (rows[i].magnitude != NULL)
			check_hex(rows[i].bytes, m, rows[i].magnitude);
		assert_int_equal(r.n, rows[i].magnitude != NULL ? 0 : before);
	}
}

static void der_u32__edges__both_ways(void **state)
{
	static const struct {
		uint32_t value;
		const char *bytes;
	} rows[] = {
		{ 0, "020100" },
		{ 127, "02017F" },
		{ 128, "02020080" },
		{ 255, "020200FF" },
		{ 256, "02020100" },
		{ 32767, "02027FFF" },
		{ 32768, "0203008000" },
		{ 65535, "020300FFFF" },
		{ 0xFFFFFFFF, "020500FFFFFFFF" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t room[16];
		struct wr w = WR_ARRAY(room);
		struct vec v;
		struct rd r = unhex(&v, rows[i].bytes);
		uint32_t value;

		der_put_u32(&w, rows[i].value);
		check_hex("put", wr_rd(&w), rows[i].bytes);
		assert_true(der_get_u32(&r, &value));
		assert_int_equal(value, rows[i].value);
	}
}

static void der_get_u32__two_to_the_32__refused(void **state)
{
	struct vec v;
	struct rd r = unhex(&v, "02050100000000");
	uint32_t value;

	(void)state;
	assert_false(der_get_u32(&r, &value));
	assert_int_equal(r.n, 7);
}

static void der_put_uint__leading_zeros_and_high_bit__shortest_form(void **state)
{
	static const struct {
		const char *magnitude;
		const char *bytes;
	} rows[] = {
		{ "", "020100" },
		{ "0000", "020100" },
		{ "00000001", "020101" },
		{ "80", "02020080" },
		{ "0080", "02020080" },
		{ "7FFF", "02027FFF" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t room[16];
		struct wr w = WR_ARRAY(room);
		struct vec v;

		der_put_uint(&w, unhex(&v, rows[i].magnitude));
		check_hex(rows[i].magnitude, wr_rd(&w), rows[i].bytes);
	}
}

/* Encodings of OpenSC, the SmartCard shell and sc-hsm-embedded; bit 0 is the leftmost. */
static void der_get_flags__forms_of_all_writers__value(void **state)
{
	static const struct {
		const char *bytes;
		uint16_t flags;
	} rows[] = {
		{ "030100", 0 },
		{ "03020640", 1 << 1 },
		{ "030206C0", 1 << 0 | 1 << 1 },
		{ "03020520", 1 << 2 },
		{ "03020274", 1 << 1 | 1 << 2 | 1 << 3 | 1 << 5 },
		{ "03020470", 1 << 1 | 1 << 2 | 1 << 3 },
		{ "030203B8", 1 << 0 | 1 << 2 | 1 << 3 | 1 << 4 },
		{ "0303072080", 1 << 2 | 1 << 8 },
		{ "0303073080", 1 << 2 | 1 << 3 | 1 << 8 },
		{ "0303066000", 1 << 1 | 1 << 2 }, /* zeros at the end */
		{ "0303062000", 1 << 2 },
		{ "030306C000", 1 << 0 | 1 << 1 },
		{ "0302000F", 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 },
		{ "0303000001", 1 << 15 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct vec v;
		struct rd r = unhex(&v, rows[i].bytes);
		uint16_t flags;

		assert_true(der_get_flags(&r, &flags));
		if (flags != rows[i].flags)
			fail_msg("%s: %04X", rows[i].bytes, flags);
		assert_int_equal(r.n, 0);
	}
}

/* The SmartCard shell writes 07C010 for encrypt and decrypt: the stray bit is declared unused. */
static void der_get_flags__stray_bits_in_unused_area__accepted_and_dropped(void **state)
{
	static const struct {
		const char *bytes;
		uint16_t flags;
	} rows[] = {
		{ "030307C010", 1 << 0 | 1 << 1 },
		{ "030307C090", 1 << 0 | 1 << 1 | 1 << 8 },
		{ "030204FF", 0x0F },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct vec v;
		struct rd r = unhex(&v, rows[i].bytes);
		uint16_t flags;

		assert_true(der_get_flags(&r, &flags));
		if (flags != rows[i].flags)
			fail_msg("%s: %04X", rows[i].bytes, flags);
	}
}

static void der_get_flags__malformed__refused(void **state)
{
	static const char *const rows[] = { "", "0300", "030101", "03020840", "0304000000FF",
		"030206", "040206C0" };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct vec v;
		struct rd r = unhex(&v, rows[i]);
		size_t before = r.n;
		uint16_t flags;

		if (der_get_flags(&r, &flags))
			fail_msg("taken: %s", rows[i]);
		assert_int_equal(r.n, before);
	}
}

static void der_put_flags__named_bits__no_trailing_zeros(void **state)
{
	static const struct {
		uint16_t flags;
		const char *bytes;
	} rows[] = {
		{ 0, "030100" },
		{ 1 << 0, "03020780" },
		{ 1 << 1, "03020640" },
		{ 1 << 0 | 1 << 1, "030206C0" },
		{ 1 << 2, "03020520" },
		{ 1 << 7, "03020001" },
		{ 1 << 2 | 1 << 8, "0303072080" },
		{ 1 << 2 | 1 << 3 | 1 << 8, "0303073080" },
		{ 1 << 15, "0303000001" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t room[8];
		struct wr w = WR_ARRAY(room);

		der_put_flags(&w, rows[i].flags);
		check_hex(rows[i].bytes, wr_rd(&w), rows[i].bytes);
	}
}

static void der_flags__every_value__comes_back(void **state)
{
	(void)state;
	for (unsigned v = 0; v <= UINT16_MAX; v++) {
		uint8_t room[8];
		struct wr w = WR_ARRAY(room);
		struct rd r;
		uint16_t back;

		der_put_flags(&w, (uint16_t)v);
		r = wr_rd(&w);
		assert_true(der_get_flags(&r, &back));
		assert_int_equal(back, v);
	}
}

static void der_octets__both_ways(void **state)
{
	uint8_t room[8];
	struct wr w = WR_ARRAY(room);
	struct rd r, v;

	(void)state;
	der_put_octets(&w, RD_LIT("\x01\x02"));
	check_hex("put", wr_rd(&w), "04020102");
	r = wr_rd(&w);
	assert_true(der_get_octets(&r, &v));
	check_hex("get", v, "0102");
	r = rd_of("\x02\x01\x00", 3);
	assert_false(der_get_octets(&r, &v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(der_get_uint__integers__magnitude_or_refused),
		cmocka_unit_test(der_u32__edges__both_ways),
		cmocka_unit_test(der_get_u32__two_to_the_32__refused),
		cmocka_unit_test(der_put_uint__leading_zeros_and_high_bit__shortest_form),
		cmocka_unit_test(der_get_flags__forms_of_all_writers__value),
		cmocka_unit_test(der_get_flags__stray_bits_in_unused_area__accepted_and_dropped),
		cmocka_unit_test(der_get_flags__malformed__refused),
		cmocka_unit_test(der_put_flags__named_bits__no_trailing_zeros),
		cmocka_unit_test(der_flags__every_value__comes_back),
		cmocka_unit_test(der_octets__both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
