/* The queue of transfers at a USB device. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fake_ccid_dev.h"
#include "front/usb_urbs.h"

enum { INTERRUPT = 0x81, BULK_IN = 0x82, BULK_OUT = 0x02, ENDS_MAX = 128 };

struct bench {
	struct ccid_dev *dev;
	struct usb_urbs *urbs;
	struct end {
		unsigned id;
		int status;
		uint32_t actual;
		char text[16]; /* the data */
	} ends[ENDS_MAX];
	size_t ends_n, seen;
	hsm_rc rc; /* what the callback answers */
};

static hsm_rc ended(void *arg, const struct usb_urb_end *end)
{
	struct bench *b = arg;
	struct end *e = &b->ends[b->ends_n++];

	assert_true(b->ends_n <= ENDS_MAX);
	*e = (struct end){ (unsigned)end->id, end->status, end->actual, "" };
	if (end->data.n != 0)
		memcpy(e->text, end->data.p, end->data.n < 15 ? end->data.n : 15);
	return b->rc;
}

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	assert_int_equal(ccid_dev_new(&(struct ccid_dev_setup){ 0 }, &b->dev), HSM_OK);
	assert_int_equal(usb_urbs_new(b->dev, ended, b, &b->urbs), HSM_OK);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	usb_urbs_free(b->urbs);
	ccid_dev_free(b->dev);
	free(b);
	return 0;
}

static void ask(struct bench *b, unsigned id, uint8_t ep, uint32_t length)
{
	const struct usb_urb u = { .id = id, .ep = ep, .length = length };

	assert_int_equal(usb_urbs_submit(b->urbs, &u), HSM_OK);
}

static void put(struct bench *b, uint8_t ep, const char *text)
{
	fake_put(b->dev, ep, CCID_DEV_OK, rd_str(text));
}

static void pump(struct bench *b)
{
	assert_int_equal(usb_urbs_pump(b->urbs), HSM_OK);
}

/* The next end is this one. */
static void expect(struct bench *b, unsigned id, int status, const char *text)
{
	const struct end *e = &b->ends[b->seen++];

	assert_true(b->seen <= b->ends_n);
	assert_int_equal(e->id, id);
	assert_int_equal(e->status, status);
	assert_string_equal(e->text, text);
	if (text[0] != '\0')
		assert_int_equal(e->actual, strlen(text));
}

static void expect_none(const struct bench *b)
{
	assert_int_equal(b->ends_n, b->seen);
}

static void in__data_there__ends_at_once(void **state)
{
	struct bench *b = *state;

	put(b, BULK_IN, "one");
	ask(b, 7, BULK_IN, 512);
	expect(b, 7, 0, "one");
	expect_none(b);
}

static void in__nothing_there__waits_in_order(void **state)
{
	struct bench *b = *state;

	ask(b, 1, BULK_IN, 512);
	ask(b, 2, BULK_IN, 512);
	ask(b, 3, INTERRUPT, 8);
	pump(b);
	expect_none(b);
	put(b, INTERRUPT, "i");
	put(b, BULK_IN, "one");
	pump(b);
	expect(b, 1, 0, "one");
	expect(b, 3, 0, "i");
	/* What is there already is for whoever waits longest. */
	put(b, BULK_IN, "two");
	ask(b, 4, BULK_IN, 512);
	expect_none(b);
	put(b, BULK_IN, "three");
	pump(b);
	expect(b, 2, 0, "two");
	expect(b, 4, 0, "three");
	expect_none(b);
}

static void in__device_is_asked_once__for_the_first_of_an_endpoint(void **state)
{
	struct bench *b = *state;
	unsigned before;

	for (unsigned id = 0; id < 10; id++)
		ask(b, id, BULK_IN, 512);
	before = b->dev->in_calls;
	pump(b);
	assert_int_equal(b->dev->in_calls, before + 1);
}

static void in__short__is_an_error_only_if_asked(void **state)
{
	struct bench *b = *state;
	struct usb_urb u = { .id = 1, .ep = BULK_IN, .length = 4, .whole = true };

	put(b, BULK_IN, "one");
	assert_int_equal(usb_urbs_submit(b->urbs, &u), HSM_OK);
	expect(b, 1, -EREMOTEIO, "one");
	put(b, BULK_IN, "four");
	assert_int_equal(usb_urbs_submit(b->urbs, &u), HSM_OK);
	expect(b, 1, 0, "four");
	put(b, BULK_IN, "");
	ask(b, 2, BULK_IN, 4);
	expect(b, 2, 0, "");
}

