/* GENERATE SESSION PIN: sc-hsm sheet sections 4.8, 7.2. */
#include <ctype.h>
#include <string.h>

#include "emu_file.h"
#include "secure_host.h"

enum { GENERATE = 0x805A0181, CLEAR = 0x805A0081, LEN = 12 };

#define PIN       RD_LIT(TEST_PIN)
#define INIT(opt) "80500000 19 8002" opt "8106363438323139 8208" TEST_SO " 910103"
#define UNBLOCK   "002C0081 0E" TEST_SO "363438323139"

static const struct rd none = { 0 };

/* ---- helpers ---- */

static uint16_t verify(struct emu_bench *b, const char *pin)
{
	return emu_cmd(b, 0x00200081, rd_str(pin), 0);
}

/* A session PIN, with its terminator; the channel has ended and nobody is logged in afterwards. */
static void session_pin(struct emu_bench *b, char pin[LEN + 1])
{
	struct host h;

	EMU(b, SELECT_CMD, 0x9000, NULL);
	host_open(&h, b);
	assert_int_equal(host_cmd(&h, 0x00200081, PIN, 0), 0x9000);
	assert_int_equal(host_cmd(&h, GENERATE, none, 256), 0x9000);
	assert_int_equal(h.n, LEN);
	memcpy(pin, h.data, LEN);
	pin[LEN] = '\0';
	EMU(b, SELECT_CMD, 0x9000, NULL);
}

static struct emu_bench *bench;

static int setup(const char *init)
{
	bench = emu_bench_new();
	EMU(bench, init, 0x9000, "");
	return 0;
}

static int until_reset(void **state)
{
	(void)state;
	return setup(INIT("0005"));
}

static int until_cleared(void **state)
{
	(void)state;
	return setup(INIT("000D"));
}

static int without(void **state)
{
	(void)state;
	return setup(INIT("0001"));
}

static int done(void **state)
{
	(void)state;
	emu_bench_free(bench);
	return 0;
}

/* ---- what it is for ---- */

static void session_pin__given_instead_of_the_pin__logs_in(void **state)
{
	char first[LEN + 1], pin[LEN + 1];

	(void)state;
	session_pin(bench, first);
	session_pin(bench, pin);
	assert_string_not_equal(first, pin);
	for (size_t i = 0; i < LEN; i++)
		assert_true(isxdigit((unsigned char)pin[i]));
	EMU(bench, "004801B0", 0x6982, "");
	assert_int_equal(verify(bench, pin), 0x9000);
	EMU(bench, "004801B0", 0x9000, "");
	EMU(bench, "80780118 04 01020304 00", 0x9000, NULL);
	assert_int_equal(verify(bench, TEST_PIN), 0x9000); /* which stays as it is */
	assert_int_equal(verify(bench, first), 0x63C2);    /* there is one, the last */
}

/* The token key that it opens is the right one: the PIN opens what was sealed then. */
static void session_pin__key_made_with_it__opens_with_the_pin(void **state)
{
	struct token_place p;
	struct emu_bench *b;
	char pin[LEN + 1];

	(void)state;
	place_create(&p, EMU_KDF_CHEAP);
	b = emu_bench_open(p.path);
	EMU(b, INIT("0005"), 0x9000, "");
	session_pin(b, pin);
	assert_int_equal(verify(b, pin), 0x9000);
	EMU(b, "004801B0", 0x9000, "");
	emu_bench_free(b);
	b = emu_bench_open(p.path);
	assert_int_equal(verify(b, pin), 0x63C2); /* gone with the power */
	assert_int_equal(verify(b, TEST_PIN), 0x9000);
	EMU(b, "80780118 04 01020304 00", 0x9000, NULL);
	emu_bench_free(b);
	place_remove(&p);
}

static void session_pin__wrong_values__are_tries_of_the_pin(void **state)
{
	char pin[LEN + 1];

	(void)state;
	session_pin(bench, pin);
	assert_int_equal(verify(bench, "0123456789AB"), 0x63C2);
	assert_int_equal(verify(bench, "012345"), 0x63C1);
	assert_int_equal(verify(bench, pin), 0x9000);
	EMU(bench, SELECT_CMD, 0x9000, NULL);
	EMU(bench, "00200081", 0x63C3, ""); /* right: all tries again */
	assert_int_equal(verify(bench, "012345"), 0x63C2);
	assert_int_equal(verify(bench, "012345"), 0x63C1);
	assert_int_equal(verify(bench, "012345"), 0x6983);
	assert_int_equal(verify(bench, pin), 0x6983);
	EMU(bench, "002C0181 08" TEST_SO, 0x9000, ""); /* the counter, and no new PIN */
	assert_int_equal(verify(bench, pin), 0x9000);
}

/* ---- how it ends ---- */

static void session_pin__reset__ends_it(void **state)
{
	char pin[LEN + 1];

	(void)state;
	session_pin(bench, pin);
	emu_reset(bench->card);
	EMU(bench, SELECT_CMD, 0x9000, NULL);
	assert_int_equal(verify(bench, pin), 0x63C2);
	assert_int_equal(verify(bench, TEST_PIN), 0x9000);
}

