/* Key use counters, tag 90: sc-hsm sheet sections 1.5, 3.1, 4.11, 4.12. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "emu_golden.h"
#include "emu_keys.h"
#include "emu_other.h"

#define CMAC_CMD "80780118 04 01020304 00"

/* ---- one process ---- */

static struct emu_bench *bench;

static int ready(void **state)
{
	(void)state;
	bench = emu_bench_ready();
	return 0;
}

static int done(void **state)
{
	(void)state;
	emu_bench_free(bench);
	return 0;
}

/* What SELECT says about key 01, as `uses` of an AES key without a list. */
static void shows_uses(struct emu_bench *b, uint8_t kid, uint32_t uses)
{
	char cmd[32], want[48];

	snprintf(cmd, sizeof(cmd), "00A40000 02 CC%02X 00", kid);
	snprintf(want, sizeof(want), "6F0F 820101 8302CC%02X A506 9004%08X", kid, uses);
	EMU(b, cmd, 0x9000, want);
}

static void make_aes(struct emu_bench *b, uint32_t uses)
{
	char cmd[48];

	snprintf(cmd, sizeof(cmd), "004801B0 06 9004%08X", uses);
	EMU(b, cmd, 0x9000, "");
}

static void uses__aes__every_command_takes_one_until_none_is_left(void **state)
{
	static const char *const cmds[] = {
		CMAC_CMD,
		"80780110 10 000102030405060708090A0B0C0D0E0F 00",
		"80780111 10 000102030405060708090A0B0C0D0E0F 00",
	};

	(void)state;
	make_aes(bench, 3);
	EMU(bench, "004802B0", 0x9000, "");
	shows_uses(bench, 1, 3);
	for (uint32_t i = 0; i < 3; i++) {
		EMU(bench, cmds[i], 0x9000, NULL);
		shows_uses(bench, 1, 2 - i);
	}
	for (size_t i = 0; i < 3; i++)
		EMU(bench, cmds[i], 0x6984, "");
	EMU(bench, "80780218 04 01020304 00", 0x9000, NULL); /* a key without a counter */
	shows_uses(bench, 1, 0);
}

static void uses__rsa__sign_and_decipher_take_one(void **state)
{
	static const struct key_spec rsa = { NULL, 1024 };
	static const uint32_t used_up[] = { 0x80680120, 0x80620121 };
	uint8_t block[128] = { 0 };
	const struct rd input = rd_of(block, sizeof(block));

	(void)state;
	EVP_PKEY_free(key_on_card_with(bench, 1, &rsa, "900400000004"));
	block[127] = 2;
	assert_int_equal(emu_cmd(bench, 0x80680120, input, 256), 0x9000);
	assert_int_equal(emu_cmd(bench, 0x80620121, input, 256), 0x9000);
	EMU(bench, "80680130 02 ABCD 00", 0x9000, NULL);
	shows_uses(bench, 1, 1);
	/* a cryptogram is only known to be wrong once it has been decrypted */
	memset(block, 0xFF, sizeof(block));
	assert_int_equal(emu_cmd(bench, 0x80620121, input, 256), 0x6A80);
	for (size_t i = 0; i < sizeof(used_up) / sizeof(used_up[0]); i++)
		assert_int_equal(emu_cmd(bench, used_up[i], input, 256), 0x6984);
	EMU(bench, "80680130 02 ABCD 00", 0x6984, "");
	EMU(bench, "80680141 02 ABCD 00", 0x6984, "");
}

static void uses__ec__sign_and_agree_take_one(void **state)
{
	static const struct key_spec p256 = { "prime256v1", 256 };
	uint8_t point[65];
	const struct rd input = rd_of(point,
	        emu_unhex("04 6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
	                  "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5",
	                point, sizeof(point)));

	(void)state;
	EVP_PKEY_free(key_on_card_with(bench, 1, &p256, "900400000002"));
	assert_int_equal(emu_cmd(bench, 0x80620180, input, 256), 0x9000);
	EMU(bench, "80680170 04 01020304 00", 0x9000, NULL);
	EMU(bench, "80680170 04 01020304 00", 0x6984, "");
	assert_int_equal(emu_cmd(bench, 0x80620180, input, 256), 0x6984);
}

static void uses__refused_commands__take_none(void **state)
{
	static const struct {
		const char *cmd;
		uint16_t sw;
	} rows[] = {
		{ "80780110 0F 000102030405060708090A0B0C0D0E 00", 0x6A80 },
		{ "80780110 00", 0x6A80 },
		{ "80780111 10 000102030405060708090A0B0C0D0E0F 00", 0x6A81 }, /* not in the list */
		{ "80780199 10 000102030405060708090A0B0C0D0E0F 00", 0x6A81 },
		{ "80680170 04 01020304 00", 0x6A81 },
		{ "80720192 000000", 0x6A81 },
		{ SELECT_CMD, 0x9000 },
		{ CMAC_CMD, 0x6982 },
		{ VERIFY_CMD, 0x9000 },
	};

	(void)state;
	EMU(bench, "004801B0 0A 900400000002 91021018", 0x9000, "");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		EMU(bench, rows[i].cmd, rows[i].sw, NULL);
	EMU(bench, "00A40000 02 CC01 00", 0x9000,
	        "6F13 820101 8302CC01 A50A 900400000002 91021018");
}

