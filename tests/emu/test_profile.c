/* The models of card: what each has, at the edge. Figures: the makers', and those of hosts that
 * know the cards. */
#include <string.h>

#include "emu_keys.h"

struct model {
	const char *name;
	const char *atr, *fci; /* hex */
	size_t apdu_max, files;
	int rsa_max, ec_max;
	bool wraps, has_rules, has_aes;
	uint16_t no_domain; /* status word of WRAP KEY without a key domain */
};

#define ATR_JCOP_2 "3BFE1800008131FE45803181 5448534D31 738021408107FA"
#define ATR_JCOP_3 "3BDE18FF8191FE1FC3803181 5448534D31 7380214081071C"
#define ATR_JCOP_4 "3BDE96FF8191FE1FC3803181 5448534D31 73802140810792"

static const struct model models[] = {
	{ "nitrokey-hsm2", ATR_JCOP_4, "6F0A 820178 85050001000401", 1454, 726, 4096, 521, true,
	        true, true, 0x6A88 },
	{ "smartcard-hsm-4k", ATR_JCOP_3, "6F0A 820178 85050001000305", 1232, 615, 4096, 521, true,
	        true, true, 0x6D00 },
	{ "nitrokey-hsm", ATR_JCOP_2, "6F0A 820178 85050001000206", 1462, 730, 2048, 320, true,
	        true, false, 0x6D00 },
	{ "smartcard-hsm-1.2", ATR_JCOP_2, "6F07 820178 85020102", 1462, 730, 2048, 320, false,
	        false, false, 0x6D00 },
};

#define EACH_MODEL(m) for (const struct model *m = models; m < models + 4; m++)
#define SELECT        "00A40400 0B E82B0601040181C31F0201 00"
#define VERIFY        "00200081 06 363438323139"

static uint32_t free_memory(struct emu_bench *b)
{
	struct rd r;
	uint32_t n = 0;

	EMU(b, "80500000 00", 0x9000, NULL);
	r = emu_data(b);
	assert_true(rd_u32(&r, &n));
	return n;
}

static uint16_t write_file(struct emu_bench *b, uint16_t fid, size_t n)
{
	static uint8_t data[4096] = { 0x54, 2, 0, 0, 0x53, 0x82 };

	data[6] = (uint8_t)(n >> 8);
	data[7] = (uint8_t)n;
	return emu_cmd(b, 0x00D70000u | fid, rd_of(data, 8 + n), 0);
}

static uint16_t generate(
        struct emu_bench *b, uint8_t kid, const struct key_spec *spec, const char *rules)
{
	uint8_t template[1024];
	const size_t n = key_template_put(
	        spec, "UTCA00001", "ZZTEST0100001", rules, template, sizeof(template));

	return emu_cmd(b, 0x00460000u | (uint32_t)kid << 8, rd_of(template, n), 0x10000);
}

static void profile__identity__is_that_of_the_model(void **state)
{
	(void)state;
	EACH_MODEL(m)
	{
		struct emu_bench *b = emu_bench_ready_of(m->name);
		uint8_t atr[32];
		const size_t n = emu_unhex(m->atr, atr, sizeof(atr));

		assert_true(rd_equal(emu_atr(b->card), rd_of(atr, n)));
		EMU(b, SELECT, 0x9000, m->fci);
		emu_bench_free(b);
	}
}

static void profile__unknown_name__is_refused(void **state)
{
	struct emu_card *card;

	(void)state;
	assert_int_equal(emu_open(":memory:nitrokey", &card), HSM_E_NO_PROFILE);
	assert_int_equal(emu_create("/tmp/twinhsm-no-such.token",
	                         &(struct emu_make){ .profile = "nitrokey-hsm3" }),
	        HSM_E_NO_PROFILE);
}

static void profile__command_and_answer__as_long_as_the_chip_takes(void **state)
{
	(void)state;
	EACH_MODEL(m)
	{
		struct emu_bench *b = emu_bench_ready_of(m->name);
		const size_t frame = 7 + 8; /* header and Lc, offset, header of the data */

		assert_int_equal(write_file(b, 0xCF01, m->apdu_max - frame), 0x9000);
		assert_int_equal(write_file(b, 0xCF02, m->apdu_max - frame + 1), 0x6700);
		EMU(b, "00B1CF02 04 54020000 00", 0x6A82, "");
		emu_bench_free(b);
	}
}

