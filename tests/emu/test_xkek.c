/* KEKs that two cards agree on: sc-hsm sheet section 8.5. What is expected is computed by libcrypto
 * from public keys that the cards give out and private keys made here. */
#include <openssl/ec.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "base/tlv.h"
#include "p15/keyblob.h"
#include "xkek_host.h"

#define BP256     "brainpoolP256r1"
#define INIT      "80500000 1C 80020001 8106363438323139 8208" TEST_SO " 910103 970102"
#define LOGIN     "00200081 06 363438323139"
#define STATUS    "80520001 00"
#define FORGET    "80520401 00"
#define NO_KCV    "0000000000000000"
#define AES_MAC   "80780218 10 000102030405060708090A0B0C0D0E0F 00"
#define RULES     "910184 920101"
#define CREATE    0x80520201u
#define AGREE     0x80620184u
#define BRAINPOOL (&ec_specs[8])

/* A group, a card of it with a key to agree with (kid 1, domain 1), and a device that is its peer.
 */
struct setting {
	EVP_PKEY *group, *peer_key;
	uint8_t uid[64];
	struct emu_bench *card;
	struct host_device peer;
	EVP_PKEY *card_public; /* of kid 1 */
};

static struct setting s;

/* A card with two domains, of which 1 belongs to the group. */
static struct emu_bench *member_new(EVP_PKEY *group, const char *curve, const uint8_t *uid)
{
	struct emu_bench *b = emu_bench_new();
	EVP_PKEY *device;
	uint8_t data[1024];
	struct wr w = WR_ARRAY(data);

	EMU(b, INIT, 0x9000, "");
	EMU(b, LOGIN, 0x9000, "");
	device = device_public(b);
	host_membership_put(&w, group, curve, device);
	EVP_PKEY_free(device);
	assert_int_equal(emu_cmd(b, CREATE, wr_rd(&w), 256), 0x9000);
	assert_int_equal(b->n, 74);
	assert_memory_equal(b->rsp, "\1\1\0\0\0\0\0\0\0\0", 10);
	assert_memory_equal(b->rsp + 10, uid, 64);
	return b;
}

/* Generates kid 1; its request, and in it body and public key. */
static struct rd agreement_key(struct emu_bench *b, const char *rules, uint8_t *room, size_t cap)
{
	uint8_t template[512];
	const size_t n = key_template_put(
	        BRAINPOOL, NULL, "ZZTEST0100001", rules, template, sizeof(template));

	assert_int_equal(emu_cmd(b, 0x00460100, rd_of(template, n), 0x10000), 0x9000);
	assert_true(b->n <= cap);
	memcpy(room, b->rsp, b->n);
	return rd_of(room, b->n);
}

static struct rd body_of(struct rd request)
{
	struct rd inside = { 0 }, cert = { 0 }, body = { 0 };

	assert_true(tlv_get(&request, 0x67, &inside) && tlv_get(&inside, 0x7F21, &cert) &&
	            tlv_get(&cert, 0x7F4E, &body));
	return body;
}

static EVP_PKEY *public_of(struct rd request)
{
	struct rd key = { 0 }, point = { 0 };

	assert_true(tlv_find(body_of(request), 0x7F49, &key) && tlv_find(key, 0x86, &point));
	return ec_public(BP256, point);
}

static int ready(void **state)
{
	uint8_t request[1024];

	(void)state;
	s.group = EVP_EC_gen(BP256);
	s.peer_key = EVP_EC_gen(BP256);
	host_uid(s.group, s.uid);
	s.card = member_new(s.group, BP256, s.uid);
	s.card_public = public_of(agreement_key(s.card, RULES, request, sizeof(request)));
	host_device_make(&s.peer, "ZZTWPEER00000000");
	return 0;
}

static int done(void **state)
{
	(void)state;
	EVP_PKEY_free(s.group);
	EVP_PKEY_free(s.peer_key);
	EVP_PKEY_free(s.card_public);
	EVP_PKEY_free(s.peer.key);
	emu_bench_free(s.card);
	return 0;
}