static void uses__wrong_signature_input__takes_none(void **state)
{
	static const struct key_spec rsa = { NULL, 1024 };

	(void)state;
	EVP_PKEY_free(key_on_card_with(bench, 1, &rsa, "900400000001"));
	EMU(bench, "80680120 04 01020304 00", 0x6700, "");
	EMU(bench, "80680140 04 01020304 00", 0x6700, "");
	EMU(bench, "80620121 04 01020304 00", 0x6700, "");
	EMU(bench, "80680170 04 01020304 00", 0x6A81, "");
	shows_uses(bench, 1, 1);
}

static void uses__tag_90__has_four_bytes_and_is_not_zero(void **state)
{
	static const char *const cmds[] = { "004801B0 06 900400000000", "004801B0 05 9003000001",
		"004801B0 07 90050000000001", "004801B0 02 9000" };

	(void)state;
	for (size_t i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++)
		EMU(bench, cmds[i], 0x6A80, "");
	make_aes(bench, UINT32_MAX);
	EMU(bench, CMAC_CMD, 0x9000, NULL);
	shows_uses(bench, 1, UINT32_MAX - 1);
}

static void uses__wrapped__one_each_and_the_copy_has_no_counter(void **state)
{
	static uint8_t blob[512];
	size_t n;

	(void)state;
	golden_ready(bench);
	make_aes(bench, 2);
	EMU(bench, "80720192 000000", 0x9000, NULL);
	n = bench->n;
	assert_true(n <= sizeof(blob));
	memcpy(blob, bench->rsp, n);
	shows_uses(bench, 1, 1);
	EMU(bench, "80720192 000000", 0x9000, NULL);
	EMU(bench, "80720192 000000", 0x6984, "");
	assert_int_equal(emu_cmd(bench, 0x80740293, rd_of(blob, n), 0), 0x9000);
	EMU(bench, "00A40000 02 CC02 00", 0x9000, "6F07 820101 8302CC02");
	EMU(bench, "80780218 04 01020304 00", 0x9000, NULL);
}

/* ---- token files ---- */

static struct token_place place;

static int place_setup(void **state)
{
	(void)state;
	place_ready(&place, EMU_KDF_CHEAP);
	return 0;
}

static int place_teardown(void **state)
{
	(void)state;
	place_remove(&place);
	return 0;
}

static struct emu_bench *open_and_verify(void)
{
	struct emu_bench *b = emu_bench_open(place.path);

	EMU(b, VERIFY_CMD, 0x9000, "");
	return b;
}

static void make_aes_on_file(uint32_t uses)
{
	struct emu_bench *b = open_and_verify();

	make_aes(b, uses);
	emu_bench_free(b);
}

static uint32_t left_in_file(void)
{
	struct emu_bench *b = emu_bench_open(place.path);
	uint32_t left = 0;
	struct rd r;

	EMU(b, "00A40000 02 CC01 00", 0x9000, NULL);
	r = rd_of(b->rsp + b->n - 4, 4);
	assert_true(rd_u32(&r, &left));
	emu_bench_free(b);
	return left;
}

static void uses__closed_in_order__loses_none(void **state)
{
	(void)state;
	make_aes_on_file(1000);
	for (uint32_t left = 999; left >= 996; left--) {
		struct emu_bench *b = open_and_verify();

		EMU(b, CMAC_CMD, 0x9000, NULL);
		emu_bench_free(b);
		assert_int_equal(left_in_file(), left);
	}
}

static void uses__exhausted__stays_so_in_the_file(void **state)
{
	struct emu_bench *b;

	(void)state;
	make_aes_on_file(1);
	b = open_and_verify();
	EMU(b, CMAC_CMD, 0x9000, NULL);
	EMU(b, CMAC_CMD, 0x6984, "");
	emu_bench_free(b);
	b = open_and_verify();
	EMU(b, CMAC_CMD, 0x6984, "");
	shows_uses(b, 1, 0);
	EMU(b, "00E40200 02 CC01", 0x9000, "");
	make_aes(b, 1); /* another key in its place */
	EMU(b, CMAC_CMD, 0x9000, NULL);
	emu_bench_free(b);
}

