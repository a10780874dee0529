/* A card that needs time, and hosts that do not wait for it. The token is made once; the key is RSA
 * of 2048 bits, which takes longer than the 2 ms after which more time is asked for. */
#include <stdio.h>

#include "ccid_bus.h"

enum { PACE_MS = 2, MANY = 100 };

/* GENERATE ASYMMETRIC KEY PAIR without Le (as recorded from sc-hsm-embedded). */
#define TEMPLATE                                                                                   \
	"5F290100 7F4915060A04007F000702020201028203010001 02020800 "                              \
	"5F200C555444554D4D593030303030"

static struct token_place place;

static int make_token(void **state)
{
	(void)state;
	place_make(&place);
	place_ready(&place, EMU_KDF_CHEAP);
	return 0;
}

static int remove_token(void **state)
{
	(void)state;
	place_remove(&place);
	return 0;
}

static struct ccid_bus *logged_in(enum ccid_dev_model model, unsigned pace_ms)
{
	struct ccid_bus *b = bus_new(
	        &(struct ccid_bus_how){ .model = model, .token = place.path, .pace_ms = pace_ms });

	bus_power(b);
	assert_int_equal(bus_apdu_hex(b, SELECT_CMD), 0x9000);
	assert_int_equal(bus_apdu_hex(b, VERIFY_CMD), 0x9000);
	return b;
}

/* The command with a key number that was not used yet. */
static size_t generate_put(uint8_t *out, size_t cap)
{
	static uint8_t key;
	const size_t n = emu_unhex("00460000 2B" TEMPLATE, out, cap);

	out[2] = ++key;
	return n;
}

static uint16_t generate(struct ccid_bus *b)
{
	uint8_t cmd[64];

	return bus_apdu(b, rd_of(cmd, generate_put(cmd, sizeof(cmd))));
}

/* Begins the generation and leaves when the device has asked for time once: the card works, for
 * hundreds of milliseconds. */
static struct ccid_bus *generating(enum ccid_dev_model model)
{
	struct ccid_bus *b = logged_in(model, PACE_MS);
	uint8_t block[64] = { 0 }, bytes[96];
	struct rd cmd = rd_of(block + 3, generate_put(block + 3, sizeof(block) - 4));
	size_t n;

	if (model == CCID_DEV_NITROKEY) {
		BUS_T1(b, "00 C0 00", "00 E0 00");
		block[2] = (uint8_t)cmd.n;
		for (size_t i = 0; i < 3 + cmd.n; i++)
			block[3 + cmd.n] ^= block[i];
		cmd = rd_of(block, 3 + cmd.n + 1);
	}
	n = bus_xfr(b, 0, cmd, bytes, sizeof(bytes));
	assert_int_equal(bus_out_bytes(b, rd_of(bytes, n)), CCID_DEV_OK);
	return b;
}

static void generation__time_is_asked_for_until_it_is_done(void **state)
{
	static const enum ccid_dev_model models[] = { CCID_DEV_NITROKEY, CCID_DEV_STICK };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct ccid_bus *b = logged_in(models[i], PACE_MS);

		b->waits = 0;
		assert_int_equal(generate(b), 0x9000);
		assert_true(b->waits > 0);
		assert_int_equal(bus_apdu_hex(b, "80580000 00"), 0x9000);
		bus_free(b);
	}
}

static void nitrokey__s_wtx__is_one_block_waiting_time(void **state)
{
	struct ccid_bus *b = generating(CCID_DEV_NITROKEY);
	char want[64];

	(void)state;
	snprintf(want, sizeof(want), "80 05000000 00 %02X 00 00 00 00 C3 01 01 C3", b->seq);
	BUS_IN(b, want);
	bus_free(b);
}

static void stick__time_extension__has_no_data(void **state)
{
	struct ccid_bus *b = generating(CCID_DEV_STICK);
	char want[64];

	(void)state;
	snprintf(want, sizeof(want), "80 00000000 00 %02X 80 01 00", b->seq);
	BUS_IN(b, want);
	bus_free(b);
}

/* By the time the host agrees, the card has long been done. */
static void nitrokey__consent_after_the_work__answer_at_once(void **state)
{
	struct ccid_bus *b = generating(CCID_DEV_NITROKEY);

	(void)state;
	assert_int_equal(bus_in(b, 0x82, 512), CCID_DEV_OK);
	ccid_dev_settle(b->dev);
	BUS_T1(b, "00 E3 01 01", "00 00 02 9000");
	bus_free(b);
}