/* The peer's device certificate is verified, and its key selected. */
static void trust_peer(void)
{
	assert_int_equal(host_choose(s.card, RD_LIT("ZZTWINCA00001")), 0x9000);
	assert_int_equal(emu_cmd(s.card, 0x002A00BE, rd_of(s.peer.cert, s.peer.cert_n), 0), 0x9000);
	assert_int_equal(host_choose(s.card, rd_str(s.peer.chr)), 0x9000);
}

/* Sends the request of a key of the peer's; the status word. */
static uint16_t agree_with(EVP_PKEY *pkey, const char *curve, const uint8_t *uid)
{
	uint8_t content[1024], data[1280];
	struct wr c = WR_ARRAY(content), w = WR_ARRAY(data);

	host_request_put(&c, pkey, curve, uid);
	host_authenticate(&w, wr_rd(&c), s.peer.key, s.peer.chr);
	return emu_cmd(s.card, AGREE, wr_rd(&w), 256);
}

/* The KEK that both come to, by libcrypto. */
static void expected_kek(uint8_t kek[32], uint8_t kcv[8])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, s.peer_key, NULL);
	uint8_t hash[32];
	size_t n = 32;

	assert_int_equal(EVP_PKEY_derive_init(ctx), 1);
	assert_int_equal(EVP_PKEY_derive_set_peer(ctx, s.card_public), 1);
	assert_int_equal(EVP_PKEY_derive(ctx, kek, &n), 1);
	assert_int_equal(n, 32);
	EVP_PKEY_CTX_free(ctx);
	SHA256(kek, 32, hash);
	memcpy(kcv, hash, 8);
}

static void check_complete(struct emu_bench *b, const uint8_t *kcv, const uint8_t *uid)
{
	assert_int_equal(b->n, 74);
	assert_memory_equal(b->rsp, "\1\0", 2);
	assert_memory_equal(b->rsp + 2, kcv, 8);
	assert_memory_equal(b->rsp + 10, uid, 64);
}

/* ---- the agreement ---- */

static void agree__peer_with_a_known_key__gives_x_of_the_shared_point(void **state)
{
	uint8_t kek[32], kcv[8];
	AUTO_DKEK dkek = { 0 };
	AUTO_BUF plain = { 0 };
	struct keyblob key;

	(void)state;
	expected_kek(kek, kcv);
	trust_peer();
	assert_int_equal(agree_with(s.peer_key, BP256, s.uid), 0x9000);
	check_complete(s.card, kcv, s.uid);
	EMU(s.card, STATUS, 0x9000, NULL);
	check_complete(s.card, kcv, s.uid);
	assert_int_equal(agree_with(s.peer_key, BP256, s.uid), 0x6986);
	EMU(s.card, "004802B0 03 920101", 0x9000, "");
	assert_int_equal(emu_cmd(s.card, 0x80720292, rd_of(NULL, 0), 0x10000), 0x9000);
	assert_int_equal(dkek_derive(rd_of(kek, 32), &dkek), HSM_OK);
	assert_int_equal(keyblob_open(&dkek, emu_data(s.card), &plain, &key), HSM_OK);
	assert_int_equal(key.part[KB_AES_KEY].n, 16);
	/* Forgotten, it can be agreed again. */
	EMU(s.card, FORGET, 0x9000, "0101" NO_KCV "..");
	assert_int_equal(s.card->n, 74);
	EMU(s.card, "80720292 000000", 0x6A88, "");
	assert_int_equal(agree_with(s.peer_key, BP256, s.uid), 0x9000);
	check_complete(s.card, kcv, s.uid);
}

/* The manufacturer's clients send what is inside the 67. */
static void agree__request_without_its_outermost_tag__is_taken(void **state)
{
	uint8_t content[1024], data[1280], kek[32], kcv[8];
	struct wr c = WR_ARRAY(content), w = WR_ARRAY(data);
	struct rd r, inside = { 0 };

	(void)state;
	expected_kek(kek, kcv);
	trust_peer();
	host_request_put(&c, s.peer_key, BP256, s.uid);
	host_authenticate(&w, wr_rd(&c), s.peer.key, s.peer.chr);
	r = wr_rd(&w);
	assert_true(tlv_get(&r, 0x67, &inside));
	assert_int_equal(emu_cmd(s.card, AGREE, inside, 0x10000), 0x9000);
	check_complete(s.card, kcv, s.uid);
}