/* The number that was set is bound to the key; the one that is left is the file owner's. */
static void uses__edited_in_the_file__the_key_does_not_open(void **state)
{
	struct wr rsp;
	struct emu_bench *b;
	uint8_t cmd[32];
	size_t n;

	(void)state;
	make_aes_on_file(1);
	file_sql(place.path, "UPDATE key SET uses = 9, uses_left = 9");
	b = open_and_verify();
	n = emu_unhex(CMAC_CMD, cmd, sizeof(cmd));
	rsp = WR_ARRAY(b->rsp);
	assert_int_equal(emu_lane_xfer(b->lane, rd_of(cmd, n), &rsp), HSM_E_TOKEN_DAMAGED);
	emu_bench_free(b);
}

/* ---- several processes ---- */

static void uses__in_a_hold__are_counted_for_others_at_once(void **state)
{
	struct other o;
	struct emu_bench *b;

	(void)state;
	make_aes_on_file(1);
	o = other_start(place.path);
	assert_int_equal(other_hex(&o, VERIFY_CMD), 0x9000);
	b = open_and_verify();
	assert_int_equal(emu_lane_hold(b->lane, true), HSM_OK);
	EMU(b, "00D7CF01 06 54020000 5300", 0x9000, "");
	EMU(b, CMAC_CMD, 0x9000, NULL);
	assert_int_equal(other_hex(&o, CMAC_CMD), 0x6984);
	assert_int_equal(emu_lane_hold(b->lane, false), HSM_OK);
	emu_bench_free(b);
	other_stop(&o);
}

/* Uses the key until there is none left; how often that went well. */
static uint32_t drain(struct emu_bench *b)
{
	uint32_t ok = 0;

	while (emu_hex(b, CMAC_CMD) == 0x9000)
		ok++;
	assert_int_equal(b->sw, 0x6984);
	return ok;
}

static void uses__two_processes__share_one_counter(void **state)
{
	enum { USES = 200 };
	struct other o;
	struct emu_bench *b;
	uint32_t ok = 0;

	(void)state;
	make_aes_on_file(USES);
	o = other_start(place.path);
	assert_int_equal(other_hex(&o, VERIFY_CMD), 0x9000);
	b = open_and_verify();
	for (int i = 0; i < USES / 2; i++) {
		ok += other_hex(&o, CMAC_CMD) == 0x9000;
		ok += emu_hex(b, CMAC_CMD) == 0x9000;
	}
	other_stop(&o); /* gives back what it has leased */
	ok += drain(b);
	emu_bench_free(b);
	assert_int_equal(ok, USES);
}

/* Lets a child use the key and kills it somewhere behind the answer number `after`; the answers
 * that came. */
static uint32_t use_and_kill(unsigned after)
{
	enum { SENT = 60 };
	struct other o = other_start(place.path);
	uint32_t ok = 0;
	uint16_t sw;

	assert_int_equal(other_hex(&o, VERIFY_CMD), 0x9000);
	for (unsigned i = 0; i < SENT; i++)
		other_send(&o, CMAC_CMD);
	for (unsigned i = 0; read(o.from, &sw, sizeof(sw)) == (ssize_t)sizeof(sw); i++) {
		ok += sw == 0x9000;
		if (i == after)
			kill(o.pid, SIGKILL);
	}
	other_stop(&o);
	return ok;
}

static void uses__killed_at_any_moment__never_gives_more(void **state)
{
	enum { USES = 600, ROUNDS = 25 };
	struct emu_bench *b;
	uint32_t ok = 0;

	(void)state;
	make_aes_on_file(USES);
	for (unsigned i = 0; i < ROUNDS; i++) {
		ok += use_and_kill(i * 7 % 50);
		assert_true(ok + left_in_file() <= USES);
	}
	b = open_and_verify();
	ok += drain(b);
	emu_bench_free(b);
	assert_true(ok <= USES);
}

int main(void)
{
#define IN_MEMORY(f) cmocka_unit_test_setup_teardown(f, ready, done)
#define ON_FILE(f)   cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)
	const struct CMUnitTest tests[] = {
		IN_MEMORY(uses__aes__every_command_takes_one_until_none_is_left),
		IN_MEMORY(uses__rsa__sign_and_decipher_take_one),
		IN_MEMORY(uses__ec__sign_and_agree_take_one),
		IN_MEMORY(uses__refused_commands__take_none),
		IN_MEMORY(uses__wrong_signature_input__takes_none),
		IN_MEMORY(uses__tag_90__has_four_bytes_and_is_not_zero),
		IN_MEMORY(uses__wrapped__one_each_and_the_copy_has_no_counter),
		ON_FILE(uses__closed_in_order__loses_none),
		ON_FILE(uses__exhausted__stays_so_in_the_file),
		ON_FILE(uses__edited_in_the_file__the_key_does_not_open),
		ON_FILE(uses__in_a_hold__are_counted_for_others_at_once),
		ON_FILE(uses__two_processes__share_one_counter),
		ON_FILE(uses__killed_at_any_moment__never_gives_more),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
