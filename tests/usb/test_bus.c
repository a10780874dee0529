/* The simulated bus as libusb sees it, with the twin as a Nitrokey HSM: what Linux and a real
 * device do. Runs on the bus of mock_token, and tells it what to plug in and out. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bus_client.h"

/* CCID messages (CCID 1.10, 6.1 and 6.2) and where things are in the header. */
enum { POWER_ON = 0x62, XFR = 0x6f, DATA = 0x80, HEADER = 10, STATUS = 7 };

/* PCB, length and information of T=1 blocks (ISO 7816-3, 11): IFS 254, SELECT of the SmartCard-HSM,
 * GET CHALLENGE of 48 bytes. */
#define IFS_REQUEST  "C1 01 FE"
#define IFS_ANSWER   "00 E1 01 FE 1E"
#define SELECT       "00 11 00A404000BE82B0601040181C31F020100"
#define CHALLENGE_48 "40 05 0084000030"
#define ANSWER_64    (HEADER + 3 + 48 + 2 + 1)

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int plug(void **state)
{
	*state = malloc(sizeof(struct usb_token));
	token_plug(*state, NULL);
	return 0;
}

static int unplug(void **state)
{
	token_done(*state);
	free(*state);
	return 0;
}

static void string_is(struct usb_token *d, uint8_t index, const char *expected)
{
	unsigned char text[128] = "";

	assert_true(
	        libusb_get_string_descriptor_ascii(d->handle, index, text, sizeof(text) - 1) > 0);
	assert_string_equal((char *)text, expected);
}

static void descriptors_and_strings(void **state)
{
	struct usb_token *d = *state;
	libusb_device *device = libusb_get_device(d->handle);
	struct libusb_device_descriptor desc;
	struct libusb_config_descriptor *config;
	const struct libusb_interface_descriptor *ccid;

	assert_int_equal(libusb_get_device_descriptor(device, &desc), 0);
	assert_int_equal(desc.idVendor, NITROKEY_VENDOR);
	assert_int_equal(desc.idProduct, NITROKEY_PRODUCT);
	assert_int_equal(libusb_get_device_speed(device), LIBUSB_SPEED_FULL);
	string_is(d, desc.iManufacturer, "Nitrokey");
	string_is(d, desc.iProduct, "Nitrokey HSM");
	assert_int_equal(libusb_get_active_config_descriptor(device, &config), 0);
	assert_int_equal(config->bNumInterfaces, 2);
	ccid = config->interface[CCID_INTERFACE].altsetting;
	assert_int_equal(ccid->bInterfaceClass, LIBUSB_CLASS_SMART_CARD);
	assert_int_equal(ccid->extra_length, 54);
	assert_int_equal(ccid->bNumEndpoints, 3);
	assert_int_equal(ccid->endpoint[0].bEndpointAddress, EP_NOTICE);
	assert_int_equal(ccid->endpoint[1].bEndpointAddress, EP_OUT);
	assert_int_equal(ccid->endpoint[2].bEndpointAddress, EP_IN);
	libusb_free_config_descriptor(config);
}

static void messages_are_counted(void **state)
{
	struct usb_token *d = *state;

	assert_int_equal(token_messages(d), 0);
	ccid_works(d);
	assert_int_equal(token_messages(d), 2);
}

static void one_program_at_a_time(void **state)
{
	struct usb_token *d = *state;
	libusb_device_handle *second = token_open(d->usb, d);
	uint8_t byte[64];
	int n;

	assert_int_equal(libusb_claim_interface(second, CCID_INTERFACE), LIBUSB_ERROR_BUSY);
	assert_int_equal(libusb_bulk_transfer(second, EP_IN, byte, sizeof(byte), &n, SHORT),
	        LIBUSB_ERROR_IO);
	assert_int_equal(libusb_claim_interface(second, 0), 0);
	assert_int_equal(libusb_release_interface(d->handle, CCID_INTERFACE), 0);
	assert_int_equal(libusb_claim_interface(second, CCID_INTERFACE), 0);
	assert_int_equal(libusb_claim_interface(d->handle, CCID_INTERFACE), LIBUSB_ERROR_BUSY);
	libusb_close(second);
	assert_int_equal(libusb_claim_interface(d->handle, CCID_INTERFACE), 0);
	ccid_works(d);
	assert_int_equal(libusb_claim_interface(d->handle, 7), LIBUSB_ERROR_NOT_FOUND);
}