static void status__is_that_of_linux(void **state)
{
	struct bench *b = *state;
	struct usb_urb u = { .id = 3, .ep = BULK_OUT, .out = RD_LIT("out") };

	fake_put(b->dev, BULK_IN, CCID_DEV_STALL, (struct rd){ 0 });
	ask(b, 1, BULK_IN, 512);
	expect(b, 1, -32, "");
	put(b, BULK_IN, "too long");
	ask(b, 2, BULK_IN, 4);
	expect(b, 2, -75, "");
	assert_int_equal(usb_urbs_submit(b->urbs, &u), HSM_OK);
	expect(b, 3, 0, "");
	assert_int_equal(b->ends[2].actual, 3);
	b->dev->out_status = CCID_DEV_STALL;
	assert_int_equal(usb_urbs_submit(b->urbs, &u), HSM_OK);
	expect(b, 3, -32, "");
	assert_int_equal(b->ends[3].actual, 0);
}

static void control__both_directions__at_once(void **state)
{
	struct bench *b = *state;
	struct usb_urb get = {
		.id = 1, .ep = 0x80, .length = 18, .setup = { 0x80, 6, 0, 1, 0, 0, 18, 0 }
	};
	struct usb_urb set = { .id = 2, .ep = 0, .setup = { 0, 9, 1 } };

	assert_int_equal(usb_urbs_submit(b->urbs, &get), HSM_OK);
	assert_int_equal(b->ends[0].actual, 18);
	assert_int_equal(b->ends[0].status, 0);
	assert_int_equal(usb_urbs_submit(b->urbs, &set), HSM_OK);
	assert_int_equal(b->ends[1].status, 0);
	/* The setup packet wants more than the host has room for. */
	get.length = 8;
	assert_int_equal(usb_urbs_submit(b->urbs, &get), HSM_OK);
	assert_int_equal(b->ends[2].status, -75);
	get.setup[3] = 9;
	assert_int_equal(usb_urbs_submit(b->urbs, &get), HSM_OK);
	assert_int_equal(b->ends[3].status, -32);
}

static void unlink__waiting__never_ends(void **state)
{
	struct bench *b = *state;

	ask(b, 1, BULK_IN, 512);
	ask(b, 2, BULK_IN, 512);
	assert_true(usb_urbs_unlink(b->urbs, 1));
	assert_false(usb_urbs_unlink(b->urbs, 1));
	assert_false(usb_urbs_unlink(b->urbs, 9));
	put(b, BULK_IN, "one");
	pump(b);
	expect(b, 2, 0, "one");
	assert_false(usb_urbs_unlink(b->urbs, 2));
	expect_none(b);
}

static void too_many__are_refused__others_go_on(void **state)
{
	struct bench *b = *state;

	for (unsigned id = 0; id < USB_URBS_MAX; id++)
		ask(b, id, BULK_IN, 512);
	expect_none(b);
	ask(b, 1000, INTERRUPT, 8);
	expect(b, 1000, -ENOMEM, "");
	ask(b, 1001, BULK_IN, USB_URB_DATA_MAX + 1);
	expect(b, 1001, -ENOMEM, "");
	put(b, BULK_IN, "one");
	pump(b);
	expect(b, 0, 0, "one");
	ask(b, 1002, INTERRUPT, 8);
	expect_none(b);
}

static void gone__is_said_by_each(void **state)
{
	struct bench *b = *state;
	struct usb_urb u = { .id = 3, .ep = BULK_OUT };

	pump(b);
	ccid_dev_unplug(b->dev);
	assert_int_equal(usb_urbs_pump(b->urbs), HSM_E_GONE);
	assert_int_equal(usb_urbs_submit(b->urbs, &u), HSM_E_GONE);
	u.ep = BULK_IN;
	assert_int_equal(usb_urbs_submit(b->urbs, &u), HSM_E_GONE);
	u.ep = 0;
	assert_int_equal(usb_urbs_submit(b->urbs, &u), HSM_E_GONE);
	expect_none(b);
}

static void callback__its_outcome__comes_back(void **state)
{
	struct bench *b = *state;
	struct usb_urb u = { .id = 1, .ep = BULK_OUT };

	ask(b, 9, BULK_IN, 512);
	b->rc = HSM_E_IO;
	assert_int_equal(usb_urbs_submit(b->urbs, &u), HSM_E_IO);
	put(b, BULK_IN, "one");
	assert_int_equal(usb_urbs_pump(b->urbs), HSM_E_IO);
}

#define BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BENCH(in__data_there__ends_at_once),
		BENCH(in__nothing_there__waits_in_order),
		BENCH(in__device_is_asked_once__for_the_first_of_an_endpoint),
		BENCH(in__short__is_an_error_only_if_asked),
		BENCH(status__is_that_of_linux),
		BENCH(control__both_directions__at_once),
		BENCH(unlink__waiting__never_ends),
		BENCH(too_many__are_refused__others_go_on),
		BENCH(gone__is_said_by_each),
		BENCH(callback__its_outcome__comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