static void slow_pace__nothing_is_asked_for(void **state)
{
	struct ccid_bus *b = logged_in(CCID_DEV_STICK, 0);

	(void)state;
	b->waits = 0;
	assert_int_equal(generate(b), 0x9000);
	assert_int_equal(b->waits, 0);
	bus_free(b);
}

static void stick__second_command__slot_is_busy(void **state)
{
	struct ccid_bus *b = generating(CCID_DEV_STICK);
	char want[64];

	(void)state;
	assert_int_equal(bus_out(b, "65 00000000 00 F0 00 0000"), CCID_DEV_OK);
	do {
		assert_int_equal(bus_in(b, 0x82, 512), CCID_DEV_OK);
	} while (b->in[7] == 0x80);
	BUS_GOT(b, "81 00000000 00 F0 40 E0 00");
	do {
		assert_int_equal(bus_in(b, 0x82, 512), CCID_DEV_OK);
	} while (b->in[7] == 0x80);
	snprintf(want, sizeof(want), "80 02000000 00 %02X 00 00 00 9000", b->seq);
	BUS_GOT(b, want);
	bus_free(b);
}

/* Both halves; then the slot is free at once, and the card when it is done: what it had begun by
 * then makes the next command wait. Returns how often that was told. */
static unsigned aborted(bool message_first)
{
	struct ccid_bus *b = generating(CCID_DEV_STICK);
	char request[32], message[64], answer[64];
	unsigned waits;

	snprintf(request, sizeof(request), "21 01 00%02X 0000 0000", b->seq);
	snprintf(message, sizeof(message), "72 00000000 00 %02X 00 0000", b->seq);
	snprintf(answer, sizeof(answer), "81 00000000 00 %02X 00 00 00", b->seq);
	assert_int_equal(bus_in(b, 0x82, 512), CCID_DEV_OK);
	if (message_first)
		assert_int_equal(bus_out(b, message), CCID_DEV_OK);
	assert_int_equal(bus_control(b, request), CCID_DEV_OK);
	if (!message_first)
		assert_int_equal(bus_out(b, message), CCID_DEV_OK);
	BUS_IN(b, answer);
	BUS(b, "65 00000000 00 01 00 0000", "81 00000000 00 01 00 00 00");
	b->waits = 0;
	assert_int_equal(bus_apdu_hex(b, "80580000 00"), 0x9000);
	waits = b->waits;
	bus_free(b);
	return waits;
}

static void abort__of_a_command_at_work__ends_it(void **state)
{
	unsigned tries = 0;

	(void)state;
	(void)aborted(true);
	while (aborted(false) == 0) /* the worker's thread may not have got so far */
		assert_true(++tries < MANY);
}

static void abort__before_its_message__all_else_is_aborted(void **state)
{
	struct ccid_bus *b = logged_in(CCID_DEV_STICK, 0);

	(void)state;
	assert_int_equal(bus_control(b, "21 01 0009 0000 0000"), CCID_DEV_OK);
	BUS(b, "65 00000000 00 08 00 0000", "81 00000000 00 08 40 FF 00");
	BUS(b, "72 00000000 00 08 00 0000", "81 00000000 00 08 40 FF 00"); /* another bSeq */
	BUS(b, "72 00000000 00 09 00 0000", "81 00000000 00 09 00 00 00");
	BUS(b, "65 00000000 00 0A 00 0000", "81 00000000 00 0A 00 00 00");
	assert_int_equal(bus_control(b, "21 01 0009 0500 0000"), CCID_DEV_STALL);
	bus_free(b);
}

/* A new client powers the card on: that waits for the card, and what the old one wanted is lost. */
static void power_on__while_the_card_works__waits_for_it(void **state)
{
	static const enum ccid_dev_model models[] = { CCID_DEV_NITROKEY, CCID_DEV_STICK };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct ccid_bus *b = generating(models[i]);

		assert_int_equal(bus_in(b, 0x82, 512), CCID_DEV_OK);
		assert_int_equal(bus_control(b, "00 09 0100 0000 0000"), CCID_DEV_OK);
		assert_int_equal(bus_out(b, "62 00000000 00 77 00 0000"), CCID_DEV_OK);
		do {
			assert_int_equal(bus_in(b, 0x82, 512), CCID_DEV_OK);
		} while (b->in[7] == 0x80);
		BUS_GOT(b, "80 18000000 00 77 00 00 00"
		           "3BDE96FF8191FE1FC38031815448534D3173802140810792");
		bus_power(b);
		assert_int_equal(bus_apdu_hex(b, SELECT_CMD), 0x9000);
		assert_int_equal(bus_apdu_hex(b, "00200081"), 0x63C3);
		bus_free(b);
	}
}