/* Verifies another card's device certificate and agrees with its request. */
static void meet(struct emu_bench *b, struct emu_bench *other, struct rd request)
{
	struct rd chain, cert = { 0 }, body = { 0 }, chr = { 0 };

	assert_int_equal(emu_cmd(other, 0x00B12F02, RD_LIT("\x54\x02\x00\x00"), 0x10000), 0x6282);
	chain = emu_data(other);
	assert_true(tlv_get(&chain, 0x7F21, &cert));
	assert_int_equal(host_choose(b, RD_LIT("ZZTWINCA00001")), 0x9000);
	assert_int_equal(emu_cmd(b, 0x002A00BE, cert, 0), 0x9000);
	assert_true(tlv_get(&cert, 0x7F4E, &body) && tlv_find(body, 0x5F20, &chr));
	assert_int_equal(host_choose(b, chr), 0x9000);
	assert_int_equal(emu_cmd(b, AGREE, request, 256), 0x9000);
}

static void agree__two_cards__wrap_for_each_other(void **state)
{
	EVP_PKEY *group = EVP_EC_gen("prime256v1");
	uint8_t uid[64], request_a[1024], request_b[1024], kcv[8], blob[256], mac[16];
	struct emu_bench *a, *b;
	struct rd from_a, from_b;
	size_t n;

	(void)state;
	host_uid(group, uid);
	a = member_new(group, "prime256v1", uid);
	b = member_new(group, "prime256v1", uid);
	from_a = agreement_key(a, RULES, request_a, sizeof(request_a));
	from_b = agreement_key(b, RULES, request_b, sizeof(request_b));
	meet(a, b, from_b);
	memcpy(kcv, a->rsp + 2, 8);
	assert_memory_not_equal(kcv, "\0\0\0\0\0\0\0\0", 8);
	meet(b, a, from_a);
	check_complete(b, kcv, uid);
	EMU(a, "004802B0 03 920101", 0x9000, "");
	EMU(a, AES_MAC, 0x9000, NULL);
	memcpy(mac, a->rsp, sizeof(mac));
	assert_int_equal(emu_cmd(a, 0x80720292, rd_of(NULL, 0), 0x10000), 0x9000);
	n = a->n;
	assert_true(n <= sizeof(blob));
	memcpy(blob, a->rsp, n);
	assert_int_equal(emu_cmd(b, 0x80740293, rd_of(blob, n), 0), 0x9000);
	EMU(b, AES_MAC, 0x9000, NULL);
	assert_memory_equal(b->rsp, mac, sizeof(mac));
	EMU(b, "00A40000 02 CC02 00", 0x9000, "6F0C 820101 8302CC02 A503 920101");
	emu_bench_free(a);
	emu_bench_free(b);
	EVP_PKEY_free(group);
}

/* ---- the group in requests ---- */

static void generate__key_to_agree_with__names_the_group(void **state)
{
	static const char head[] =
	        "\x73\x4F\x06\x0B\x2B\x06\x01\x04\x01\x81\xC3\x1F\x03\x02\x02\x80\x40";
	uint8_t request[1024];
	struct rd bytes, extensions = { 0 };

	(void)state;
	EMU(s.card, "00E40200 02 CC01", 0x9000, "");
	bytes = agreement_key(s.card, RULES, request, sizeof(request));
	assert_true(tlv_find(body_of(bytes), 0x65, &extensions));
	assert_int_equal(extensions.n, 17 + 64);
	assert_memory_equal(extensions.p, head, 17);
	assert_memory_equal(extensions.p + 17, s.uid, 64);
	EMU(s.card, "00E40200 02 CC01", 0x9000, "");
	bytes = agreement_key(s.card, "910180 920101", request, sizeof(request)); /* for ECDH */
	assert_false(tlv_find(body_of(bytes), 0x65, &extensions));
	EMU(s.card, "00E40200 02 CC01", 0x9000, "");
	bytes = agreement_key(
	        s.card, "910184", request, sizeof(request)); /* no group in domain 0 */
	assert_false(tlv_find(body_of(bytes), 0x65, &extensions));
}

/* ---- what is refused ---- */

