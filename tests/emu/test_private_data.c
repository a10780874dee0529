#include "emu_file.h"

#include <string.h>

static bool contains(struct rd whole, struct rd part)
{
	return memmem(whole.p, whole.n, part.p, part.n) != NULL;
}

/* A card with "TOPSECRETTOPSECRET" in a private and "PUBLICPUBLICPUBLIC" in a public data object.
 */
static void data_token(struct token_place *p)
{
	struct emu_bench *b;

	place_ready(p, EMU_KDF_CHEAP);
	b = emu_bench_open(p->path);
	EMU(b, VERIFY_CMD, 0x9000, "");
	EMU(b, "00D7CD01 18 54020000 5312 544F50534543524554544F50534543524554", 0x9000, "");
	EMU(b, "00D7CF01 18 54020000 5312 5055424C49435055424C49435055424C4943", 0x9000, "");
	emu_bench_free(b);
}

static void update__private_data__is_sealed_in_the_file(void **state)
{
	struct token_place p;
	AUTO_BUF bytes = { 0 };
	struct emu_bench *b;

	(void)state;
	data_token(&p);
	file_read(p.path, &bytes);
	assert_true(contains(buf_rd(&bytes), RD_LIT("PUBLICPUBLIC")));
	assert_false(contains(buf_rd(&bytes), RD_LIT("TOPSECRET")));
	b = emu_bench_open(p.path);
	EMU(b, "00A40000 02 CD01 00", 0x9000, "6F0B 80020012 820101 8302CD01");
	EMU(b, VERIFY_CMD, 0x9000, "");
	EMU(b, "00D7CD01 08 54020003 5302 2D2D", 0x9000, ""); /* a piece in the middle */
	EMU(b, "00B1CD01 04 54020000 00", 0x6282, "544F502D2D4352455454 4F50534543524554");
	emu_bench_free(b);
	place_remove(&p);
}

static void read__private_data_moved_to_another_file__is_refused(void **state)
{
	struct token_place p;
	struct emu_bench *b;
	uint8_t cmd[16], rsp[64];
	struct wr w = WR_ARRAY(rsp);

	(void)state;
	data_token(&p);
	file_sql(p.path, "UPDATE file SET fid = 0xCD02 WHERE fid = 0xCD01");
	b = emu_bench_open(p.path);
	EMU(b, VERIFY_CMD, 0x9000, "");
	assert_int_equal(
	        emu_lane_xfer(b->lane,
	                rd_of(cmd, emu_unhex("00B1CD02 04 54020000 00", cmd, sizeof(cmd))), &w),
	        HSM_E_TOKEN_DAMAGED);
	emu_bench_free(b);
	place_remove(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(update__private_data__is_sealed_in_the_file),
		cmocka_unit_test(read__private_data_moved_to_another_file__is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
