/* Each command of the card layer on an emulated card. */
#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "base/log.h"
#include "keys.h"

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

static void log_in(struct fixture *f)
{
	assert_ok(card_verify(f->lane, REF_USER_PIN, rd_str(TEST_PIN)));
}

/* ---- identity, PINs ---- */

static void card_open__emulated__has_a_serial_number(void **state)
{
	struct fixture *f = *state;
	struct card_identity id = card_identity(f->card);
	size_t n = strlen(id.chr);

	assert_true(n > 5);
	assert_int_equal(strlen(id.serial), n - 5);
	assert_memory_equal(id.chr, id.serial, n - 5);
	assert_int_equal(id.options, OPT_RESET_RETRY);
	assert_true(id.major >= 3);
}

static void card_open__no_such_card__says_why(void **state)
{
	struct card *card;

	(void)state;
	assert_rc(card_open("emu:/nowhere/a.token", &card), HSM_E_TOKEN_MISSING);
	log_set(LOG_OFF);
	assert_rc(card_open("carrier-pigeon:1", &card), HSM_E_BAD_CONFIG);
	assert_rc(card_open("emux:/a", &card), HSM_E_BAD_CONFIG);
	log_set(LOG_ERROR);
}

static void card_verify__user__counts_and_locks(void **state)
{
	struct fixture *f = *state;
	struct pin_status s;

	assert_ok(card_pin_status(f->lane, REF_USER_PIN, &s));
	assert_true(!s.verified && !s.locked && !s.unset && s.tries == 3);
	assert_rc(card_verify(f->lane, REF_USER_PIN, rd_str("111111")), HSM_E_PIN_WRONG);
	assert_ok(card_pin_status(f->lane, REF_USER_PIN, &s));
	assert_int_equal(s.tries, 2);
	log_in(f);
	assert_ok(card_pin_status(f->lane, REF_USER_PIN, &s));
	assert_true(s.verified);
	for (unsigned i = 0; i < 3; i++)
		(void)!card_verify(f->lane, REF_USER_PIN, rd_str("111111"));
	assert_rc(card_verify(f->lane, REF_USER_PIN, rd_str(TEST_PIN)), HSM_E_PIN_LOCKED);
	assert_ok(card_pin_status(f->lane, REF_USER_PIN, &s));
	assert_true(s.locked && !s.verified);
	assert_ok(card_reset_retry(f->lane, rd_str(TEST_SO), rd_str("")));
	log_in(f);
}

static void card_verify__lengths__are_refused(void **state)
{
	struct fixture *f = *state;
	char lots[100] = { 0 };

	assert_rc(card_verify(f->lane, REF_USER_PIN, rd_str("")), HSM_E_PIN_LEN);
	assert_rc(card_verify(f->lane, REF_USER_PIN, rd_str("12345")), HSM_E_PIN_LEN);
	assert_rc(card_verify(f->lane, REF_USER_PIN, rd_of(lots, sizeof(lots))), HSM_E_PIN_LEN);
	assert_rc(card_change_pin(f->lane, REF_USER_PIN, rd_str(TEST_PIN), rd_of(lots, 60)),
	        HSM_E_PIN_LEN);
	assert_rc(card_reset_retry(f->lane, rd_str(TEST_SO), rd_of(lots, 60)), HSM_E_PIN_LEN);
}

static void card_change_pin__both_users__take_the_new_one(void **state)
{
	struct fixture *f = *state;

	assert_ok(card_change_pin(f->lane, REF_USER_PIN, rd_str(TEST_PIN), rd_str("12345678")));
	assert_rc(card_verify(f->lane, REF_USER_PIN, rd_str(TEST_PIN)), HSM_E_PIN_WRONG);
	assert_ok(card_verify(f->lane, REF_USER_PIN, rd_str("12345678")));
	assert_ok(card_change_pin(f->lane, REF_SO_PIN, rd_str(TEST_SO), rd_str("87654321")));
	assert_rc(card_reset_retry(f->lane, rd_str(TEST_SO), rd_str("")), HSM_E_PIN_WRONG);
	assert_ok(card_reset_retry(f->lane, rd_str("87654321"), rd_str(TEST_PIN)));
	log_in(f);
}

