#include "emu_card.h"

#define NEW      "313233343536" /* "123456" */
#define PIN      "363438323139" /* TEST_PIN */
#define WRONG    "363438323138"
#define SO_WRONG "3537363231383831"

static void verify__query__tells_the_state(void **state)
{
	struct emu_bench *b = emu_bench_new();

	(void)state;
	EMU(b, "00200081", 0x6A88, "");
	EMU(b, "00200081 06 " PIN, 0x6A88, "");
	EMU(b, "00200088", 0x6A88, "");
	EMU(b, "80500000 19 80020001 8106" PIN " 8208" TEST_SO " 910103", 0x9000, "");
	EMU(b, "00200081", 0x63C3, "");
	EMU(b, "00200081 00", 0x63C3, "");
	EMU(b, "00200088", 0x63CF, "");
	EMU(b, "00200081 06 " PIN, 0x9000, "");
	EMU(b, "00200081", 0x9000, "");
	EMU(b, "00200088", 0x63CF, "");
	emu_bench_free(b);
}

static void verify__other_references__are_refused(void **state)
{
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	for (unsigned ref = 0x82; ref <= 0x87; ref++)
		assert_int_equal(emu_cmd(b, 0x00200000 | ref, rd_of(NULL, 0), 0), 0x6A88);
	EMU(b, "00200085 06 " PIN, 0x6A88, "");
	EMU(b, "00200000", 0x6A86, "");
	EMU(b, "00200080", 0x6A86, "");
	EMU(b, "00200089", 0x6A86, "");
	EMU(b, "00200281 06 " PIN, 0x6A86, "");
	EMU(b, "00200181 06 " PIN, 0x9000, "");
	emu_bench_free(b);
}

static void verify__wrong_pin__counts_and_logs_out(void **state)
{
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	EMU(b, "00200081 06 " WRONG, 0x63C2, "");
	EMU(b, "00200081", 0x63C2, "");
	EMU(b, "00D7CF01 06 54020000 5300", 0x6982, "");
	EMU(b, "00200081 06 " PIN, 0x9000, "");
	EMU(b, "00D7CF01 06 54020000 5300", 0x9000, "");
	EMU(b, "00A40400 0B E82B0601040181C31F0201 00", 0x9000, NULL);
	EMU(b, "00200081", 0x63C3, "");
	emu_bench_free(b);
}

static void verify__last_wrong_try__locks(void **state)
{
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	EMU(b, "00200081 06 " WRONG, 0x63C2, "");
	EMU(b, "00200081 06 " WRONG, 0x63C1, "");
	EMU(b, "00200081 06 " WRONG, 0x6983, "");
	EMU(b, "00200081", 0x6983, "");
	EMU(b, "00200081 06 " PIN, 0x6983, "");
	EMU(b, "00D7CF01 06 54020000 5300", 0x6982, "");
	emu_bench_free(b);
}

static void verify__wrong_length__costs_nothing(void **state)
{
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	EMU(b, "00200081 05 3634383231", 0x6A80, "");
	EMU(b, "00200081 11 3634383231393634383231393634383231", 0x6A80, "");
	EMU(b, "00200088 07 35373632313838", 0x6A80, "");
	EMU(b, "00200081", 0x9000, "");
	EMU(b, "00200088", 0x63CF, "");
	EMU(b, "00200081 10 36343832313936343832313936343832", 0x63C2, "");
	emu_bench_free(b);
}

static void verify__so_pin__logs_the_so_in(void **state)
{
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	EMU(b, "00200088 08 " TEST_SO, 0x9000, "");
	EMU(b, "00200088", 0x9000, "");
	EMU(b, "00200081", 0x9000, ""); /* the user's login is another one */
	EMU(b, "00200088 08 " SO_WRONG, 0x63CE, "");
	EMU(b, "00200088", 0x63CE, "");
	EMU(b, "00200081", 0x9000, "");
	EMU(b, "00200088 08 " TEST_SO, 0x9000, "");
	EMU(b, "00A40400 0B E82B0601040181C31F0201 00", 0x9000, NULL);
	EMU(b, "00200088", 0x63CF, "");
	emu_bench_free(b);
}

/* The key is opened by the user or by the SO, whoever came last, and stays while one is there. */
static void verify__so_logged_out_by_wrong_pin__user_can_still_make_keys(void **state)
{
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	EMU(b, "00200088 08 " SO_WRONG, 0x63CE, "");
	EMU(b,
	        "00460100 27 5F290100 7F4915 060A04007F00070202020102 8203010001 02020400"
	        "5F2008 5A5A545730303030",
	        0x9000, "");
	emu_bench_free(b);
}

