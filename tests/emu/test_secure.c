/* Chip authentication and secure messaging: sc-hsm sheet section 12, BSI TR-03110-3. */
#include <string.h>

#include "secure_host.h"

#define PIN RD_LIT(TEST_PIN)

static const struct rd none = { 0 };

static struct emu_bench *setup(struct host *h)
{
	struct emu_bench *b = emu_bench_ready();

	EMU(b, "00A40400 0B E82B0601040181C31F0201 00", 0x9000, NULL); /* logs out */
	host_open(h, b);
	return b;
}

static void mse__protocols__one_is_known(void **state)
{
	struct emu_bench *b = emu_bench_new();

	(void)state;
	EMU(b, "002241A4 0C 800A 04007F00070202030202", 0x9000, "");
	EMU(b, "002241A4 0C 800A 04007F00070202030201", 0x6A80, "");
	EMU(b, "002241A4 02 8000", 0x6A80, "");
	EMU(b, "002241A4 0B 800A 04007F000702020302", 0x6A80, "");
	EMU(b, "002241A4 0E 800A 04007F00070202030202 8400", 0x6A80, "");
	EMU(b, "002241A4", 0x6700, "");
	EMU(b, "002241AA 0C 800A 04007F00070202030202", 0x6A86, "");
	EMU(b, "802241A4 0C 800A 04007F00070202030202", 0x6E00, "");
	emu_bench_free(b);
}

#define POINT_G                                                                                    \
	"04 8BD2AEB9CB7E57CB2C4B482FFC81B7AFB9DE27E1E3BD23C23A4453BD9ACE3262"                      \
	"547EF835C3DAC4FD97F8461A14611DC9C27745132DED8E545C1D54C72F046997"
#define POINT_OFF                                                                                  \
	"04 8BD2AEB9CB7E57CB2C4B482FFC81B7AFB9DE27E1E3BD23C23A4453BD9ACE3262"                      \
	"547EF835C3DAC4FD97F8461A14611DC9C27745132DED8E545C1D54C72F046998"

static void general_authenticate__bad_input__status_words(void **state)
{
	struct emu_bench *b = emu_bench_new();

	(void)state;
	EMU(b, "00860000 45 7C43 8041" POINT_G "00", 0x6985, ""); /* no protocol chosen */
	EMU(b, "002241A4 0C 800A 04007F00070202030202", 0x9000, "");
	EMU(b, "00860100 45 7C43 8041" POINT_G "00", 0x6A86, "");
	EMU(b, "00860000 45 7C43 8041" POINT_OFF "00", 0x6A80, "");
	EMU(b, "00860000 45 7C43 8141" POINT_G "00", 0x6A80, "");
	EMU(b, "00860000 44 7C42 8040" POINT_G "00", 0x6700, ""); /* a byte more than Lc */
	EMU(b, "00860000 05 7C03 800104 00", 0x6A80, "");
	EMU(b, "00860000 04 7C02 8000 00", 0x6A80, "");
	EMU(b, "00860000 45 7C43 8041" POINT_G, 0x6700, "");
	EMU(b, "00860000 45 7C43 8041" POINT_G "15", 0x6700, "");
	EMU(b, "00860000 45 7C43 8041" POINT_G "00", 0x9000, "7C14 8108..");
	emu_bench_free(b);
}

static void general_authenticate__twice__other_nonce(void **state)
{
	struct emu_bench *b = emu_bench_new();
	uint8_t first[22];

	(void)state;
	EMU(b, "002241A4 0C 800A 04007F00070202030202", 0x9000, "");
	EMU(b, "00860000 45 7C43 8041" POINT_G "00", 0x9000, "7C14 8108..");
	memcpy(first, emu_data(b).p, sizeof(first));
	EMU(b, "002241A4 0C 800A 04007F00070202030202", 0x9000, "");
	EMU(b, "00860000 45 7C43 8041" POINT_G "00", 0x9000, "7C14 8108..");
	assert_memory_not_equal(emu_data(b).p + 4, first + 4, 8);
	emu_bench_free(b);
}

