/* card/kek.c: shares, wrapped keys and what a card says of them; values of tests/golden/dkek.json
 * and keyblobs.json */
#include "bench.h"
#include "fake_tp.h"

#define SHARE_1     "6A00A1D4327180848F33E1F42B5781F85E54807A801C9182E3596419FC2FC53F"
#define SHARE_2     "C11390D24FCA774C6C01CDBE556491C286370BFCEED6E6CC01101CC111497B38"
#define KCV_OF_BOTH "6668EDA367D7A05F"

/* AES-128 under share 1 alone, with the list 10 11 18 99. */
#define AES_BLOB                                                                                   \
	"4415267344DFB6E80F000860864801650304010004101118990000000044C2C68ACDFF8EB91C37CA0289C774" \
	"7A54E76491E03C0E9C18DDA2E156B58883C5C79C1D5CD785F6DE8DAEE7CDE42CC8"

enum { KID = 7, OTHER_KID = 8 };

struct fixture {
	struct card *card;
	struct card_lane *lane;
};

static int set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	f->card = bench_card(NULL);
	assert_ok(card_take(f->card, &f->lane));
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	card_give(f->lane);
	card_close(f->card);
	test_free(f);
	return 0;
}

/* Initialised for so many shares, the user logged in. */
static void with_shares(struct fixture *f, uint8_t shares)
{
	const struct card_init init = {
		.pin = rd_str(TEST_PIN),
		.so_pin = rd_str(TEST_SO),
		.pin_tries = 3,
		.has_dkek = true,
		.dkek_shares = shares,
	};

	assert_ok(card_initialize(f->lane, &init));
	assert_ok(card_verify(f->lane, REF_USER_PIN, rd_str(TEST_PIN)));
}

static hsm_rc import(struct fixture *f, const char *hex, struct card_domain *d)
{
	uint8_t share[64];

	return card_import_share(f->lane, 0, rd_of(share, unhex(hex, share, sizeof(share))), d);
}

static void card_domain_status__as_shares_arrive__counts(void **state)
{
	struct fixture *f = *state;
	struct card_domain d;

	assert_ok(card_domain_status(f->lane, 0, &d));
	assert_true(d.state == CARD_DOMAIN_EMPTY || d.state == CARD_DOMAIN_NONE);
	assert_rc(import(f, SHARE_1, &d), HSM_E_UNSUPPORTED);
	with_shares(f, 2);
	assert_ok(card_domain_status(f->lane, 0, &d));
	assert_int_equal(d.state, CARD_DOMAIN_PENDING);
	assert_int_equal(d.shares, 2);
	assert_int_equal(d.missing, 2);
	assert_rc(import(f, "00", &d), HSM_E_BAD_LEN);
	assert_ok(import(f, SHARE_1, &d));
	assert_int_equal(d.missing, 1);
	assert_ok(import(f, SHARE_2, &d));
	assert_int_equal(d.state, CARD_DOMAIN_COMPLETE);
	assert_hex(rd_of(d.kcv, sizeof(d.kcv)), KCV_OF_BOTH);
	assert_rc(import(f, SHARE_2, &d), HSM_E_NOT_ALLOWED);
	assert_ok(card_domain_status(f->lane, 0, &d));
	assert_hex(rd_of(d.kcv, sizeof(d.kcv)), KCV_OF_BOTH);
	assert_int_equal(d.uid_n, 0);
}

static void card_unwrap__blob_of_another_maker__is_the_key(void **state)
{
	struct fixture *f = *state;
	struct card_key_info info;
	struct card_domain d;
	uint8_t blob[128];
	const size_t n = unhex(AES_BLOB, blob, sizeof(blob));

	with_shares(f, 1);
	assert_rc(card_unwrap(f->lane, KID, rd_of(blob, n)), HSM_E_NO_REF);
	assert_ok(import(f, SHARE_1, &d));
	assert_rc(card_key_info(f->lane, KID, &info), HSM_E_NO_FILE);
	blob[n - 1] ^= 1;
	assert_rc(card_unwrap(f->lane, KID, rd_of(blob, n)), HSM_E_BAD_DATA);
	blob[n - 1] ^= 1;
	assert_ok(card_unwrap(f->lane, KID, rd_of(blob, n)));
	assert_rc(card_unwrap(f->lane, KID, rd_of(blob, n)), HSM_E_EXISTS);
	assert_ok(card_key_info(f->lane, KID, &info));
	assert_false(info.has_uses);
	assert_hex(rd_of(info.algs, info.algs_n), "10111899");
}