static void agree__peer_that_is_not_verified__is_refused(void **state)
{
	(void)state;
	assert_int_equal(agree_with(s.peer_key, BP256, s.uid), 0x6A88); /* nothing selected */
	assert_int_equal(host_choose(s.card, RD_LIT("ZZTWINCA00001")), 0x9000);
	assert_int_equal(agree_with(s.peer_key, BP256, s.uid), 0x6985);
	s.peer.chr = "ZZTWINCA00001"; /* even if it were the signer */
	assert_int_equal(agree_with(s.peer_key, BP256, s.uid), 0x6985);
	s.peer.chr = "ZZTWPEER00000000";
	trust_peer();
	s.peer.chr = "ZZTWPEER00000001"; /* says that another one signed */
	assert_int_equal(agree_with(s.peer_key, BP256, s.uid), 0x6985);
	s.peer.chr = "ZZTWPEER00000000";
	EVP_PKEY_free(s.peer.key);
	s.peer.key = EVP_EC_gen(BP256); /* not the device's */
	assert_int_equal(agree_with(s.peer_key, BP256, s.uid), 0x6985);
	EMU(s.card, STATUS, 0x9000, "0101" NO_KCV "..");
}

static void agree__request_that_is_not_of_the_group__is_refused(void **state)
{
	uint8_t content[1024], data[1280], other[64];
	struct wr c = WR_ARRAY(content), w = WR_ARRAY(data);
	EVP_PKEY *p256 = EVP_EC_gen("prime256v1"), *p384 = EVP_EC_gen("secp384r1");

	(void)state;
	trust_peer();
	memcpy(other, s.uid, sizeof(other));
	other[63] ^= 1;
	assert_int_equal(agree_with(s.peer_key, BP256, other), 0x6A80);
	assert_int_equal(agree_with(s.peer_key, BP256, NULL), 0x6A80);
	assert_int_equal(agree_with(p256, "prime256v1", s.uid), 0x6A81);
	assert_int_equal(agree_with(p384, "secp384r1", s.uid), 0x6A81);
	host_request_put(&c, s.peer_key, BP256, s.uid);
	content[c.n - 1] ^= 1; /* signature of the key itself */
	host_authenticate(&w, wr_rd(&c), s.peer.key, s.peer.chr);
	assert_int_equal(emu_cmd(s.card, AGREE, wr_rd(&w), 256), 0x6985);
	content[c.n - 1] ^= 1;
	w.n = 0;
	host_authenticate(&w, wr_rd(&c), s.peer.key, s.peer.chr);
	assert_int_equal(emu_cmd(s.card, AGREE, rd_of(data, w.n - 1), 256), 0x6A80);
	data[w.n] = 0;
	assert_int_equal(emu_cmd(s.card, AGREE, rd_of(data, w.n + 1), 256), 0x6A80);
	assert_int_equal(emu_cmd(s.card, AGREE, wr_rd(&c), 256), 0x6A80); /* not authenticated */
	assert_int_equal(emu_cmd(s.card, AGREE, wr_rd(&w), 73), 0x6700);
	EMU(s.card, STATUS, 0x9000, "0101" NO_KCV "..");
	assert_int_equal(emu_cmd(s.card, AGREE, wr_rd(&w), 74), 0x9000);
	EVP_PKEY_free(p256);
	EVP_PKEY_free(p384);
}

static void agree__key_that_cannot__is_refused(void **state)
{
	static const struct {
		const char *rules;
		uint16_t sw;
	} rows[] = {
		{ "910180 920101", 0x6A81 }, { "920101", 0x6A81 }, /* a list must name it */
		{ "910184", 0x6A88 }, /* domain 0 is not of the group */
	};

	(void)state;
	trust_peer();
	EMU(s.card, "80620984 01 67 00", 0x6A88, "");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t request[1024];

		EMU(s.card, "00E40200 02 CC01", 0x9000, "");
		(void)agreement_key(s.card, rows[i].rules, request, sizeof(request));
		assert_int_equal(agree_with(s.peer_key, BP256, s.uid), rows[i].sw);
	}
	EMU(s.card, "80520100 01 01 00", 0x9000, "0101" NO_KCV);
	assert_int_equal(agree_with(s.peer_key, BP256, s.uid), 0x6A88); /* it waits for a share */
	EMU(s.card, "00E40200 02 CC01", 0x9000, "");
	EVP_PKEY_free(key_on_card_with(s.card, 1, &ec_specs[1], "910180 920101"));
	assert_int_equal(agree_with(s.peer_key, BP256, s.uid), 0x6A81); /* another curve */
	EMU(s.card,
	        "80520001 20 0000000000000000000000000000000000000000000000000000000000000000 00",
	        0x6986, ""); /* no shares for an XKEK */
}