static void channel__commands__work_as_plain_ones(void **state)
{
	struct host h;
	struct emu_bench *b = setup(&h);

	(void)state;
	assert_int_equal(host_cmd(&h, 0x00200081, none, 256), 0x63C3);
	assert_int_equal(host_cmd(&h, 0x00200081, RD_LIT("000000"), 0), 0x63C2);
	assert_int_equal(host_cmd(&h, 0x00200081, PIN, 0), 0x9000);
	assert_int_equal(host_cmd(&h, 0x00200081, none, 256), 0x9000);
	assert_int_equal(
	        host_cmd(&h, 0x00D7CF01, RD_LIT("\x54\x02\x00\x00\x53\x03\x01\x02\x03"), 0),
	        0x9000);
	assert_int_equal(host_cmd(&h, 0x00B1CF01, RD_LIT("\x54\x02\x00\x00"), 256), 0x6282);
	assert_int_equal(h.n, 3);
	assert_memory_equal(h.data, "\x01\x02\x03", 3);
	assert_int_equal(host_cmd(&h, 0x00840000, none, 16), 0x9000);
	assert_int_equal(h.n, 16);
	assert_int_equal(host_cmd(&h, 0x80580000, none, 256), 0x9000);
	assert_memory_equal(h.data, "\x2F\x02", 2);
	assert_int_equal(host_cmd(&h, 0x00FE0000, none, 256), 0x6D00);
	assert_int_equal(host_cmd(&h, 0x00E40200, RD_LIT("\xCF\x01"), 0), 0x9000);
	emu_bench_free(b);
}

static void channel__key_and_signature__verify_outside(void **state)
{
	static const struct key_spec spec = { "prime256v1", 256 };
	const uint8_t digest[32] = { 1, 2, 3 };
	struct host h;
	struct emu_bench *b = setup(&h);
	uint8_t template[1024];
	const size_t n = key_template_put(
	        &spec, "UTCA00001", "ZZTEST0100001", NULL, template, sizeof(template));
	EVP_PKEY *device, *pkey;
	EVP_PKEY_CTX *ctx;

	(void)state;
	assert_int_equal(host_cmd(&h, 0x00200081, PIN, 0), 0x9000);
	assert_int_equal(host_cmd(&h, 0x00460100, rd_of(template, n), 0x10000), 0x9000);
	pkey = request_check(rd_of(h.data, h.n), NULL, &spec);
	assert_int_equal(host_cmd(&h, 0x80680170, rd_of(digest, sizeof(digest)), 256), 0x9000);
	ctx = EVP_PKEY_CTX_new(pkey, NULL);
	assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
	assert_int_equal(EVP_PKEY_verify(ctx, h.data, h.n, digest, sizeof(digest)), 1);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	device = device_public(b); /* plain */
	EVP_PKEY_free(device);
	emu_bench_free(b);
}

static void channel__answer_longer_than_le__6700_and_it_goes_on(void **state)
{
	uint8_t piece[206] = { 0x54, 0x02, 0x00, 0x00, 0x53, 0x81, 200 - 1 };
	struct host h;
	struct emu_bench *b = setup(&h);

	(void)state;
	assert_int_equal(host_cmd(&h, 0x00200081, PIN, 0), 0x9000);
	for (unsigned at = 0; at < 2 * 199; at += 199) {
		piece[2] = (uint8_t)(at >> 8);
		piece[3] = (uint8_t)at;
		assert_int_equal(host_cmd(&h, 0x00D7CF01, rd_of(piece, sizeof(piece)), 0), 0x9000);
	}
	/* 256 bytes do not fit Le 00 when they are protected. */
	assert_int_equal(host_cmd(&h, 0x00B1CF01, RD_LIT("\x54\x02\x00\x00"), 256), 0x6700);
	assert_int_equal(h.n, 0);
	assert_int_equal(host_cmd(&h, 0x00B1CF01, RD_LIT("\x54\x02\x00\x00"), 300), 0x9000);
	assert_int_equal(h.n, 300);
	emu_bench_free(b);
}

/* The channel is gone, and with it the login: protected commands are of no class that is known. */
static void assert_ended(struct host *h, struct emu_bench *b)
{
	EMU(b, "00200081", 0x63C3, "");
	host_protect(h, 0x00200081, none, 256);
	assert_int_equal(host_send(h), 0x6E00);
	assert_int_equal(b->n, 0);
}

static void channel__plain_command__ends_it_and_the_login(void **state)
{
	static const char *const plain[] = { "00200081", "0084000008", "00FE0000", "00",
		"00A40400 0B E82B0601040181C31F0201 00", "1C200081 00", "04200081" };

	(void)state;
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		struct host h;
		struct emu_bench *b = setup(&h);

		assert_int_equal(host_cmd(&h, 0x00200081, PIN, 0), 0x9000);
		emu_hex(b, plain[i]);
		assert_ended(&h, b);
		emu_bench_free(b);
	}
}

static void channel__login_that_stays__outlives_it(void **state)
{
	struct host h;
	struct emu_bench *b = setup(&h);

	(void)state;
	assert_int_equal(host_cmd(&h, 0x00200181, PIN, 0), 0x9000);
	EMU(b, "00200081", 0x9000, "");
	emu_bench_free(b);
}

static void channel__login_from_before__outlives_it(void **state)
{
	struct emu_bench *b = emu_bench_ready();
	struct host h;

	(void)state;
	host_open(&h, b);
	assert_int_equal(host_cmd(&h, 0x00200081, none, 256), 0x9000);
	EMU(b, "00200081", 0x9000, "");
	emu_bench_free(b);
}