static void profile__answer__is_never_longer_than_the_chip_takes(void **state)
{
	(void)state;
	EACH_MODEL(m)
	{
		struct emu_bench *b = emu_bench_ready_of(m->name);
		uint8_t at[] = { 0x54, 2, 0, 0 };
		const size_t room = m->apdu_max - 2, half = 1000;
		uint8_t more[8 + 1000] = { 0x54, 2, 0x03, 0xE8, 0x53, 0x82 };

		more[6] = (uint8_t)((room + 1 - half) >> 8);
		more[7] = (uint8_t)(room + 1 - half);
		assert_int_equal(write_file(b, 0xCF01, half), 0x9000);
		assert_int_equal(
		        emu_cmd(b, 0x00D7CF01, rd_of(more, 8 + room + 1 - half), 0), 0x9000);
		assert_int_equal(emu_cmd(b, 0x00B1CF01, rd_of(at, 4), 0x10000), 0x6700);
		assert_int_equal(emu_cmd(b, 0x00B1CF01, rd_of(at, 4), room), 0x9000);
		assert_int_equal(b->n, room);
		at[3] = 1;
		assert_int_equal(emu_cmd(b, 0x00B1CF01, rd_of(at, 4), 0x10000), 0x6282);
		assert_int_equal(b->n, room);
		emu_bench_free(b);
	}
}

static void profile__files__as_many_as_one_answer_lists(void **state)
{
	static const uint16_t kinds[] = { 0xC400, 0xC800, 0xC900, 0xCE00 };

	(void)state;
	EACH_MODEL(m)
	{
		struct emu_bench *b = emu_bench_ready_of(m->name);

		assert_int_equal(emu_lane_hold(b->lane, true), HSM_OK);
		for (unsigned i = 0; i < m->files - 2; i++) /* 2F02 and CC00 are there */
			assert_int_equal(
			        write_file(b, (uint16_t)(kinds[i / 256] + i % 256), 0), 0x9000);
		assert_int_equal(emu_lane_hold(b->lane, false), HSM_OK);
		assert_int_equal(write_file(b, 0xCF00, 0), 0x6A84);
		assert_int_equal(emu_hex(b, "80580000 000000"), 0x9000);
		assert_int_equal(b->n, 2 * m->files);
		emu_bench_free(b);
	}
}

/* 76 KB are 38 RSA-2048, 19 RSA-4096 or about 300 EC-256 keys. */
static void profile__memory__what_keys_and_files_take(void **state)
{
	static const struct key_spec specs[] = { { "prime256v1", 256 }, { NULL, 1024 } };
	static const uint32_t takes[] = { 77824 / 304, 77824 / 38 / 2 };

	(void)state;
	EACH_MODEL(m)
	{
		struct emu_bench *b = emu_bench_ready_of(m->name);

		assert_int_equal(free_memory(b), 77824);
		for (uint8_t i = 0; i < 2; i++) {
			const uint32_t before = free_memory(b);

			assert_int_equal(generate(b, (uint8_t)(i + 1), &specs[i], NULL), 0x9000);
			assert_int_equal(before - free_memory(b), takes[i]);
		}
		assert_int_equal(write_file(b, 0xCF01, 100), 0x9000);
		assert_int_equal(free_memory(b), 77824 - takes[0] - takes[1] - 100);
		emu_bench_free(b);
	}
}

static void profile__memory__its_last_byte(void **state)
{
	struct emu_bench *b = emu_bench_ready();
	uint16_t fid = 0xCF00;

	(void)state;
	while (free_memory(b) >= 1024)
		assert_int_equal(write_file(b, fid++, 1024), 0x9000);
	assert_int_equal(free_memory(b), 0);
	assert_int_equal(write_file(b, fid, 1), 0x6A84);
	assert_int_equal(generate(b, 1, &ec_specs[1], NULL), 0x6A84);
	EMU(b, "00E40200 02 CF00", 0x9000, "");
	assert_int_equal(write_file(b, fid, 1024), 0x9000);
	emu_bench_free(b);
}