static void verify__so_pin_blocked__stays_so_for_ever(void **state)
{
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	for (unsigned left = 14; left != 0; left--)
		assert_int_equal(emu_hex(b, "00200088 08 " SO_WRONG), 0x63C0 | left);
	EMU(b, "00200088 08 " SO_WRONG, 0x6983, "");
	EMU(b, "00200088 08 " TEST_SO, 0x6983, "");
	EMU(b, "002C0081 0E " TEST_SO PIN, 0x6983, "");
	EMU(b, "00240088 10 " TEST_SO TEST_SO, 0x6983, "");
	EMU(b, "80500000 19 80020001 8106" PIN " 8208" TEST_SO " 910103", 0x6983, "");
	EMU(b, "00200081 06 " PIN, 0x9000, ""); /* the user goes on */
	emu_bench_free(b);
}

static void change__user_pin__is_logged_in_with_the_new_one(void **state)
{
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	EMU(b, "00240081 0C " PIN NEW, 0x9000, "");
	EMU(b, "00200081", 0x9000, "");
	EMU(b, "00200081 06 " PIN, 0x63C2, "");
	EMU(b, "00200081 06 " NEW, 0x9000, "");
	/* another length: the card knows where the old one ends */
	EMU(b, "00240081 0E " NEW "3132333435363738", 0x9000, "");
	EMU(b, "00240081 0F 3132333435363738 31323334353637", 0x9000, "");
	EMU(b, "00200081 07 31323334353637", 0x9000, "");
	emu_bench_free(b);
}

static void change__wrong_old_pin__counts(void **state)
{
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	EMU(b, "00240081 0C " WRONG NEW, 0x63C2, "");
	EMU(b, "00200081", 0x63C2, "");
	EMU(b, "00240081 0C " WRONG NEW, 0x63C1, "");
	EMU(b, "00240081 0C " WRONG NEW, 0x6983, "");
	EMU(b, "00240081 0C " PIN NEW, 0x6983, "");
	emu_bench_free(b);
}

static void change__unacceptable_lengths__cost_nothing(void **state)
{
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	EMU(b, "00240081 0B " PIN "3132333435", 0x6A80, "");
	EMU(b, "00240081 17 " PIN "3132333435363738313233343536373831", 0x6A80, "");
	EMU(b, "00240081 04 36343832", 0x6A80, "");
	EMU(b, "00240088 0F " TEST_SO "35373632313838", 0x6A80, "");
	EMU(b, "00240081", 0x6700, "");
	EMU(b, "00240181 0C " PIN NEW, 0x6A86, "");
	EMU(b, "00240085 0C " PIN NEW, 0x6A88, "");
	EMU(b, "00200081", 0x9000, "");
	EMU(b, "00200088", 0x63CF, "");
	emu_bench_free(b);
}

static void change__so_pin__replaces_it(void **state)
{
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	EMU(b, "00240088 10 " SO_WRONG "3132333435363738", 0x63CE, "");
	EMU(b, "00240088 10 " TEST_SO "3132333435363738", 0x9000, "");
	EMU(b, "00200088 08 " TEST_SO, 0x63CE, "");
	EMU(b, "00200088 08 3132333435363738", 0x9000, "");
	EMU(b, "002C0081 0E 3132333435363738" NEW, 0x9000, "");
	EMU(b, "00200081 06 " NEW, 0x9000, "");
	emu_bench_free(b);
}

static void change__pin_never_set__is_6A88(void **state)
{
	struct emu_bench *b = emu_bench_new();

	(void)state;
	EMU(b, "00240081 0C " PIN NEW, 0x6A88, "");
	EMU(b, "00240088 10 " TEST_SO TEST_SO, 0x6A88, "");
	EMU(b, "002C0081 0E " TEST_SO PIN, 0x6986, "");
	emu_bench_free(b);
}

static void lock_user(struct emu_bench *b)
{
	EMU(b, "00200081 06 " WRONG, 0x63C2, "");
	EMU(b, "00200081 06 " WRONG, 0x63C1, "");
	EMU(b, "00200081 06 " WRONG, 0x6983, "");
}

static void reset_retry__so_pin_inside__unlocks(void **state)
{
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	lock_user(b);
	EMU(b, "002C0181 08 " TEST_SO, 0x9000, "");
	EMU(b, "00200081", 0x63C3, "");
	EMU(b, "00200081 06 " PIN, 0x9000, "");
	lock_user(b);
	EMU(b, "002C0081 0E " TEST_SO NEW, 0x9000, "");
	EMU(b, "00200081 06 " NEW, 0x9000, "");
	emu_bench_free(b);
}

static void reset_retry__so_logged_in__unlocks(void **state)
{
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	lock_user(b);
	EMU(b, "002C0281 06 " NEW, 0x6982, "");
	EMU(b, "002C0381", 0x6982, "");
	EMU(b, "00200088 08 " TEST_SO, 0x9000, "");
	EMU(b, "002C0381", 0x9000, "");
	EMU(b, "00200081 06 " PIN, 0x9000, "");
	EMU(b, "002C0281 06 " NEW, 0x9000, "");
	EMU(b, "00200081 06 " NEW, 0x9000, "");
	emu_bench_free(b);
}

