/* What faults do to messages, one by one; how their list is read. */
#include <stdio.h>

#include "ccid_bus.h"

#define STATUS          "65 00000000 00 07 00 0000"
#define ANSWER          "81 00000000 00 07 00 00 00"
#define FOUR            "lrc@1,lrc@1,lrc@1,lrc@1,"
#define SIXTEEN_AND_ONE (FOUR FOUR FOUR FOUR "lrc@1")
#define BLOCK_1         "6F 06000000 00 07 00 0000 00 00 02 0084 86"

static struct ccid_bus *nitrokey(const char *faults)
{
	return bus_new(&(struct ccid_bus_how){ .model = CCID_DEV_NITROKEY, .faults = faults });
}

static struct ccid_bus *stick(const char *faults)
{
	return bus_new(&(struct ccid_bus_how){ .model = CCID_DEV_STICK, .faults = faults });
}

static void list__read_or_refused(void **state)
{
	static const char *const good[] = { "", "stall@1", "late=500@3,seq@4", "unplug@1,unplug@2",
		"oversize=1000000@1000000" };
	static const char *const bad[] = { "stall", "stall@", "stall@0", "stall@x", "@1", "Stall@1",
		"stall=1@1", "late=@1", "late=-1@1", "late=1000001@1", "stall@1000001", "stall@1 ",
		"stall@1,,stall@2", "stalls@1", "wtx=1@1", "a@1", SIXTEEN_AND_ONE };
	struct ccid_faults *f;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(ccid_faults_parse(rd_str(good[i]), &f), HSM_OK);
		ccid_faults_free(f);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (ccid_faults_parse(rd_str(bad[i]), &f) != HSM_E_BAD_DATA)
			fail_msg("%s", bad[i]);
	ccid_faults_free(NULL);
}

static void messages__counted(void **state)
{
	struct ccid_bus *b = nitrokey("silence@2");

	(void)state;
	BUS(b, STATUS, ANSWER);
	assert_int_equal(ccid_faults_hit(b->faults), 0);
	assert_int_equal(bus_out(b, STATUS), CCID_DEV_OK);
	BUS(b, STATUS, ANSWER);
	assert_int_equal(ccid_faults_in(b->faults), 3);
	assert_int_equal(ccid_faults_out(b->faults), 3);
	assert_int_equal(ccid_faults_hit(b->faults), 1);
	bus_free(b);
}

static void stall__until_cleared(void **state)
{
	struct ccid_bus *b = nitrokey("stall@2");

	(void)state;
	BUS(b, STATUS, ANSWER);
	assert_int_equal(bus_out(b, STATUS), CCID_DEV_OK);
	assert_int_equal(bus_poll(b, 0x82, 512), CCID_DEV_STALL);
	assert_int_equal(bus_poll(b, 0x82, 512), CCID_DEV_STALL);
	assert_int_equal(bus_control(b, "02 01 0000 8200 0000"), CCID_DEV_OK);
	assert_int_equal(bus_poll(b, 0x82, 512), CCID_DEV_NOT_YET);
	BUS(b, STATUS, ANSWER);
	bus_free(b);
}

static void silence__no_answer_and_then_the_next(void **state)
{
	struct ccid_bus *b = nitrokey("silence@1");

	(void)state;
	assert_int_equal(bus_out(b, STATUS), CCID_DEV_OK);
	assert_int_equal(bus_poll(b, 0x82, 512), CCID_DEV_NOT_YET);
	BUS(b, STATUS, ANSWER);
	bus_free(b);
}

static void late__comes_by_itself(void **state)
{
	struct ccid_bus *b = nitrokey("late=60@1,late=1@2");

	(void)state;
	assert_int_equal(bus_out(b, STATUS), CCID_DEV_OK);
	assert_int_equal(bus_poll(b, 0x82, 512), CCID_DEV_NOT_YET);
	BUS_IN(b, ANSWER);
	BUS(b, STATUS, ANSWER);
	bus_free(b);
}

/* Each spoils the first message and no other. */
static void messages__spoilt_once(void **state)
{
	static const char *const rows[][2] = {
		{ "seq@1", "81 00000000 00 08 00 00 00" }, { "truncate@1", "81 00000000" },
		{ "truncate=1@1", "81" }, { "truncate=0@1", "" }, { "truncate=400@1", ANSWER },
		{ "oversize=3@1", ANSWER "000000" }, { "mute@1", "81 00000000 00 07 40 FE 00" },
		{ "lrc@1", ANSWER }, /* has no data */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ccid_bus *b = nitrokey(rows[i][0]);

		BUS(b, STATUS, rows[i][1]);
		BUS(b, STATUS, ANSWER);
		bus_free(b);
	}
}

static void oversize__without_value__longer_than_any_message(void **state)
{
	struct ccid_bus *b = nitrokey("oversize@1");

	(void)state;
	assert_int_equal(bus_out(b, STATUS), CCID_DEV_OK);
	assert_int_equal(bus_poll(b, 0x82, 256), CCID_DEV_OK);
	assert_int_equal(b->n, 256);
	assert_int_equal(bus_poll(b, 0x82, 256), CCID_DEV_OK);
	assert_int_equal(b->n, 310 - 256);
	bus_free(b);
}

static void double__comes_twice(void **state)
{
	struct ccid_bus *b = nitrokey("double@1");

	(void)state;
	BUS(b, STATUS, ANSWER);
	BUS_IN(b, ANSWER);
	assert_int_equal(bus_poll(b, 0x82, 512), CCID_DEV_NOT_YET);
	bus_free(b);
}