static void profile__keys__up_to_its_sizes(void **state)
{
	(void)state;
	EACH_MODEL(m)
	{
		struct emu_bench *b = emu_bench_ready_of(m->name);

		for (uint8_t i = 0; i < 12; i++)
			assert_int_equal(generate(b, (uint8_t)(i + 1), &ec_specs[i], NULL),
			        ec_specs[i].bits <= m->ec_max ? 0x9000 : 0x6A81);
		assert_int_equal(generate(b, 20, &(struct key_spec){ NULL, 2048 }, NULL), 0x9000);
		if (m->rsa_max < 3072)
			assert_int_equal(
			        generate(b, 21, &(struct key_spec){ NULL, 3072 }, NULL), 0x6A81);
		emu_bench_free(b);
	}
}

static void profile__commands__that_came_later_are_unknown(void **state)
{
	(void)state;
	EACH_MODEL(m)
	{
		struct emu_bench *b = emu_bench_ready_of(m->name);

		EMU(b, "004801B0", m->has_aes ? 0x9000 : 0x6D00, "");
		EMU(b, "80780110 10 00000000000000000000000000000000 00",
		        m->has_aes ? 0x9000 : 0x6D00, NULL);
		EMU(b, "80760102 01 00", m->has_aes ? 0x6A81 : 0x6D00, NULL);
		EMU(b, "80720192 000000", m->no_domain, "");
		EMU(b, "80740293 01 00", m->no_domain, "");
		EMU(b, "80520000 00", m->no_domain, "");
		assert_int_equal(
		        generate(b, 3, &ec_specs[1], "910170"), m->has_rules ? 0x9000 : 0x6A80);
		EMU(b, "80500000 1C 80020001 8106363438323139 8208" TEST_SO " 910103 920100",
		        m->wraps ? 0x9000 : 0x6A80, "");
		if (m->wraps)
			EMU(b, "80520000 00", 0x9000, NULL);
		EMU(b, "80500000 1C 80020001 8106363438323139 8208" TEST_SO " 910103 970101",
		        m->wraps ? 0x9000 : 0x6A80, "");
		EMU(b, "80500000 19 80020002 8106363438323139 8208" TEST_SO " 910103",
		        m->wraps ? 0x9000 : 0x6A81, "");
		emu_bench_free(b);
	}
}

static void profile__pin_never_set__has_its_word(void **state)
{
	(void)state;
	EACH_MODEL(m)
	{
		struct emu_bench *b = emu_bench_of(m->name);
		const uint16_t unset = m->wraps ? 0x6A88 : 0x6984;

		EMU(b, "00200081", unset, "");
		EMU(b, VERIFY, unset, "");
		EMU(b, "00200181", m->wraps ? unset : 0x6A86, "");
		emu_bench_free(b);
	}
}

/* Before version 2.0 a request names its authority. */
static void profile__inner_car__is_optional_later(void **state)
{
	(void)state;
	EACH_MODEL(m)
	{
		struct emu_bench *b = emu_bench_ready_of(m->name);
		uint8_t template[1024];
		const size_t n = key_template_put(
		        &ec_specs[1], NULL, "ZZTEST0100001", NULL, template, sizeof(template));

		assert_int_equal(emu_cmd(b, 0x00460100, rd_of(template, n), 0x10000),
		        m->wraps ? 0x9000 : 0x6A80);
		emu_bench_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(profile__identity__is_that_of_the_model),
		cmocka_unit_test(profile__unknown_name__is_refused),
		cmocka_unit_test(profile__command_and_answer__as_long_as_the_chip_takes),
		cmocka_unit_test(profile__answer__is_never_longer_than_the_chip_takes),
		cmocka_unit_test(profile__files__as_many_as_one_answer_lists),
		cmocka_unit_test(profile__memory__what_keys_and_files_take),
		cmocka_unit_test(profile__memory__its_last_byte),
		cmocka_unit_test(profile__keys__up_to_its_sizes),
		cmocka_unit_test(profile__commands__that_came_later_are_unknown),
		cmocka_unit_test(profile__pin_never_set__has_its_word),
		cmocka_unit_test(profile__inner_car__is_optional_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