static void card_initialize__again__wipes_and_wants_the_so_pin(void **state)
{
	struct card_init init = {
		.pin = rd_str("7654321"),
		.so_pin = rd_str("00000000"),
		.pin_tries = 5,
	};
	struct fixture *f = *state;
	struct buf file = { 0 };

	log_in(f);
	assert_ok(card_write_file(f->lane, 0xCF00, rd_str("x")));
	assert_rc(card_initialize(f->lane, &init), HSM_E_SO_REFUSED);
	init.so_pin = rd_str(TEST_SO);
	init.pin_tries = 6;
	assert_rc(card_initialize(f->lane, &init), HSM_E_BAD_PARAM);
	init.pin_tries = 0;
	assert_rc(card_initialize(f->lane, &init), HSM_E_BAD_PARAM);
	init.pin_tries = 5;
	init.pin = rd_str("12345");
	assert_rc(card_initialize(f->lane, &init), HSM_E_PIN_LEN);
	init.pin = rd_str("7654321");
	assert_ok(card_initialize(f->lane, &init));
	assert_int_equal(card_identity(f->card).options, 0);
	assert_rc(card_read_file(f->lane, 0xCF00, &file), HSM_E_NO_FILE);
	assert_rc(card_write_file(f->lane, 0xCF00, rd_str("x")), HSM_E_NOT_AUTH);
	assert_ok(card_verify(f->lane, REF_USER_PIN, rd_str("7654321")));
	assert_int_not_equal(card_reset_retry(f->lane, rd_str(TEST_SO), rd_str("")), HSM_OK);
	buf_free(&file);
}

static void card_logout__after_login__refuses_writes(void **state)
{
	struct fixture *f = *state;

	log_in(f);
	assert_ok(card_logout(f->lane));
	assert_rc(card_write_file(f->lane, 0xCF00, rd_str("x")), HSM_E_NOT_AUTH);
}

/* ---- files, device ---- */

static void fill(struct buf *b, size_t n, uint8_t seed)
{
	assert_ok(buf_reserve(b, n + 1));
	for (size_t i = 0; i < n; i++)
		b->p[i] = (uint8_t)(seed + 31 * i + i / 251);
	b->n = n;
}

static void card_write_file__any_size__reads_back_exactly(void **state)
{
	static const size_t sizes[] = { 0, 1, 127, 128, 255, 256, 5000, 65535, 3, 0, 2 };
	struct fixture *f = *state;
	struct buf in = { 0 }, out = { 0 };

	log_in(f);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		fill(&in, sizes[i], (uint8_t)i);
		assert_ok(card_write_file(f->lane, 0xCF01, buf_rd(&in)));
		assert_ok(card_read_file(f->lane, 0xCF01, &out));
		assert_true(rd_equal(buf_rd(&in), buf_rd(&out)));
	}
	assert_ok(buf_reserve(&in, 65536));
	in.n = 65536;
	assert_rc(card_write_file(f->lane, 0xCF01, buf_rd(&in)), HSM_E_BAD_LEN);
	buf_free(&in);
	buf_free(&out);
}

static void card_files__list_and_delete__agree(void **state)
{
	struct fixture *f = *state;
	struct buf list = { 0 }, file = { 0 };

	log_in(f);
	assert_ok(card_write_file(f->lane, 0xCD07, rd_str("private")));
	assert_ok(card_enumerate(f->lane, &list));
	assert_hex(buf_rd(&list), "2F02CD07CC00");
	assert_ok(card_read_file(f->lane, 0xCD07, &file));
	assert_hex(buf_rd(&file), "70726976617465");
	assert_ok(card_logout(f->lane));
	assert_rc(card_read_file(f->lane, 0xCD07, &file), HSM_E_NOT_AUTH);
	assert_rc(card_delete_file(f->lane, 0xCD07), HSM_E_NOT_AUTH);
	log_in(f);
	assert_ok(card_delete_file(f->lane, 0xCD07));
	assert_rc(card_delete_file(f->lane, 0xCD07), HSM_E_NO_FILE);
	buf_free(&list);
	buf_free(&file);
}

