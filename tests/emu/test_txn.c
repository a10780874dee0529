#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "emu_other.h"

/* ---- a disk that is full ---- */

static void limit_file_size(rlim_t n)
{
	const struct rlimit limit = { n, RLIM_INFINITY };

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Writes with room for so many bytes; says whether the card called it done. */
static bool write_within(struct emu_bench *b, rlim_t room, uint8_t fill)
{
	static uint8_t cmd[7 + 8 + 9000] = { 0x00, 0xD7, 0xCF, 0x01, 0x00, 0x23, 0x30, 0x54, 0x02,
		0x00, 0x00, 0x53, 0x82, 0x23, 0x28 };
	uint8_t rsp[2] = { 0 };
	struct wr w = WR_ARRAY(rsp);
	hsm_rc rc;

	memset(cmd + 15, fill, 9000);
	limit_file_size(room);
	rc = emu_lane_xfer(b->lane, rd_of(cmd, sizeof(cmd)), &w);
	limit_file_size(RLIM_INFINITY);
	return rc == HSM_OK && rsp[0] == 0x90;
}

static bool verify_within(struct emu_bench *b, rlim_t room)
{
	uint8_t cmd[16], rsp[2] = { 0 };
	const size_t n = emu_unhex(VERIFY_CMD, cmd, sizeof(cmd));
	struct wr w = WR_ARRAY(rsp);
	hsm_rc rc;

	limit_file_size(room);
	rc = emu_lane_xfer(b->lane, rd_of(cmd, n), &w);
	limit_file_size(RLIM_INFINITY);
	return rc == HSM_OK && rsp[0] == 0x90;
}

static uint8_t first_byte(struct emu_bench *b)
{
	EMU(b, "00B1CF01 04 54020000 01", 0x9000, NULL);
	return b->rsp[0];
}

/* Whose commands may be long. */
static const struct emu_make large = { .kdf = EMU_KDF_CHEAP, .profile = "large" };

/* Whichever write of a commit it is that fails, the change is not there, and later ones work. */
static void commit__disk_full_at_any_point__changes_nothing(void **state)
{
	struct token_place p;
	struct emu_bench *b, *fresh;
	unsigned failed = 0, done = 0;
	uint8_t expected = 0;

	(void)state;
	place_ready_as(&p, &large);
	b = emu_bench_open(p.path);
	EMU(b, VERIFY_CMD, 0x9000, "");
	assert_true(write_within(b, RLIM_INFINITY, 0));
	for (unsigned k = 1; k < 60; k++) {
		if (write_within(b, k * 1024, (uint8_t)k)) {
			expected = (uint8_t)k;
			done++;
		} else {
			failed++;
		}
		assert_int_equal(first_byte(b), expected);
	}
	assert_true(failed > 10 && done > 10);
	assert_false(verify_within(b, 4096)); /* not counted, so not compared */
	EMU(b, VERIFY_CMD, 0x9000, "");
	emu_bench_free(b);
	fresh = emu_bench_open(p.path);
	assert_int_equal(first_byte(fresh), expected);
	emu_bench_free(fresh);
	assert_int_equal(place_remove(&p), 1);
}

/* ---- hold ---- */

static void hold__changes__are_seen_by_others_when_it_ends(void **state)
{
	struct token_place p;
	struct other o;
	struct emu_bench *b, *lane;

	(void)state;
	place_ready(&p, EMU_KDF_CHEAP);
	o = other_start(p.path);
	b = emu_bench_open(p.path);
	lane = emu_bench_lane(b);
	EMU(b, VERIFY_CMD, 0x9000, "");
	assert_int_equal(emu_lane_hold(b->lane, true), HSM_OK);
	EMU(b, "80580000 00", 0x9000, "2F02 CC00");
	EMU(b, GEN_CMD, 0x9000, "");
	EMU(b, "00D7CF01 09 54020000 5303AABBCC", 0x9000, "");
	EMU(b, "00B1CF01 04 54020000 03", 0x9000, "AABBCC");
	EMU(b, "80680131 02 ABCD 00", 0x9000, NULL);
	EMU(lane, "80580000 00", 0x9000, "2F02 CC00");
	assert_int_equal(other_hex(&o, "00B1CF01 04 54020000 03"), 0x6A82);
	assert_int_equal(emu_lane_hold(b->lane, false), HSM_OK);
	EMU(lane, "80580000 00", 0x9000, "2F02 CE01 CF01 CC00 CC01");
	EMU(lane, "80680131 02 ABCD 00", 0x9000, NULL);
	assert_int_equal(other_hex(&o, "00B1CF01 04 54020000 03"), 0x9000);
	other_stop(&o);
	emu_bench_free(lane);
	emu_bench_free(b);
	place_remove(&p);
}

static void hold__failed_command__undoes_only_itself(void **state)
{
	struct emu_bench *b = emu_bench_ready_of("large");
	static uint8_t data[0xFF00] = { 0x54, 0x02, 0x00, 0x00, 0x53, 0x82, 0xFE, 0x00 };
	uint8_t nn = 0;

	(void)state;
	assert_int_equal(emu_lane_hold(b->lane, true), HSM_OK);
	EMU(b, "00D7CE01 09 54020000 5303AABBCC", 0x9000, "");
	while (emu_cmd(b, 0x00D7CF00u | nn, rd_of(data, 8 + 0xFE00), 0) == 0x9000)
		nn++;
	assert_int_equal(b->sw, 0x6A84);
	EMU(b, "00E40200 02 CD77", 0x6A82, "");
	EMU(b, "00D7CE02 09 54020000 5303AABBCC", 0x9000, "");
	assert_int_equal(emu_lane_hold(b->lane, false), HSM_OK);
	EMU(b, "00B1CE01 04 54020000 03", 0x9000, "AABBCC");
	EMU(b, "00B1CE02 04 54020000 03", 0x9000, "AABBCC");
	assert_int_equal(emu_cmd(b, 0x00A40000, rd_of((uint8_t[]){ 0xCF, nn }, 2), 256), 0x6A82);
	emu_bench_free(b);
}

static void hold__pin_try__is_counted_at_once(void **state)
{
	struct token_place p;
	struct other o;
	struct emu_bench *b;

	(void)state;
	place_ready(&p, EMU_KDF_CHEAP);
	o = other_start(p.path);
	b = emu_bench_open(p.path);
	EMU(b, VERIFY_CMD, 0x9000, "");
	assert_int_equal(emu_lane_hold(b->lane, true), HSM_OK);
	EMU(b, "00D7CF01 09 54020000 5303AABBCC", 0x9000, "");
	EMU(b, WRONG_CMD, 0x63C2, "");
	assert_int_equal(other_hex(&o, "00200081"), 0x63C2);
	assert_int_equal(emu_lane_hold(b->lane, false), HSM_OK);
	other_stop(&o);
	emu_bench_free(b);
	place_remove(&p);
}

static void hold__new_pin__is_there_at_once(void **state)
{
	struct token_place p;
	struct other o;
	struct emu_bench *b;

	(void)state;
	place_ready(&p, EMU_KDF_CHEAP);
	o = other_start(p.path);
	b = emu_bench_open(p.path);
	assert_int_equal(emu_lane_hold(b->lane, true), HSM_OK);
	EMU(b, "00240081 0C 363438323139 313131313131", 0x9000, "");
	EMU(b, "00200081", 0x9000, "");
	assert_int_equal(other_hex(&o, "00200081 06 313131313131"), 0x9000);
	assert_int_equal(emu_lane_hold(b->lane, false), HSM_OK);
	other_stop(&o);
	emu_bench_free(b);
	place_remove(&p);
}

static void hold__lane_freed__keeps_the_changes(void **state)
{
	struct token_place p;
	struct emu_bench *b, *lane;

	(void)state;
	place_ready(&p, EMU_KDF_CHEAP);
	b = emu_bench_open(p.path);
	lane = emu_bench_lane(b);
	EMU(b, VERIFY_CMD, 0x9000, "");
	assert_int_equal(emu_lane_hold(lane->lane, true), HSM_OK);
	EMU(lane, "00D7CF01 09 54020000 5303AABBCC", 0x9000, "");
	emu_bench_free(lane);
	EMU(b, "00B1CF01 04 54020000 03", 0x9000, "AABBCC");
	EMU(b, "00D7CF02 06 54020000 5300", 0x9000, "");
	emu_bench_free(b);
	place_remove(&p);
}

/* ---- epoch ---- */

struct epoch {
	uint64_t content, security;
};

static struct epoch look(struct emu_bench *b)
{
	struct epoch e;

	assert_int_equal(emu_epoch(b->card, &e.content, &e.security), HSM_OK);
	return e;
}

static void emu_epoch__moves__with_what_changed_only(void **state)
{
	static const struct {
		const char *hex;
		bool content, security;
	} rows[] = {
		{ "00200081", false, false },
		{ WRONG_CMD, false, false },
		{ VERIFY_CMD, false, false },
		{ "00D7CF01 09 54020000 5303AABBCC", true, false },
		{ "00B1CF01 04 54020000 03", false, false },
		{ GEN_CMD, true, false },
		{ "80680131 02 ABCD 00", false, false },
		{ "00E40200 02 CC01", true, false },
		{ "00240081 0C 363438323139 313131313131", false, true },
		{ "00240088 10 " TEST_SO TEST_SO, false, false },
		{ "002C0181 08 " TEST_SO, false, false },
		{ "002C0081 0E " TEST_SO "363438323139", false, true },
		{ INIT_CMD, true, true },
	};
	struct token_place p;
	struct other o;
	struct emu_bench *b, *watch;

	(void)state;
	place_ready(&p, EMU_KDF_CHEAP);
	o = other_start(p.path);
	b = emu_bench_open(p.path);
	watch = emu_bench_open(p.path);
	for (int elsewhere = 0; elsewhere < 2; elsewhere++) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			const struct epoch before = look(watch);
			struct epoch after;

			if (elsewhere)
				other_hex(&o, rows[i].hex);
			else
				emu_hex(b, rows[i].hex);
			after = look(watch);
			print_message("%s\n", rows[i].hex);
			assert_int_equal(after.content != before.content, rows[i].content);
			assert_int_equal(after.security != before.security, rows[i].security);
		}
	}
	other_stop(&o);
	emu_bench_free(watch);
	emu_bench_free(b);
	place_remove(&p);
}