static void reset_retry__wrong_so_pin__counts_the_so_pin(void **state)
{
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	lock_user(b);
	EMU(b, "002C0081 0E " SO_WRONG NEW, 0x63CE, "");
	EMU(b, "002C0181 08 " SO_WRONG, 0x63CD, "");
	EMU(b, "00200088", 0x63CD, "");
	EMU(b, "00200081", 0x6983, "");
	EMU(b, "002C0181 08 " TEST_SO, 0x9000, "");
	EMU(b, "00200088", 0x63CF, "");
	emu_bench_free(b);
}

static void reset_retry__malformed__costs_nothing(void **state)
{
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	EMU(b, "002C0081 08 " TEST_SO, 0x6A80, "");
	EMU(b, "002C0081 0D " TEST_SO "3132333435", 0x6A80, "");
	EMU(b, "002C0081 07 35373632313838", 0x6A80, "");
	EMU(b, "002C0181 09 " TEST_SO "31", 0x6A80, "");
	EMU(b, "002C0381 01 31", 0x6A80, "");
	EMU(b, "002C0481 08 " TEST_SO, 0x6A86, "");
	EMU(b, "002C0088 0E " TEST_SO NEW, 0x6A88, "");
	EMU(b, "002C0085 0E " TEST_SO NEW, 0x6A88, "");
	EMU(b, "00200088", 0x63CF, "");
	EMU(b, "00200081", 0x9000, "");
	emu_bench_free(b);
}

static void reset_retry__options__decide(void **state)
{
	struct emu_bench *b = emu_bench_new();

	(void)state;
	EMU(b, "80500000 19 80020000 8106" PIN " 8208" TEST_SO " 910103", 0x9000, "");
	EMU(b, "002C0081 0E " TEST_SO NEW, 0x6986, "");
	EMU(b, "002C0181 08 " TEST_SO, 0x6986, "");
	EMU(b, "00200088 08 " TEST_SO, 0x9000, "");
	EMU(b, "002C0281 06 " NEW, 0x6986, "");
	EMU(b, "002C0381", 0x6986, "");
	EMU(b, "80500000 19 80020021 8106" PIN " 8208" TEST_SO " 910103", 0x9000, "");
	EMU(b, "002C0081 0E " TEST_SO NEW, 0x6986, "");
	lock_user(b);
	EMU(b, "002C0181 08 " TEST_SO, 0x9000, "");
	EMU(b, "00200081 06 " PIN, 0x9000, "");
	emu_bench_free(b);
}

static void transport_pin__must_be_changed_first(void **state)
{
	struct emu_bench *b = emu_bench_new();

	(void)state;
	EMU(b, "80500000 19 80020003 8106" PIN " 8208" TEST_SO " 910103", 0x9000, "");
	EMU(b, "00200081", 0x6984, "");
	EMU(b, "00200081 06 " PIN, 0x6984, "");
	EMU(b, "00200081 06 " WRONG, 0x6984, "");
	EMU(b, "00240081 0C " WRONG NEW, 0x63C2, "");
	EMU(b, "00240081 0C " PIN NEW, 0x9000, "");
	EMU(b, "00200081", 0x9000, "");
	EMU(b, "00200081 06 " NEW, 0x9000, "");
	emu_bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verify__query__tells_the_state),
		cmocka_unit_test(verify__other_references__are_refused),
		cmocka_unit_test(verify__wrong_pin__counts_and_logs_out),
		cmocka_unit_test(verify__last_wrong_try__locks),
		cmocka_unit_test(verify__wrong_length__costs_nothing),
		cmocka_unit_test(verify__so_pin__logs_the_so_in),
		cmocka_unit_test(verify__so_logged_out_by_wrong_pin__user_can_still_make_keys),
		cmocka_unit_test(verify__so_pin_blocked__stays_so_for_ever),
		cmocka_unit_test(change__user_pin__is_logged_in_with_the_new_one),
		cmocka_unit_test(change__wrong_old_pin__counts),
		cmocka_unit_test(change__unacceptable_lengths__cost_nothing),
		cmocka_unit_test(change__so_pin__replaces_it),
		cmocka_unit_test(change__pin_never_set__is_6A88),
		cmocka_unit_test(reset_retry__so_pin_inside__unlocks),
		cmocka_unit_test(reset_retry__so_logged_in__unlocks),
		cmocka_unit_test(reset_retry__wrong_so_pin__counts_the_so_pin),
		cmocka_unit_test(reset_retry__malformed__costs_nothing),
		cmocka_unit_test(reset_retry__options__decide),
		cmocka_unit_test(transport_pin__must_be_changed_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