static void card_random__many_bytes__differ(void **state)
{
	struct fixture *f = *state;
	uint8_t a[2500], b[2500];
	uint32_t free_bytes;

	assert_ok(card_random(f->lane, a, sizeof(a)));
	assert_ok(card_random(f->lane, b, sizeof(b)));
	assert_memory_not_equal(a, b, sizeof(a));
	assert_memory_not_equal(a, a + 1024, 1024);
	assert_ok(card_free_memory(f->lane, &free_bytes));
	assert_true(free_bytes > 0);
}

static void card_hold__several_writes__are_seen_by_others_at_the_end(void **state)
{
	struct fixture *f = *state;
	struct card_lane *other;
	struct buf file = { 0 };

	log_in(f);
	assert_ok(card_take(f->card, &other));
	assert_ok(card_hold(f->lane, true));
	assert_ok(card_write_file(f->lane, 0xCF01, rd_str("one")));
	assert_ok(card_write_file(f->lane, 0xCF02, rd_str("two")));
	assert_rc(card_read_file(other, 0xCF01, &file), HSM_E_NO_FILE);
	assert_ok(card_read_file(f->lane, 0xCF01, &file));
	assert_ok(card_hold(f->lane, false));
	assert_ok(card_read_file(other, 0xCF02, &file));
	card_give(other);
	buf_free(&file);
}

/* ---- keys ---- */

static EVP_PKEY *new_key(struct fixture *f, uint8_t kid, const char *curve, uint16_t bits)
{
	struct buf request = { 0 };
	struct pubkey key;
	EVP_PKEY *pkey;

	if (curve != NULL)
		assert_ok(card_generate_ec(f->lane, kid, curve_by_name(curve), &request));
	else
		assert_ok(card_generate_rsa(f->lane, kid, bits, &request));
	assert_ok(pubkey_from_cert_file(buf_rd(&request), &key));
	pkey = pkey_from(&key);
	buf_free(&request);
	return pkey;
}

static void card_sign_ec__every_curve__libcrypto_agrees(void **state)
{
	struct fixture *f = *state;
	uint8_t hash[20], out[2 * CURVE_WIDTH_MAX];

	log_in(f);
	memset(hash, 0xA5, sizeof(hash));
	for (uint8_t i = 0; curve_at(i) != NULL; i++) {
		const struct curve *c = curve_at(i);
		EVP_PKEY *pkey = new_key(f, (uint8_t)(i + 1), c->name, 0);
		struct wr w = WR_ARRAY(out);

		assert_ok(card_sign_ec(f->lane, (uint8_t)(i + 1), ALG_ECDSA,
		        rd_of(hash, sizeof(hash)), c->width, &w));
		assert_int_equal(w.n, 2 * c->width);
		assert_true(ecdsa_good(pkey, rd_of(hash, sizeof(hash)), wr_rd(&w)));
		EVP_PKEY_free(pkey);
	}
}

static void card_rsa__raw_signature_and_decryption__invert(void **state)
{
	struct fixture *f = *state;
	uint8_t block[256], signature[256], back[256];
	struct wr w = WR_ARRAY(signature);
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *pkey;
	size_t n = sizeof(back);

	log_in(f);
	pkey = new_key(f, 9, NULL, 2048);
	memset(block, 0x5A, sizeof(block));
	block[0] = 0;
	assert_ok(card_sign_rsa(f->lane, 9, ALG_RSA_RAW, rd_of(block, 256), 256, &w));
	ctx = EVP_PKEY_CTX_new(pkey, NULL);
	assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING), 1);
	assert_int_equal(EVP_PKEY_encrypt(ctx, back, &n, signature, 256), 1);
	assert_memory_equal(back, block, 256);
	w = WR_ARRAY(back);
	n = sizeof(signature);
	assert_int_equal(EVP_PKEY_encrypt(ctx, signature, &n, block, 256), 1);
	assert_ok(card_decipher_rsa(f->lane, 9, rd_of(signature, 256), 256, &w));
	assert_memory_equal(back, block, 256);
	w = wr_of(back, 255);
	assert_rc(card_decipher_rsa(f->lane, 9, rd_of(signature, 256), 256, &w), HSM_E_SMALL);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(pkey);
}