static void other_card__of_the_same_process__has_its_own_login(void **state)
{
	struct token_place p;
	struct emu_bench *a, *b;

	(void)state;
	place_ready(&p, EMU_KDF_CHEAP);
	a = emu_bench_open(p.path);
	b = emu_bench_open(p.path);
	EMU(a, VERIFY_CMD, 0x9000, "");
	EMU(b, "00200081", 0x63C3, "");
	EMU(b, VERIFY_CMD, 0x9000, "");
	EMU(b, "00240081 0C 363438323139 313131313131", 0x9000, "");
	EMU(b, "00200081", 0x9000, "");
	EMU(a, "00200081", 0x63C3, "");
	emu_bench_free(a);
	emu_bench_free(b);
	place_remove(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commit__disk_full_at_any_point__changes_nothing),
		cmocka_unit_test(hold__changes__are_seen_by_others_when_it_ends),
		cmocka_unit_test(hold__failed_command__undoes_only_itself),
		cmocka_unit_test(hold__pin_try__is_counted_at_once),
		cmocka_unit_test(hold__new_pin__is_there_at_once),
		cmocka_unit_test(hold__lane_freed__keeps_the_changes),
		cmocka_unit_test(emu_epoch__moves__with_what_changed_only),
		cmocka_unit_test(other_card__of_the_same_process__has_its_own_login),
	};

	signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