static void agree__uses_and_login__are_counted_and_needed(void **state)
{
	uint8_t request[1024];

	(void)state;
	trust_peer();
	EMU(s.card, "00E40200 02 CC01", 0x9000, "");
	(void)agreement_key(s.card, "9004 00000001" RULES, request, sizeof(request));
	assert_int_equal(agree_with(s.peer_key, BP256, NULL), 0x6A80); /* not yet a use */
	assert_int_equal(agree_with(s.peer_key, BP256, s.uid), 0x9000);
	EMU(s.card, FORGET, 0x9000, NULL);
	assert_int_equal(agree_with(s.peer_key, BP256, s.uid), 0x6984);
	EMU(s.card, STATUS, 0x9000, "0101" NO_KCV "..");
	EMU(s.card, "00A40400 0B E82B0601040181C31F0201 00", 0x9000, NULL); /* logs out */
	assert_int_equal(agree_with(s.peer_key, BP256, s.uid), 0x6982);
}

/* ---- membership ---- */

static void create__membership__is_checked(void **state)
{
	uint8_t data[1024];
	struct wr w = WR_ARRAY(data);
	EVP_PKEY *device = device_public(s.card), *p384 = EVP_EC_gen("secp384r1");
	size_t n;

	(void)state;
	host_membership_put(&w, s.group, BP256, device);
	n = w.n;
	assert_int_equal(emu_cmd(s.card, CREATE, wr_rd(&w), 256), 0x6A89); /* not empty */
	EMU(s.card, "00E40200 02 CC01", 0x9000, "");
	EMU(s.card, "80520301", 0x6A88, "");
	assert_int_equal(emu_cmd(s.card, CREATE, wr_rd(&w), 73), 0x6700);
	assert_int_equal(emu_cmd(s.card, CREATE, rd_of(data, n - 1), 256), 0x6A80);
	assert_int_equal(emu_cmd(s.card, CREATE, rd_of(data, n - 66), 256), 0x6A80); /* no 54 */
	data[n] = 0;
	assert_int_equal(emu_cmd(s.card, CREATE, rd_of(data, n + 1), 256), 0x6A80);
	data[n - 1] ^= 1; /* signature for the device */
	assert_int_equal(emu_cmd(s.card, CREATE, wr_rd(&w), 256), 0x6985);
	data[n - 1] ^= 1;
	data[n - 67] ^= 1; /* of the request */
	assert_int_equal(emu_cmd(s.card, CREATE, wr_rd(&w), 256), 0x6985);
	w.n = 0;
	host_membership_put(&w, s.group, BP256, s.peer.key); /* for another device */
	assert_int_equal(emu_cmd(s.card, CREATE, wr_rd(&w), 256), 0x6985);
	w.n = 0;
	host_membership_put(&w, p384, "secp384r1", device);
	assert_int_equal(emu_cmd(s.card, CREATE, wr_rd(&w), 256), 0x6A81);
	EMU(s.card, STATUS, 0x6A88, "");
	w.n = 0;
	host_membership_put(&w, s.group, BP256, device);
	assert_int_equal(emu_cmd(s.card, CREATE, wr_rd(&w), 74), 0x9000);
	EVP_PKEY_free(device);
	EVP_PKEY_free(p384);
}

#define XKEK_TEST(f) cmocka_unit_test_setup_teardown(f, ready, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		XKEK_TEST(agree__peer_with_a_known_key__gives_x_of_the_shared_point),
		XKEK_TEST(agree__request_without_its_outermost_tag__is_taken),
		XKEK_TEST(agree__two_cards__wrap_for_each_other),
		XKEK_TEST(generate__key_to_agree_with__names_the_group),
		XKEK_TEST(agree__peer_that_is_not_verified__is_refused),
		XKEK_TEST(agree__request_that_is_not_of_the_group__is_refused),
		XKEK_TEST(agree__key_that_cannot__is_refused),
		XKEK_TEST(agree__uses_and_login__are_counted_and_needed),
		XKEK_TEST(create__membership__is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