static void channel__protected_select__is_the_last_answer(void **state)
{
	struct host h;
	struct emu_bench *b = setup(&h);

	(void)state;
	assert_int_equal(host_cmd(&h, 0x00200081, PIN, 0), 0x9000);
	assert_int_equal(host_cmd(&h, 0x00A40400,
	                         RD_LIT("\xE8\x2B\x06\x01\x04\x01\x81\xC3\x1F\x02\x01"), 256),
	        0x9000);
	assert_ended(&h, b);
	emu_bench_free(b);
}

static void channel__reset__ends_it(void **state)
{
	struct host h;
	struct emu_bench *b = setup(&h);

	(void)state;
	assert_int_equal(host_cmd(&h, 0x00200181, PIN, 0), 0x9000);
	emu_reset(b->card);
	EMU(b, "00A40400 0B E82B0601040181C31F0201 00", 0x9000, NULL);
	assert_ended(&h, b);
	emu_bench_free(b);
}

static void channel__new_one_inside__takes_over(void **state)
{
	struct host h;
	struct emu_bench *b = setup(&h);
	uint8_t data[69], x_before[16];

	(void)state;
	assert_int_equal(host_cmd(&h, 0x00200081, PIN, 0), 0x9000);
	assert_int_equal(host_cmd(&h, 0x002241A4,
	                         RD_LIT("\x80\x0A\x04\x00\x7F\x00\x07\x02\x02\x03\x02\x02"), 0),
	        0x9000);
	assert_int_equal(emu_unhex("7C43 8041" POINT_G, data, sizeof(data)), sizeof(data));
	memcpy(x_before, h.enc, sizeof(x_before));
	assert_int_equal(host_cmd(&h, 0x00860000, rd_of(data, sizeof(data)), 256), 0x9000);
	assert_int_equal(h.n, 22);
	/* The old keys are of no use any more. */
	host_protect(&h, 0x00200081, none, 256);
	assert_int_equal(host_send(&h), 0x6988);
	EMU(b, "00200081", 0x63C3, "");
	emu_bench_free(b);
}

static void channel__replay__6988_and_it_ends(void **state)
{
	struct host h;
	struct emu_bench *b = setup(&h);

	(void)state;
	assert_int_equal(host_cmd(&h, 0x00200081, PIN, 0), 0x9000);
	assert_int_equal(host_send(&h), 0x6988);
	assert_int_equal(b->n, 0);
	assert_ended(&h, b);
	emu_bench_free(b);
}

static void channel__any_byte_changed__refused(void **state)
{
	size_t sent_n = 1;

	(void)state;
	for (size_t at = 1; at < sent_n; at++) {
		struct host h;
		struct emu_bench *b = setup(&h);

		host_protect(&h, 0x00200081, PIN, 0);
		sent_n = h.sent_n - 1; /* Le is not covered */
		h.sent[at] ^= 0x01;
		host_send(&h);
		assert_int_equal(b->n, 0);
		assert_true(b->sw == 0x6988 || b->sw == 0x6987 || b->sw == 0x6700);
		if (at != 4)
			assert_true(b->sw != 0x6700); /* Lc only */
		EMU(b, "00200081", 0x63C3, "");       /* no try was used, nobody is logged in */
		emu_bench_free(b);
	}
}

static void channel__objects_missing__6987(void **state)
{
	static const char *const commands[] = { "0C200081 03 970100 00", "0C200081 00" };

	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct host h;
		struct emu_bench *b = setup(&h);

		EMU(b, commands[i], 0x6987, "");
		assert_ended(&h, b);
		emu_bench_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mse__protocols__one_is_known),
		cmocka_unit_test(general_authenticate__bad_input__status_words),
		cmocka_unit_test(general_authenticate__twice__other_nonce),
		cmocka_unit_test(channel__commands__work_as_plain_ones),
		cmocka_unit_test(channel__key_and_signature__verify_outside),
		cmocka_unit_test(channel__answer_longer_than_le__6700_and_it_goes_on),
		cmocka_unit_test(channel__plain_command__ends_it_and_the_login),
		cmocka_unit_test(channel__login_that_stays__outlives_it),
		cmocka_unit_test(channel__login_from_before__outlives_it),
		cmocka_unit_test(channel__protected_select__is_the_last_answer),
		cmocka_unit_test(channel__reset__ends_it),
		cmocka_unit_test(channel__new_one_inside__takes_over),
		cmocka_unit_test(channel__replay__6988_and_it_ends),
		cmocka_unit_test(channel__any_byte_changed__refused),
		cmocka_unit_test(channel__objects_missing__6987),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
