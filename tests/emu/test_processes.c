#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "emu_other.h"

static void other_process__changes__are_seen_at_the_next_command(void **state)
{
	struct token_place p;
	struct other o;
	struct emu_bench *b;

	(void)state;
	place_ready(&p, EMU_KDF_CHEAP);
	o = other_start(p.path);
	b = emu_bench_open(p.path);
	assert_int_equal(other_hex(&o, VERIFY_CMD), 0x9000);
	assert_int_equal(other_hex(&o, "00D7CF01 09 54020000 5303AABBCC"), 0x9000);
	EMU(b, "00B1CF01 04 54020000 03", 0x9000, "AABBCC");
	assert_int_equal(other_hex(&o, "00D7CF01 09 54020000 5303DDEEFF"), 0x9000);
	EMU(b, "00B1CF01 04 54020000 03", 0x9000, "DDEEFF");
	assert_int_equal(other_hex(&o, GEN_CMD), 0x9000);
	EMU(b, "80580000 00", 0x9000, "2F02 CF01 CE01 CC00 CC01");
	EMU(b, VERIFY_CMD, 0x9000, "");
	EMU(b, "80680131 02 ABCD 00", 0x9000, NULL);
	EMU(b, "00E40200 02 CC01", 0x9000, "");
	assert_int_equal(other_hex(&o, "80680131 02 ABCD 00"), 0x6A88);
	assert_int_equal(other_hex(&o, "00E40200 02 CF01"), 0x9000);
	EMU(b, "00B1CF01 04 54020000 03", 0x6A82, "");
	other_stop(&o);
	emu_bench_free(b);
	place_remove(&p);
}

static void other_process__new_pin_or_token__voids_the_login(void **state)
{
	struct token_place p;
	struct other o;
	struct emu_bench *b;

	(void)state;
	place_ready(&p, EMU_KDF_CHEAP);
	o = other_start(p.path);
	b = emu_bench_open(p.path);
	EMU(b, VERIFY_CMD, 0x9000, "");
	EMU(b, "00200088 08 " TEST_SO, 0x9000, "");
	assert_int_equal(other_hex(&o, "00240081 0C 363438323139 313131313131"), 0x9000);
	EMU(b, "00D7CF01 06 54020000 5300", 0x6982, "");
	EMU(b, "00200081", 0x63C3, "");
	EMU(b, "00200088", 0x9000, ""); /* the SO-PIN is the same */
	EMU(b, "00200081 06 313131313131", 0x9000, "");
	EMU(b, "00D7CF01 06 54020000 5300", 0x9000, "");
	assert_int_equal(other_hex(&o, INIT_CMD), 0x9000);
	EMU(b, "00200081", 0x63C3, "");
	EMU(b, "00200088", 0x63CF, "");
	EMU(b, "80580000 00", 0x9000, "2F02 CC00");
	other_stop(&o);
	emu_bench_free(b);
	place_remove(&p);
}

static void other_process__tries__are_counted_together(void **state)
{
	struct token_place p;
	struct other o;
	struct emu_bench *b;

	(void)state;
	place_ready(&p, EMU_KDF_CHEAP);
	o = other_start(p.path);
	b = emu_bench_open(p.path);
	EMU(b, VERIFY_CMD, 0x9000, "");
	assert_int_equal(other_hex(&o, WRONG_CMD), 0x63C2);
	EMU(b, "00D7CF01 06 54020000 5300", 0x9000, ""); /* somebody else's errors log nobody out */
	EMU(b, WRONG_CMD, 0x63C1, "");
	assert_int_equal(other_hex(&o, WRONG_CMD), 0x6983);
	EMU(b, VERIFY_CMD, 0x6983, "");
	other_stop(&o);
	emu_bench_free(b);
	place_remove(&p);
}

/* ---- killed in the middle ---- */

static unsigned tries_left(const char *path)
{
	struct emu_info info;

	assert_int_equal(emu_inspect(path, &info), HSM_OK);
	return info.user_tries;
}

/* The try is counted before the PIN is stretched, which takes 50 ms and more here: kill the child
 * when its count shows. */
static void verify__killed_while_comparing__has_cost_a_try(void **state)
{
	struct token_place p;

	(void)state;
	place_ready(&p, EMU_KDF_STRONG);
	for (unsigned left = 2; left + 1 != 0; left--) {
		struct other o = other_start(p.path);

		other_send(&o, left == 1 ? VERIFY_CMD : WRONG_CMD);
		while (tries_left(p.path) != left)
			continue;
		kill(o.pid, SIGKILL);
		other_stop(&o);
		assert_int_equal(tries_left(p.path), left);
		if (left == 0)
			break;
	}
	place_remove(&p);
}

static void changes__killed_at_any_moment__are_whole_or_not_there(void **state)
{
	struct token_place p;

	(void)state;
	place_ready(&p, EMU_KDF_CHEAP);
	srand(3);
	for (int i = 0; i < 20; i++) {
		struct other o = other_start(p.path);
		struct timespec pause = { .tv_nsec = rand() % 8000000 };
		struct emu_bench *b;

		assert_int_equal(other_hex(&o, VERIFY_CMD), 0x9000);
		other_send(&o, "00D7CF01 0A 54020000 5304 01020304");
		other_send(&o, "00E40200 02 CF01");
		other_send(&o, "00D7CF01 0A 54020000 5304 01020304");
		nanosleep(&pause, NULL);
		kill(o.pid, SIGKILL);
		other_stop(&o);
		b = emu_bench_open(p.path);
		emu_hex(b, "00B1CF01 04 54020000 04");
		if (b->sw == 0x9000)
			EMU(b, "00B1CF01 04 54020000 04", 0x9000, "01020304");
		else
			assert_int_equal(b->sw, 0x6A82);
		EMU(b, VERIFY_CMD, 0x9000, "");
		emu_hex(b, "00E40200 02 CF01");
		emu_bench_free(b);
	}
	place_remove(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_process__changes__are_seen_at_the_next_command),
		cmocka_unit_test(other_process__new_pin_or_token__voids_the_login),
		cmocka_unit_test(other_process__tries__are_counted_together),
		cmocka_unit_test(verify__killed_while_comparing__has_cost_a_try),
		cmocka_unit_test(changes__killed_at_any_moment__are_whole_or_not_there),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