/* The host asks again and gets it. */
static void lrc__of_a_block__wrong(void **state)
{
	struct ccid_bus *b = nitrokey("lrc@2");

	(void)state;
	bus_power(b);
	BUS(b, BLOCK_1, "80 06000000 00 07 00 00 00 00 00 02 6700 9A");
	BUS_T1(b, "00 81 00", "00 00 02 6700");
	bus_free(b);
}

static void wtx__nitrokey__as_a_block(void **state)
{
	struct ccid_bus *b = nitrokey("wtx@2");

	(void)state;
	bus_power(b);
	BUS_T1(b, "00 00 02 0084", "00 C3 01 01");
	BUS_T1(b, "00 E3 01 01", "00 00 02 6700");
	BUS_T1(b, "00 40 02 0084", "00 40 02 6700");
	bus_free(b);
}

static void wtx__stick__as_a_time_extension(void **state)
{
	struct ccid_bus *b = stick("wtx@2");

	(void)state;
	bus_power(b);
	BUS(b, "6F 02000000 00 07 00 0000 0084", "80 00000000 00 07 80 01 00");
	BUS_IN(b, "80 02000000 00 07 00 00 00 6700");
	BUS_XFR(b, 0, "0084", 0, "6700");
	bus_free(b);
}

/* A message of 74 bytes, two packets: the T=1 answer to a challenge of 58 bytes. */
static enum ccid_dev_status unplugged_at(const char *fault, bool *before)
{
	struct ccid_bus *b = nitrokey(fault);
	enum ccid_dev_status status;

	bus_power(b);
	BUS_T1(b, "00 C1 01 FE", "00 E1 01 FE");
	BUS_T1(b, "00 00 10 00A4040C0BE82B0601040181C31F0201", "00 00 02 9000");
	assert_int_equal(
	        bus_out(b, "6F 09000000 00 07 00 0000 00 40 05 008400003A FB"), CCID_DEV_OK);
	ccid_dev_settle(b->dev);
	status = bus_poll(b, 0x82, 64);
	*before = status == CCID_DEV_OK;
	if (*before)
		status = bus_poll(b, 0x82, 64);
	if (status == CCID_DEV_GONE)
		assert_int_equal(bus_out(b, STATUS), CCID_DEV_GONE);
	bus_free(b);
	return status;
}

static void unplug__at_each_packet_of_an_answer(void **state)
{
	static const struct {
		const char *fault;
		bool before; /* the first packet comes */
	} rows[] = { { "unplug@4", false }, { "unplug=63@4", false }, { "unplug=64@4", true },
		{ "unplug=73@4", true } };
	bool before;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(unplugged_at(rows[i].fault, &before), CCID_DEV_GONE);
		assert_int_equal(before, rows[i].before);
	}
}

/* The answer is read, and then it is gone. */
static void unplug__behind_an_answer(void **state)
{
	struct ccid_bus *b = nitrokey("unplug=10@1");

	(void)state;
	BUS(b, STATUS, ANSWER);
	assert_int_equal(bus_out(b, STATUS), CCID_DEV_GONE);
	bus_free(b);
}

static void unplug_out__before_and_behind_a_command(void **state)
{
	static const char *const faults[] = { "unplug-out@2", "unplug-out=9@2", "unplug-out=99@2" };

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct ccid_bus *b = nitrokey(faults[i]);

		BUS(b, STATUS, ANSWER);
		assert_int_equal(bus_out(b, STATUS), CCID_DEV_GONE);
		assert_int_equal(bus_poll(b, 0x82, 512), CCID_DEV_GONE);
		assert_int_equal(bus_control(b, "80 08 0000 0000 0100"), CCID_DEV_GONE);
		bus_free(b);
	}
}

static void unplug__by_hand__all_is_gone(void **state)
{
	struct ccid_bus *b = stick(NULL);

	(void)state;
	ccid_dev_unplug(b->dev);
	ccid_dev_unplug(b->dev);
	assert_int_equal(bus_in(b, 0x82, 512), CCID_DEV_GONE);
	assert_int_equal(bus_in(b, 0x83, 64), CCID_DEV_GONE);
	assert_int_equal(bus_out(b, STATUS), CCID_DEV_GONE);
	ccid_dev_reset(b->dev);
	assert_int_equal(bus_control(b, "80 06 0001 0000 1200"), CCID_DEV_GONE);
	bus_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list__read_or_refused),
		cmocka_unit_test(messages__counted),
		cmocka_unit_test(stall__until_cleared),
		cmocka_unit_test(silence__no_answer_and_then_the_next),
		cmocka_unit_test(late__comes_by_itself),
		cmocka_unit_test(messages__spoilt_once),
		cmocka_unit_test(oversize__without_value__longer_than_any_message),
		cmocka_unit_test(double__comes_twice),
		cmocka_unit_test(lrc__of_a_block__wrong),
		cmocka_unit_test(wtx__nitrokey__as_a_block),
		cmocka_unit_test(wtx__stick__as_a_time_extension),
		cmocka_unit_test(unplug__at_each_packet_of_an_answer),
		cmocka_unit_test(unplug__behind_an_answer),
		cmocka_unit_test(unplug_out__before_and_behind_a_command),
		cmocka_unit_test(unplug__by_hand__all_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
