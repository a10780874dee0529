/* The carrier "usb:" on both devices: everything is well, and what happens over time. */
#include <pthread.h>
#include <stdio.h>

#include "pipe_dev.h"
#include "transport/transport.h"
#include "usb_bench.h"

static const enum ccid_dev_model models[] = { CCID_DEV_NITROKEY, CCID_DEV_STICK };

/* Runs `job` with an open, initialised card on each model. */
static void on_both(void (*job)(struct usb_bench *b, struct card_lane *lane))
{
	for (size_t i = 0; i < COUNT(models); i++) {
		struct card_lane *lane;
		struct usb_bench b;
		unsigned at;

		usb_bench_init(&b, models[i], "");
		assert_ok(usb_bench_story(&b, &at));
		assert_ok(card_take(b.card, &lane));
		job(&b, lane);
		card_give(lane);
		usb_bench_done(&b);
	}
}

static void files(struct usb_bench *b, struct card_lane *lane)
{
	static const size_t lengths[] = { 1, 32, 33, 200, 251, 252, 253, 508, 509, 1200, 4000 };
	uint8_t bytes[4000];
	AUTO_BUF back = { 0 };

	(void)b;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	for (size_t i = 0; i < COUNT(lengths); i++) {
		assert_ok(card_write_file(lane, 0xCD01, rd_of(bytes, lengths[i])));
		assert_ok(card_read_file(lane, 0xCD01, &back));
		assert_true(rd_equal(buf_rd(&back), rd_of(bytes, lengths[i])));
	}
}

static void files_of_all_lengths__come_back(void **state)
{
	(void)state;
	on_both(files);
}

static void rsa(struct usb_bench *b, struct card_lane *lane)
{
	uint8_t block[256] = { 0, 1 }, signature[256];
	struct wr w = WR_ARRAY(signature);
	AUTO_BUF request = { 0 };

	(void)b;
	assert_ok(card_generate_rsa(lane, 2, 2048, &request));
	assert_ok(card_sign_rsa(lane, 2, ALG_RSA_RAW, rd_of(block, sizeof(block)), 256, &w));
	assert_int_equal(w.n, 256);
}

static void rsa__makes_long_answers(void **state)
{
	(void)state;
	on_both(rsa);
}

/* The lane is the only one; holding costs no message. */
static void hold(struct usb_bench *b, struct card_lane *lane)
{
	const unsigned before = ccid_faults_out(b->faults);

	assert_ok(card_hold(lane, true));
	assert_ok(card_hold(lane, false));
	assert_int_equal(ccid_faults_out(b->faults), before);
}

static void hold__is_no_command(void **state)
{
	(void)state;
	on_both(hold);
}

/* Free memory, for which nobody needs to be logged in; files, for which somebody does. */
static hsm_rc ask(struct usb_bench *b)
{
	AUTO_LANE *lane = NULL;
	uint32_t memory;

	assert_ok(card_take(b->card, &lane));
	return card_free_memory(lane, &memory);
}

static hsm_rc write(struct usb_bench *b)
{
	AUTO_LANE *lane = NULL;

	assert_ok(card_take(b->card, &lane));
	return card_write_file(lane, 0xCD01, RD_LIT("x"));
}

/* The answer to the command after the story is lost. */
static void lost_answer(enum ccid_dev_model model, unsigned messages)
{
	struct tp_epoch before, after;
	struct usb_bench b;
	char fault[32];
	unsigned at;

	snprintf(fault, sizeof(fault), "silence@%u", messages + 1);
	usb_bench_init(&b, model, fault);
	assert_ok(usb_bench_story(&b, &at));
	assert_ok(card_look(b.card, &before));
	assert_rc(ask(&b), HSM_E_TIMEOUT);
	assert_ok(ask(&b));
	assert_ok(card_look(b.card, &after));
	assert_true(after.security != before.security);
	assert_rc(write(&b), HSM_E_NOT_AUTH);
	usb_bench_done(&b);
}

static void lost_answer__costs_the_login__not_the_card(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(models); i++) {
		struct usb_bench b;
		unsigned at, messages;

		usb_bench_init(&b, models[i], "");
		assert_ok(usb_bench_story(&b, &at));
		messages = ccid_faults_in(b.faults);
		assert_ok(write(&b));
		usb_bench_done(&b);
		lost_answer(models[i], messages);
	}
}

static void unplug(struct usb_bench *b, struct card_lane *lane)
{
	struct tp_epoch epoch;
	uint8_t random[8];

	assert_ok(card_look(b->card, &epoch));
	ccid_dev_unplug(b->device);
	assert_rc(card_look(b->card, &epoch), HSM_E_GONE);
	assert_rc(card_random(lane, random, sizeof(random)), HSM_E_GONE);
}

static void unplugged__is_seen_without_a_command(void **state)
{
	(void)state;
	on_both(unplug);
}

static void *look(void *arg)
{
	struct tp_epoch epoch;
	hsm_rc rc = HSM_OK;

	while (rc == HSM_OK)
		rc = card_look(arg, &epoch);
	return NULL;
}

/* Another thread looks all the time, until the device is gone. */
static void commands(struct usb_bench *b, struct card_lane *lane)
{
	uint8_t random[8];
	pthread_t looker;

	assert_int_equal(pthread_create(&looker, NULL, look, b->card), 0);
	for (unsigned i = 0; i < 100; i++)
		assert_ok(card_random(lane, random, sizeof(random)));
	ccid_dev_unplug(b->device);
	assert_int_equal(pthread_join(looker, NULL), 0);
	assert_rc(card_random(lane, random, sizeof(random)), HSM_E_GONE);
}

static void looks__beside_commands(void **state)
{
	(void)state;
	on_both(commands);
}

/* The one before us sent a command and was killed before it read the answer. */
static void stale_answer__of_a_killed_client__is_no_matter(void **state)
{
	static const uint8_t status[] = { 0x65, 0, 0, 0, 0, 0, 0, 0, 0, 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(models); i++) {
		struct usb_pipe *pipe;
		struct usb_bench b;
		unsigned at;

		usb_bench_init(&b, models[i], "");
		assert_ok(pipe_dev_open(b.device, &pipe));
		assert_ok(pipe->ops->out(pipe, rd_of(status, sizeof(status)), 1000));
		pipe->ops->close(pipe);
		assert_ok(usb_bench_story(&b, &at));
		usb_bench_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_all_lengths__come_back),
		cmocka_unit_test(rsa__makes_long_answers),
		cmocka_unit_test(hold__is_no_command),
		cmocka_unit_test(lost_answer__costs_the_login__not_the_card),
		cmocka_unit_test(unplugged__is_seen_without_a_command),
		cmocka_unit_test(looks__beside_commands),
		cmocka_unit_test(stale_answer__of_a_killed_client__is_no_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