static void session_pin__options_000C__stays_until_cleared(void **state)
{
	char pin[LEN + 1];
	struct host h;

	(void)state;
	session_pin(bench, pin);
	emu_reset(bench->card);
	EMU(bench, SELECT_CMD, 0x9000, NULL);
	host_open(&h, bench);
	assert_int_equal(host_cmd(&h, CLEAR, none, 256), 0x6982);
	assert_int_equal(host_cmd(&h, 0x00200081, rd_str(pin), 0), 0x9000);
	assert_int_equal(host_cmd(&h, CLEAR, none, 256), 0x9000);
	assert_int_equal(h.n, 0);
	EMU(bench, SELECT_CMD, 0x9000, NULL);
	assert_int_equal(verify(bench, pin), 0x63C2);
}

static void session_pin__new_pin__voids_it(void **state)
{
	char pin[LEN + 1];

	(void)state;
	session_pin(bench, pin);
	EMU(bench, "00240081 0C 363438323139 363438323139", 0x9000, "");
	assert_int_equal(verify(bench, pin), 0x63C2);
	session_pin(bench, pin);
	EMU(bench, UNBLOCK, 0x9000, "");
	assert_int_equal(verify(bench, pin), 0x63C2);
	session_pin(bench, pin);
	EMU(bench, INIT("000D"), 0x9000, "");
	assert_int_equal(verify(bench, pin), 0x63C2);
}

/* Another card on the same token file. */
static void session_pin__new_pin_elsewhere__voids_it(void **state)
{
	struct token_place p;
	struct emu_bench *b, *other;
	char pin[LEN + 1];

	(void)state;
	place_create(&p, EMU_KDF_CHEAP);
	b = emu_bench_open(p.path);
	EMU(b, INIT("000D"), 0x9000, "");
	session_pin(b, pin);
	other = emu_bench_open(p.path);
	assert_int_equal(verify(other, pin), 0x63C2); /* it is not that card's */
	EMU(other, "00240081 0C 363438323139 363438323139", 0x9000, "");
	assert_int_equal(verify(b, pin), 0x63C2);
	emu_bench_free(other);
	emu_bench_free(b);
	place_remove(&p);
}

/* ---- what it is not for ---- */

static void session_pin__as_old_value__is_wrong(void **state)
{
	char data[2 * LEN + 1] = { 0 };
	struct host h;

	(void)state;
	EMU(bench, "00240081 12 363438323139 313233343536373839303132", 0x9000, "");
	EMU(bench, SELECT_CMD, 0x9000, NULL);
	host_open(&h, bench);
	assert_int_equal(host_cmd(&h, 0x00200081, rd_str("123456789012"), 0), 0x9000);
	assert_int_equal(host_cmd(&h, GENERATE, none, 256), 0x9000);
	memcpy(data, h.data, LEN);
	memcpy(data + LEN, "123456789012", LEN);
	assert_int_equal(emu_cmd(bench, 0x00240081, rd_str(data), 0), 0x63C2);
	data[8] = '\0';
	assert_int_equal(emu_cmd(bench, 0x00200088, rd_str(data), 0), 0x63CE);
}

static void session_pin__commands_refused(void **state)
{
	struct host h;

	(void)state;
	EMU(bench, VERIFY_CMD, 0x9000, "");
	EMU(bench, "805A018100", 0x6982, ""); /* in clear */
	EMU(bench, "805A0081", 0x6A86, "");   /* ends with the reset anyway */
	EMU(bench, "805A0181 01 00 00", 0x6700, "");
	EMU(bench, SELECT_CMD, 0x9000, NULL);
	host_open(&h, bench);
	assert_int_equal(host_cmd(&h, GENERATE, none, 256), 0x6982); /* not logged in */
	assert_int_equal(host_cmd(&h, 0x00200081, PIN, 0), 0x9000);
	assert_int_equal(host_cmd(&h, 0x805A0188, none, 256), 0x6A86);
	assert_int_equal(host_cmd(&h, 0x805A0281, none, 256), 0x6A86);
	assert_int_equal(host_cmd(&h, GENERATE, none, LEN - 1), 0x6700);
	assert_int_equal(host_cmd(&h, GENERATE, none, LEN), 0x9000);
}

static void session_pin__not_asked_for_at_initialize__6D00(void **state)
{
	struct host h;

	(void)state;
	EMU(bench, "805A018100", 0x6D00, "");
	host_open(&h, bench);
	assert_int_equal(host_cmd(&h, 0x00200081, PIN, 0), 0x9000);
	assert_int_equal(host_cmd(&h, GENERATE, none, 256), 0x6D00);
	assert_int_equal(host_cmd(&h, CLEAR, none, 256), 0x6D00);
}

int main(void)
{
#define T(f, init) cmocka_unit_test_setup_teardown(f, init, done)
	const struct CMUnitTest tests[] = {
		T(session_pin__given_instead_of_the_pin__logs_in, until_reset),
		cmocka_unit_test(session_pin__key_made_with_it__opens_with_the_pin),
		T(session_pin__wrong_values__are_tries_of_the_pin, until_reset),
		T(session_pin__reset__ends_it, until_reset),
		T(session_pin__options_000C__stays_until_cleared, until_cleared),
		T(session_pin__new_pin__voids_it, until_cleared),
		cmocka_unit_test(session_pin__new_pin_elsewhere__voids_it),
		T(session_pin__as_old_value__is_wrong, until_reset),
		T(session_pin__commands_refused, until_reset),
		T(session_pin__not_asked_for_at_initialize__6D00, without),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