static void card_ecdh__peer__agrees_with_libcrypto(void **state)
{
	struct fixture *f = *state;
	EVP_PKEY *ours = NULL, *peer = EVP_EC_gen("P-256");
	uint8_t *point = NULL, x[32], want[32];
	struct wr w = WR_ARRAY(x);
	EVP_PKEY_CTX *ctx;
	size_t n = sizeof(want), point_n;

	log_in(f);
	ours = new_key(f, 3, "prime256v1", 0);
	point_n = EVP_PKEY_get1_encoded_public_key(peer, &point);
	assert_ok(card_ecdh(f->lane, 3, rd_of(point, point_n), 32, &w));
	ctx = EVP_PKEY_CTX_new(peer, NULL);
	assert_int_equal(EVP_PKEY_derive_init(ctx), 1);
	assert_int_equal(EVP_PKEY_derive_set_peer(ctx, ours), 1);
	assert_int_equal(EVP_PKEY_derive(ctx, want, &n), 1);
	assert_memory_equal(x, want, 32);
	EVP_PKEY_CTX_free(ctx);
	OPENSSL_free(point);
	EVP_PKEY_free(peer);
	EVP_PKEY_free(ours);
}

static void card_keys__wrong_use__says_why(void **state)
{
	struct fixture *f = *state;
	struct buf request = { 0 };
	uint8_t out[64];
	struct wr w = WR_ARRAY(out);
	struct rd hash = rd_str("0123456789ABCDEF0123");

	assert_rc(card_generate_ec(f->lane, 1, curve_at(0), &request), HSM_E_NOT_AUTH);
	log_in(f);
	EVP_PKEY_free(new_key(f, 1, "prime256v1", 0));
	assert_rc(card_generate_ec(f->lane, 1, curve_at(0), &request), HSM_E_EXISTS);
	assert_rc(card_generate_rsa(f->lane, 2, 1000, &request), HSM_E_BAD_ALG);
	assert_rc(card_sign_ec(f->lane, 77, ALG_ECDSA, hash, 32, &w), HSM_E_NO_REF);
	assert_ok(card_logout(f->lane));
	assert_rc(card_sign_ec(f->lane, 1, ALG_ECDSA, hash, 32, &w), HSM_E_NOT_AUTH);
	buf_free(&request);
}

/* ---- lanes ---- */

static void card_take__given_back__comes_again_first(void **state)
{
	struct fixture *f = *state;
	struct card_lane *a, *b, *c;

	assert_ok(card_take(f->card, &a));
	assert_ok(card_take(f->card, &b));
	assert_ptr_not_equal(a, b);
	card_give(a);
	card_give(b);
	assert_ok(card_take(f->card, &c));
	assert_ptr_equal(c, b);
	card_give(c);
}

#define ON_CARD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_CARD(card_open__emulated__has_a_serial_number),
		cmocka_unit_test(card_open__no_such_card__says_why),
		ON_CARD(card_verify__user__counts_and_locks),
		ON_CARD(card_verify__lengths__are_refused),
		ON_CARD(card_change_pin__both_users__take_the_new_one),
		ON_CARD(card_initialize__again__wipes_and_wants_the_so_pin),
		ON_CARD(card_logout__after_login__refuses_writes),
		ON_CARD(card_write_file__any_size__reads_back_exactly),
		ON_CARD(card_files__list_and_delete__agree),
		ON_CARD(card_random__many_bytes__differ),
		ON_CARD(card_hold__several_writes__are_seen_by_others_at_the_end),
		ON_CARD(card_sign_ec__every_curve__libcrypto_agrees),
		ON_CARD(card_rsa__raw_signature_and_decryption__invert),
		ON_CARD(card_ecdh__peer__agrees_with_libcrypto),
		ON_CARD(card_keys__wrong_use__says_why),
		ON_CARD(card_take__given_back__comes_again_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
