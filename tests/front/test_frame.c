/* Length framing against bytes written by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire/frame.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct head_case {
	const struct frame_format *format;
	const char *head;
	size_t head_n;
	hsm_rc rc;
	size_t n;
} head_cases[] = {
	{ &frame_vpcd, "\x00\x01", 2, HSM_OK, 1 },
	{ &frame_vpcd, "\x01\x02", 2, HSM_OK, 258 },
	{ &frame_vpcd, "\xFF\xFF", 2, HSM_OK, 65535 },
	{ &frame_vpcd, "\x00\x00", 2, HSM_E_BAD_LEN, 0 },
	{ &frame_vpcd, "\x00", 1, HSM_E_BAD_LEN, 0 },
	{ &frame_socket, "\x00\x00\x00\x01", 4, HSM_OK, 1 },
	{ &frame_socket, "\x00\x01\x00\x02", 4, HSM_OK, 65538 },
	{ &frame_socket, "\x00\x01\x00\x08", 4, HSM_OK, 65544 },
	{ &frame_socket, "\x00\x01\x00\x09", 4, HSM_E_BAD_LEN, 65545 },
	{ &frame_socket, "\x00\x00\x00\x00", 4, HSM_E_BAD_LEN, 0 },
	{ &frame_socket, "\xFF\xFF\xFF\xFF", 4, HSM_E_BAD_LEN, 0xFFFFFFFF },
	{ &frame_socket, "\x00\x01", 2, HSM_E_BAD_LEN, 0 },
};

static void frame_length__each_case__as_expected(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(head_cases); i++) {
		const struct head_case *c = &head_cases[i];
		size_t n = 1;

		assert_int_equal(frame_length(c->format, rd_of(c->head, c->head_n), &n), c->rc);
		assert_int_equal(n, c->n);
	}
}

static void frame_end__message__has_its_length_in_front(void **state)
{
	uint8_t room[16];
	struct wr w = WR_ARRAY(room);

	(void)state;
	frame_begin(&frame_vpcd, &w);
	wr_put(&w, "\x90\x00", 2);
	assert_int_equal(frame_end(&frame_vpcd, &w), HSM_OK);
	assert_true(rd_equal(wr_rd(&w), RD_LIT("\x00\x02\x90\x00")));
	w = (struct wr)WR_ARRAY(room);
	frame_begin(&frame_socket, &w);
	wr_put(&w, "\x61\x90\x00", 3);
	assert_int_equal(frame_end(&frame_socket, &w), HSM_OK);
	assert_true(rd_equal(wr_rd(&w), RD_LIT("\x00\x00\x00\x03\x61\x90\x00")));
}

/* The longest message of each format, and one byte more. */
static void frame_end__longest__fits_and_no_longer_one(void **state)
{
	const struct frame_format *const formats[] = { &frame_vpcd, &frame_socket };

	(void)state;
	for (size_t i = 0; i < COUNT(formats); i++) {
		const size_t cap = formats[i]->head_n + formats[i]->max + 1;
		uint8_t *room = test_malloc(cap);
		struct wr w = wr_of(room, cap);
		size_t n;

		frame_begin(formats[i], &w);
		assert_non_null(wr_room(&w, formats[i]->max));
		assert_int_equal(frame_end(formats[i], &w), HSM_OK);
		assert_int_equal(
		        frame_length(formats[i], rd_of(room, formats[i]->head_n), &n), HSM_OK);
		assert_int_equal(n, formats[i]->max);
		wr_u8(&w, 0);
		assert_int_equal(frame_end(formats[i], &w), HSM_E_BAD_LEN);
		test_free(room);
	}
}

static void frame_end__nothing_or_no_room__is_refused(void **state)
{
	uint8_t room[4];
	struct wr w = WR_ARRAY(room);

	(void)state;
	frame_begin(&frame_vpcd, &w);
	assert_int_equal(frame_end(&frame_vpcd, &w), HSM_E_BAD_LEN);
	wr_put(&w, "\x61\x90\x00", 3);
	assert_int_equal(frame_end(&frame_vpcd, &w), HSM_E_SMALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frame_length__each_case__as_expected),
		cmocka_unit_test(frame_end__message__has_its_length_in_front),
		cmocka_unit_test(frame_end__longest__fits_and_no_longer_one),
		cmocka_unit_test(frame_end__nothing_or_no_room__is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