/* The child takes the device and says so, and is killed. */
static void claim_and_wait(const struct usb_token *d, int told)
{
	libusb_context *usb;
	libusb_device_handle *handle;

	if (libusb_init(&usb) != 0)
		_exit(1);
	handle = token_open(usb, d);
	if (handle == NULL || libusb_claim_interface(handle, CCID_INTERFACE) != 0 ||
	        write(told, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void killed_program_lets_go(void **state)
{
	struct usb_token *d = *state;
	int told[2];
	char byte;
	pid_t child;

	assert_int_equal(libusb_release_interface(d->handle, CCID_INTERFACE), 0);
	assert_int_equal(pipe(told), 0);
	child = fork();
	if (child == 0)
		claim_and_wait(d, told[1]);
	close(told[1]);
	assert_int_equal(read(told[0], &byte, 1), 1);
	close(told[0]);
	assert_int_equal(libusb_claim_interface(d->handle, CCID_INTERFACE), LIBUSB_ERROR_BUSY);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	while (libusb_claim_interface(d->handle, CCID_INTERFACE) == LIBUSB_ERROR_BUSY)
		usleep(1000);
	ccid_works(d);
}

static void hundred_exchanges(void **state)
{
	struct usb_token *d = *state;
	uint8_t answer[ROOM];

	assert_true(ccid_talk(d, POWER_ON, "", answer) > HEADER);
	assert_int_equal(answer[0], DATA);
	assert_int_equal(answer[HEADER], 0x3b);
	for (int i = 0; i < 100; i++)
		ccid_works(d);
}

static void stalled_endpoint(void **state)
{
	struct usb_token d;
	uint8_t answer[ROOM];

	(void)state;
	token_plug(&d, "stall@2");
	ccid_works(&d);
	assert_true(ccid_put(&d, 0x65, 0, "") == HEADER);
	assert_int_equal(bulk_in(&d, answer, ROOM, LONG), LIBUSB_ERROR_PIPE);
	assert_int_equal(bulk_in(&d, answer, ROOM, LONG), LIBUSB_ERROR_PIPE);
	assert_int_equal(libusb_clear_halt(d.handle, EP_IN), 0);
	ccid_works(&d);
	token_done(&d);
}

static void timeout(void **state)
{
	struct usb_token *d = *state;
	uint8_t answer[ROOM];
	long start = now_ms();

	assert_int_equal(bulk_in(d, answer, ROOM, SHORT), LIBUSB_ERROR_TIMEOUT);
	assert_in_range(now_ms() - start, SHORT - 1, LONG);
	ccid_works(d);
}

static void overflow(void **state)
{
	struct usb_token *d = *state;
	uint8_t answer[ROOM];

	assert_int_equal(ccid_put(d, 0x65, 0, ""), HEADER);
	assert_int_equal(bulk_in(d, answer, 5, LONG), LIBUSB_ERROR_OVERFLOW);
}

/* A block in hex with its node address and check byte. */
static const char *block(const char *pcb_and_more)
{
	static char text[2 * ROOM];
	uint8_t bytes[ROOM], check = 0;
	size_t n = emu_unhex(pcb_and_more, bytes, sizeof(bytes));

	for (size_t i = 0; i < n; i++)
		check ^= bytes[i];
	snprintf(text, sizeof(text), "00 %s %02X", pcb_and_more, check);
	return text;
}

static void select_applet(struct usb_token *d)
{
	uint8_t answer[ROOM], expected[8];

	assert_true(ccid_talk(d, POWER_ON, "", answer) > HEADER);
	assert_int_equal(ccid_talk(d, XFR, block(IFS_REQUEST), answer), HEADER + 5);
	emu_unhex(IFS_ANSWER, expected, sizeof(expected));
	assert_memory_equal(answer + HEADER, expected, 5);
	assert_true(ccid_talk(d, XFR, block(SELECT), answer) > HEADER + 5);
}

/* A message of 64 bytes needs a zero-length packet to end: seen by who has only room for 64. */
static void zero_length_packet(void **state)
{
	struct usb_token *d = *state;
	uint8_t answer[ROOM];

	select_applet(d);
	assert_int_equal(ccid_talk(d, XFR, block(CHALLENGE_48), answer), ANSWER_64);
	select_applet(d);
	assert_true(ccid_put(d, XFR, 0, block(CHALLENGE_48)) > 0);
	assert_int_equal(bulk_in(d, answer, ANSWER_64, LONG), ANSWER_64);
	assert_int_equal(bulk_in(d, answer, ANSWER_64, LONG), 0);
	ccid_works(d);
}

static void done(struct libusb_transfer *t)
{
	*(int *)t->user_data = 1;
}

/* An IN transfer that waits, ended by `end`; how. */
static enum libusb_transfer_status ended_by(
        struct usb_token *d, void (*end)(struct usb_token *d, struct libusb_transfer *t))
{
	struct libusb_transfer *t = libusb_alloc_transfer(0);
	enum libusb_transfer_status status;
	struct timeval soon = { .tv_usec = 1000 }, long_time = { .tv_sec = LONG / 1000 };
	uint8_t room[ROOM];
	int ended = 0;

	libusb_fill_bulk_transfer(t, d->handle, EP_IN, room, ROOM, done, &ended, 0);
	assert_int_equal(libusb_submit_transfer(t), 0);
	assert_int_equal(libusb_handle_events_timeout(d->usb, &soon), 0);
	assert_int_equal(ended, 0);
	end(d, t);
	while (!ended)
		assert_int_equal(
		        libusb_handle_events_timeout_completed(d->usb, &long_time, &ended), 0);
	status = t->status;
	libusb_free_transfer(t);
	return status;
}

static void cancel(struct usb_token *d, struct libusb_transfer *t)
{
	(void)d;
	assert_int_equal(libusb_cancel_transfer(t), 0);
}

static void pull_out(struct usb_token *d, struct libusb_transfer *t)
{
	(void)t;
	token_unplug(d);
}

static void cancelled_transfer(void **state)
{
	struct usb_token *d = *state;

	assert_int_equal(ended_by(d, cancel), LIBUSB_TRANSFER_CANCELLED);
	ccid_works(d);
}

static int LIBUSB_CALL hotplug(
        libusb_context *usb, libusb_device *device, libusb_hotplug_event event, void *arg)
{
	(void)usb;
	(void)device;
	*(int *)arg = (int)event;
	return 0;
}

static void wait_for_event(libusb_context *usb, const int *seen, int event)
{
	struct timeval long_time = { .tv_sec = 1 };
	long end = now_ms() + LONG;

	while (*seen != event) {
		assert_true(now_ms() < end);
		assert_int_equal(libusb_handle_events_timeout(usb, &long_time), 0);
	}
}

static void unplugged_and_replaced(void **state)
{
	struct usb_token d, other;
	libusb_hotplug_callback_handle handle;
	uint8_t answer[ROOM];
	int seen = 0;

	(void)state;
	token_plug(&d, NULL);
	assert_int_equal(
	        libusb_hotplug_register_callback(d.usb,
	                LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT, 0,
	                NITROKEY_VENDOR, NITROKEY_PRODUCT, LIBUSB_HOTPLUG_MATCH_ANY, hotplug, &seen,
	                &handle),
	        0);
	assert_int_equal(ended_by(&d, pull_out), LIBUSB_TRANSFER_NO_DEVICE);
	assert_int_equal(ccid_put(&d, 0x65, 0, ""), LIBUSB_ERROR_NO_DEVICE);
	assert_int_equal(bulk_in(&d, answer, ROOM, LONG), LIBUSB_ERROR_NO_DEVICE);
	wait_for_event(d.usb, &seen, LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT);
	assert_null(token_open(d.usb, &d));
	token_plug(&other, NULL);
	wait_for_event(d.usb, &seen, LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED);
	ccid_works(&other);
	libusb_close(d.handle);
	libusb_exit(d.usb);
	place_remove(&d.token);
	token_done(&other);
}

#define ON_DEVICE(f) cmocka_unit_test_setup_teardown(f, plug, unplug)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_DEVICE(descriptors_and_strings),
		ON_DEVICE(messages_are_counted),
		ON_DEVICE(one_program_at_a_time),
		ON_DEVICE(killed_program_lets_go),
		ON_DEVICE(hundred_exchanges),
		cmocka_unit_test(stalled_endpoint),
		ON_DEVICE(timeout),
		ON_DEVICE(overflow),
		ON_DEVICE(zero_length_packet),
		ON_DEVICE(cancelled_transfer),
		cmocka_unit_test(unplugged_and_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