static void card_wrap__any_size__comes_back(void **state)
{
	static const uint16_t bits[] = { 1024, 4096 }; /* in the command, and through a file */
	struct fixture *f = *state;
	AUTO_BUF request = { 0 };
	AUTO_BUF blob = { 0 };
	AUTO_BUF files = { 0 };
	struct card_domain d;

	with_shares(f, 1);
	assert_rc(card_wrap(f->lane, KID, &blob), HSM_E_NO_REF);
	assert_ok(import(f, SHARE_1, &d));
	for (size_t i = 0; i < COUNT(bits); i++) {
		assert_ok(card_generate_rsa(f->lane, KID, bits[i], &request));
		assert_ok(card_wrap(f->lane, KID, &blob));
		assert_memory_equal(blob.p, d.kcv, sizeof(d.kcv));
		assert_ok(card_unwrap(f->lane, OTHER_KID, buf_rd(&blob)));
		assert_ok(card_delete_file(f->lane, FID(FID_KEY, KID)));
		assert_ok(card_delete_file(f->lane, FID(FID_KEY, OTHER_KID)));
	}
	assert_ok(card_enumerate(f->lane, &files));
	for (size_t i = 0; i < files.n; i += 2)
		assert_int_not_equal(files.p[i] << 8 | files.p[i + 1], EF_UNWRAP_INPUT);
	assert_rc(card_unwrap(f->lane, KID, (struct rd){ 0 }), HSM_E_BAD_DATA);
}

/* A card that answers its selection, then always the same. */
struct liar {
	const char *answer;
	struct buf devaut;
};

static hsm_rc lie(void *arg, struct rd cmd, struct wr *rsp)
{
	static const char applet[] = "6F0A820178850500010004019000";
	struct liar *l = arg;
	uint8_t bytes[256];
	const bool by_name = cmd.p[1] == INS_SELECT && cmd.p[2] == 0x04;

	if (cmd.p[1] == INS_READ_BINARY) {
		wr_rd_put(rsp, buf_rd(&l->devaut));
		wr_put(rsp, (const uint8_t[]){ 0x62, 0x82 }, 2);
		return HSM_OK;
	}
	wr_put(rsp, bytes, unhex(by_name ? applet : l->answer, bytes, sizeof(bytes)));
	return HSM_OK;
}

static void answers__that_lie__are_refused(void **state)
{
	static const char *const domains[] = { "9000", "01009000", "010044152673449000" };
	static const char *const keys[] = {
		"9000",
		"6F06A504900200009000",
		"6F04A50292009000",
		"6F15A51391110102030405060708090A0B0C0D0E0F10119000",
	};
	struct liar l = { 0 };
	struct card_key_info info;
	struct card_domain d;
	struct card *card;
	struct card_lane *lane;

	(void)state;
	golden_file("ef_2f02_emulator.bin", &l.devaut);
	assert_ok(card_open_tp(fake_tp(lie, &l, 1, 4096), &card));
	assert_ok(card_take(card, &lane));
	for (size_t i = 0; i < COUNT(domains); i++) {
		l.answer = domains[i];
		assert_rc(card_domain_status(lane, 0, &d), HSM_E_CARD_DATA);
	}
	for (size_t i = 0; i < COUNT(keys); i++) {
		l.answer = keys[i];
		assert_rc(card_key_info(lane, KID, &info), HSM_E_CARD_DATA);
	}
	card_give(lane);
	card_close(card);
	buf_free(&l.devaut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		        card_domain_status__as_shares_arrive__counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        card_unwrap__blob_of_another_maker__is_the_key, set_up, tear_down),
		cmocka_unit_test_setup_teardown(card_wrap__any_size__comes_back, set_up, tear_down),
		cmocka_unit_test(answers__that_lie__are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