static void resynch__during_work__answer_is_lost(void **state)
{
	struct ccid_bus *b = generating(CCID_DEV_NITROKEY);

	(void)state;
	assert_int_equal(bus_in(b, 0x82, 512), CCID_DEV_OK);
	BUS_T1(b, "00 C0 00", "00 E0 00");
	BUS_T1(b, "00 00 02 0084", "00 00 02 6700");
	bus_free(b);
}

static void unplug_and_free__during_work__wait_for_the_card(void **state)
{
	struct ccid_bus *b = generating(CCID_DEV_NITROKEY);

	(void)state;
	ccid_dev_unplug(b->dev);
	assert_int_equal(bus_in(b, 0x82, 512), CCID_DEV_GONE);
	bus_free(b);
	b = generating(CCID_DEV_STICK);
	bus_free(b);
}

/* ---- commands of all lengths ---- */

static void exchange__any_length__comes_back_whole(void **state)
{
	static const unsigned lengths[] = { 1, 28, 29, 30, 241, 242, 243, 255, 256, 257, 500,
		1000 };
	static const enum ccid_dev_model models[] = { CCID_DEV_NITROKEY, CCID_DEV_STICK };
	uint8_t update[1100];
	char read[64];

	(void)state;
	for (size_t m = 0; m < 2; m++) {
		struct ccid_bus *b = logged_in(models[m], 0);

		for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			const unsigned n = lengths[i], lc = n + 8;
			const uint8_t head[] = { 0x00, 0xD7, 0xCD, (uint8_t)i, 0,
				(uint8_t)(lc >> 8), (uint8_t)lc, 0x54, 0x02, 0, 0, 0x53, 0x82,
				(uint8_t)(n >> 8), (uint8_t)n };

			memcpy(update, head, sizeof(head));
			for (unsigned k = 0; k < n; k++)
				update[sizeof(head) + k] = (uint8_t)(k * 7 + n);
			assert_int_equal(bus_apdu(b, rd_of(update, sizeof(head) + n)), 0x9000);
			snprintf(read, sizeof(read), "00B1CD%02X 000004 54020000 %04X", (unsigned)i,
			        n);
			assert_int_equal(bus_apdu_hex(b, read), 0x9000);
			assert_int_equal(b->rsp_n, n + 2);
			assert_memory_equal(b->rsp, update + sizeof(head), n);
		}
		bus_free(b);
	}
}

/* ---- threads of a bus ---- */

enum { ROUNDS = 300 };

/* What a system asks while a program uses the reader; returns what went wrong. */
static void *ask(void *arg)
{
	static const uint8_t status[8] = { 0x80, 0, 0, 0, 0, 0, 2, 0 };
	struct ccid_bus *b = arg;
	uint8_t bytes[64];
	uintptr_t wrong = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct wr w = WR_ARRAY(bytes);

		wrong += ccid_dev_control(b->dev, status, (struct rd){ 0 }, &w) != CCID_DEV_OK;
		wrong += w.n != 2;
		wrong += ccid_dev_in(b->dev, b->ep_notice, &w) == CCID_DEV_STALL;
	}
	return (void *)wrong;
}

static void transfers__from_two_threads__all_done(void **state)
{
	struct ccid_bus *b = logged_in(CCID_DEV_NITROKEY, 0);
	pthread_t thread;
	void *wrong;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, ask, b), 0);
	for (unsigned i = 0; i < ROUNDS; i++)
		assert_int_equal(bus_apdu_hex(b, "00840000 40"), 0x9000);
	assert_int_equal(pthread_join(thread, &wrong), 0);
	assert_null(wrong);
	bus_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(generation__time_is_asked_for_until_it_is_done),
		cmocka_unit_test(nitrokey__s_wtx__is_one_block_waiting_time),
		cmocka_unit_test(stick__time_extension__has_no_data),
		cmocka_unit_test(nitrokey__consent_after_the_work__answer_at_once),
		cmocka_unit_test(slow_pace__nothing_is_asked_for),
		cmocka_unit_test(stick__second_command__slot_is_busy),
		cmocka_unit_test(abort__of_a_command_at_work__ends_it),
		cmocka_unit_test(abort__before_its_message__all_else_is_aborted),
		cmocka_unit_test(power_on__while_the_card_works__waits_for_it),
		cmocka_unit_test(resynch__during_work__answer_is_lost),
		cmocka_unit_test(unplug_and_free__during_work__wait_for_the_card),
		cmocka_unit_test(exchange__any_length__comes_back_whole),
		cmocka_unit_test(transfers__from_two_threads__all_done),
	};

	return cmocka_run_group_tests(tests, make_token, remove_token);
}
