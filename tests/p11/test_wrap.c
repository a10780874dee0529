/* C_WrapKey, C_UnwrapKey: keys on their way from card to card under the DKEK. Slot 0 and 1 have the
 * same DKEK, slot 2 another, slot 3 none. libcrypto says that the keys are still the same. */
#include <openssl/ec.h>

#include "backup/backup.h"
#include "base/ossl.h"
#include "card/card.h"
#include "p11/twinhsm-pkcs11.h"
#include "p11_keys.h"
#include "p15/keyblob.h"

enum { SLOTS = 4, FILE_MAX = 6000 };

static CK_MECHANISM dkek_wrap = { .mechanism = CKM_TWINHSM_DKEK_WRAP };
static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static CK_SESSION_HANDLE sessions[SLOTS];
static struct key rsa, ec;

static const char *const shares[SLOTS] = {
	"a share of thirty-two characters",
	"a share of thirty-two characters",
	"one more of thirty-two characters",
	NULL,
};

/* ---- cards ---- */

static void give_dkek(const char *path, const char *share)
{
	const uint8_t so_pin[] = { 0x35, 0x37, 0x36, 0x32, 0x31, 0x38, 0x38, 0x30 };
	const struct card_init init = {
		.options = 1,
		.pin = rd_str(FIXTURE_PIN),
		.so_pin = rd_of(so_pin, sizeof(so_pin)),
		.pin_tries = 3,
		.has_dkek = true,
		.dkek_shares = 1,
	};
	struct card_domain d;
	struct card_lane *lane;
	struct card *card;
	char address[300];

	snprintf(address, sizeof(address), "emu:%s", path);
	assert_int_equal(ossl_acquire(), HSM_OK);
	assert_int_equal(card_open(address, &card), HSM_OK);
	assert_int_equal(card_take(card, &lane), HSM_OK);
	assert_int_equal(card_initialize(lane, &init), HSM_OK);
	assert_int_equal(card_import_share(lane, 0, rd_of(share, DKEK_LEN), &d), HSM_OK);
	assert_int_equal(d.state, CARD_DOMAIN_COMPLETE);
	card_give(lane);
	card_close(card);
	ossl_release();
}

static void make_cards(char *settings, size_t cap)
{
	size_t n = (size_t)snprintf(settings, cap, "cards = ");
	char name[16];

	for (size_t i = 0; i < SLOTS; i++) {
		snprintf(name, sizeof(name), "card%zu", i);
		fixture_make_token(fixture_path(name), name);
		if (shares[i] != NULL)
			give_dkek(fixture_path(name), shares[i]);
		n += (size_t)snprintf(
		        settings + n, cap - n, "%semu:%s", i == 0 ? "" : ", ", fixture_path(name));
	}
}

static int setup(void **state)
{
	char settings[1500];

	fixture_group_setup(state);
	make_cards(settings, sizeof(settings));
	OK(fixture_initialize(settings));
	for (CK_SLOT_ID i = 0; i < SLOTS; i++) {
		OK(p11->C_OpenSession(
		        i, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &sessions[i]));
		OK(fixture_login(sessions[i], CKU_USER, FIXTURE_PIN));
	}
	key_rsa(sessions[0], 2048, &rsa);
	key_ec(sessions[0], "brainpoolP256r1", &ec);
	return 0;
}

static int teardown(void **state)
{
	key_done(&rsa);
	key_done(&ec);
	return keys_teardown(state);
}

/* ---- what a card has ---- */

static size_t count(CK_SESSION_HANDLE s)
{
	CK_OBJECT_HANDLE found[32];
	CK_ULONG n;

	OK(p11->C_FindObjectsInit(s, NULL, 0));
	OK(p11->C_FindObjects(s, found, LEN(found), &n));
	OK(p11->C_FindObjectsFinal(s));
	return n;
}

static void wrap(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key, CK_BYTE *file, CK_ULONG *n)
{
	*n = FILE_MAX;
	OK(p11->C_WrapKey(s, &dkek_wrap, CK_INVALID_HANDLE, key, file, n));
}

static CK_RV unwrap(CK_SESSION_HANDLE s, CK_BYTE *file, CK_ULONG n, CK_OBJECT_HANDLE *key)
{
	return p11->C_UnwrapKey(s, &dkek_wrap, CK_INVALID_HANDLE, file, n, NULL, 0, key);
}

/* A signature by a key verifies under the public key that libcrypto has of the original. */
static void assert_same_key(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key, const struct key *original)
{
	CK_MECHANISM m = { .mechanism = original->is_rsa ? CKM_SHA256_RSA_PKCS : CKM_ECDSA_SHA256 };
	CK_BYTE sig[512], der[160], *p = der;
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	CK_ULONG n = sizeof(sig);

	OK(p11->C_SignInit(s, &m, key));
	OK(p11->C_Sign(s, bytes("text"), 4, sig, &n));
	if (!original->is_rsa) {
		ECDSA_SIG *rs = ECDSA_SIG_new();
		const int half = (int)n / 2;

		assert_int_equal(ECDSA_SIG_set0(rs, BN_bin2bn(sig, half, NULL),
		                         BN_bin2bn(sig + half, half, NULL)),
		        1);
		n = (CK_ULONG)i2d_ECDSA_SIG(rs, &p);
		ECDSA_SIG_free(rs);
	}
	assert_int_equal(EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, original->pkey), 1);
	assert_int_equal(EVP_DigestVerify(md, original->is_rsa ? sig : der, n,
	                         (const unsigned char *)"text", 4),
	        1);
	EVP_MD_CTX_free(md);
}

static CK_ULONG get(
        CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, void *v, CK_ULONG cap)
{
	CK_ATTRIBUTE a = { type, v, cap };

	OK(p11->C_GetAttributeValue(s, o, &a, 1));
	return a.ulValueLen;
}

/* ---- blobs that no card of ours made ---- */

static size_t build(const struct keyblob *key, struct rd prkd, CK_BYTE *file)
{
	struct wr w = wr_of(file, FILE_MAX);
	uint8_t blob[KEYBLOB_MAX], random[KEYBLOB_RANDOM] = { 0 };
	struct wr b = WR_ARRAY(blob);
	AUTO_DKEK dkek = { 0 };

	assert_int_equal(ossl_acquire(), HSM_OK);
	assert_int_equal(dkek_derive(rd_of(shares[0], DKEK_LEN), &dkek), HSM_OK);
	assert_int_equal(keyblob_build(&dkek, key, random, &b), HSM_OK);
	ossl_release();
	assert_int_equal(
	        wrapfile_build(&(struct wrapfile){ .blob = wr_rd(&b), .prkd = prkd }, &w), HSM_OK);
	return w.n;
}

/* PrKD of an EC key: label "x", id 77, to sign with, 256 bits. */
static const uint8_t ec_prkd[] = { 0xA0, 0x21, 0x30, 0x0A, 0x0C, 0x01, 'x', 0x03, 0x02, 0x06, 0xC0,
	0x04, 0x01, 0x01, 0x30, 0x07, 0x04, 0x01, 0x77, 0x03, 0x02, 0x05, 0x20, 0xA1, 0x0A, 0x30,
	0x08, 0x30, 0x02, 0x04, 0x00, 0x02, 0x02, 0x01, 0x00 };

/* The private key 1 of P-256, whose public key is the base point; `algs` is its list. */
static size_t build_ec(struct rd algs, CK_BYTE *file)
{
	static const uint8_t one[32] = { [31] = 1 };
	const struct curve *c = curve_by_name("prime256v1");
	struct keyblob key = { .type = KEYBLOB_EC, .algs = algs, .bits = 256 };

	key.part[KB_EC_A] = c->a;
	key.part[KB_EC_B] = c->b;
	key.part[KB_EC_P] = c->p;
	key.part[KB_EC_ORDER] = c->order;
	key.part[KB_EC_G] = c->g;
	key.part[KB_EC_Q] = c->g;
	key.part[KB_EC_D] = rd_of(one, sizeof(one));
	return build(&key, rd_of(ec_prkd, sizeof(ec_prkd)), file);
}

/* ---- tests ---- */

static void wrap__length_query__small_buffer__file_under_the_cards_key(void **state)
{
	CK_BYTE file[FILE_MAX], sum[32];
	CK_ULONG n = 0, wanted;

	(void)state;
	OK(p11->C_WrapKey(sessions[0], &dkek_wrap, 0, rsa.priv, NULL, &n));
	wanted = n;
	assert_in_range(n, 1200, 3000);
	n = wanted - 1;
	RV(p11->C_WrapKey(sessions[0], &dkek_wrap, 0, rsa.priv, file, &n), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(n, wanted);
	OK(p11->C_WrapKey(sessions[0], &dkek_wrap, 0, rsa.priv, file, &n));
	assert_int_equal(n, wanted);
	/* SEQUENCE { OCTET STRING { check value: SHA-256 of the DKEK ... */
	assert_memory_equal(file, "\x30\x82", 2);
	assert_int_equal(file[2] << 8 | file[3], n - 4);
	assert_memory_equal(file + 4, "\x04\x82", 2);
	assert_int_equal(EVP_Digest(shares[0], DKEK_LEN, sum, NULL, EVP_sha256(), NULL), 1);
	assert_memory_equal(file + 8, sum, 8);
}

static void unwrap__card_with_the_same_key__same_key_with_its_name(void **state)
{
	const struct key *keys[] = { &rsa, &ec };
	CK_BYTE file[FILE_MAX], was[64], is[64];
	CK_OBJECT_HANDLE key;
	CK_ULONG n;

	(void)state;
	for (size_t i = 0; i < LEN(keys); i++) {
		const size_t before = count(sessions[1]);

		wrap(sessions[0], keys[i]->priv, file, &n);
		OK(unwrap(sessions[1], file, n, &key));
		assert_int_equal(count(sessions[1]), before + 2);
		assert_same_key(sessions[1], key, keys[i]);
		n = get(sessions[0], keys[i]->priv, CKA_ID, was, sizeof(was));
		assert_int_equal(get(sessions[1], key, CKA_ID, is, sizeof(is)), n);
		assert_memory_equal(was, is, n);
		n = get(sessions[0], keys[i]->priv, CKA_LABEL, was, sizeof(was));
		assert_int_equal(get(sessions[1], key, CKA_LABEL, is, sizeof(is)), n);
		assert_memory_equal(was, is, n);
	}
}

static void unwrap__template__gives_name_and_uses(void **state)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE type = CKK_RSA;
	CK_BYTE id[] = { 0x42, 0x43 };
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &yes, 1 },
		{ CKA_PRIVATE, &yes, 1 },
		{ CKA_LABEL, bytes("another"), 7 },
		{ CKA_ID, id, sizeof(id) },
		{ CKA_SIGN, &yes, 1 },
		{ CKA_DECRYPT, &no, 1 },
	};
	CK_BYTE file[FILE_MAX], v[64];
	CK_OBJECT_HANDLE key;
	CK_ULONG n;

	(void)state;
	wrap(sessions[0], rsa.priv, file, &n);
	OK(p11->C_UnwrapKey(sessions[1], &dkek_wrap, 0, file, n, t, LEN(t), &key));
	assert_int_equal(get(sessions[1], key, CKA_ID, v, sizeof(v)), sizeof(id));
	assert_memory_equal(v, id, sizeof(id));
	assert_int_equal(get(sessions[1], key, CKA_LABEL, v, sizeof(v)), 7);
	assert_memory_equal(v, "another", 7);
	get(sessions[1], key, CKA_DECRYPT, v, 1);
	assert_int_equal(v[0], CK_FALSE);
	assert_same_key(sessions[1], key, &rsa);
}

static void unwrap__template_for_something_else__refused_and_nothing_there(void **state)
{
	static CK_OBJECT_CLASS secret = CKO_SECRET_KEY;
	static CK_KEY_TYPE ec_type = CKK_EC;
	static CK_BYTE long_label[P15_LABEL_MAX + 1];
	const struct {
		CK_ATTRIBUTE a;
		CK_RV rv;
	} rows[] = {
		{ { CKA_CLASS, &secret, sizeof(secret) }, CKR_TEMPLATE_INCONSISTENT },
		{ { CKA_KEY_TYPE, &ec_type, sizeof(ec_type) }, CKR_TEMPLATE_INCONSISTENT },
		{ { CKA_TOKEN, &no, 1 }, CKR_TEMPLATE_INCONSISTENT },
		{ { CKA_PRIVATE, &no, 1 }, CKR_TEMPLATE_INCONSISTENT },
		{ { CKA_EXTRACTABLE, &yes, 1 }, CKR_TEMPLATE_INCONSISTENT },
		{ { CKA_DERIVE, &yes, 1 }, CKR_TEMPLATE_INCONSISTENT },
		{ { CKA_LOCAL, &yes, 1 }, CKR_ATTRIBUTE_READ_ONLY },
		{ { CKA_VALUE, long_label, 4 }, CKR_ATTRIBUTE_TYPE_INVALID },
		{ { CKA_LABEL, long_label, sizeof(long_label) }, CKR_ATTRIBUTE_VALUE_INVALID },
	};
	const size_t before = count(sessions[1]);
	CK_BYTE file[FILE_MAX];
	CK_OBJECT_HANDLE key;
	CK_ULONG n;

	(void)state;
	wrap(sessions[0], rsa.priv, file, &n);
	for (size_t i = 0; i < LEN(rows); i++) {
		CK_ATTRIBUTE a = rows[i].a;

		RV(p11->C_UnwrapKey(sessions[1], &dkek_wrap, 0, file, n, &a, 1, &key), rows[i].rv);
	}
	assert_int_equal(count(sessions[1]), before);
}

static void other_dkek_or_none__refused(void **state)
{
	CK_BYTE file[FILE_MAX];
	CK_OBJECT_HANDLE key;
	struct key local;
	CK_ULONG n;

	(void)state;
	wrap(sessions[0], ec.priv, file, &n);
	RV(unwrap(sessions[2], file, n, &key), CKR_WRAPPED_KEY_INVALID);
	RV(unwrap(sessions[3], file, n, &key), CKR_MECHANISM_INVALID);
	assert_int_equal(count(sessions[2]), 0);
	assert_int_equal(count(sessions[3]), 0);
	key_ec(sessions[3], "prime256v1", &local);
	RV(p11->C_WrapKey(sessions[3], &dkek_wrap, 0, local.priv, NULL, &n), CKR_KEY_NOT_WRAPPABLE);
	key_done(&local);
}

static void key_list_without_wrapping__cannot_leave(void **state)
{
	CK_BYTE file[FILE_MAX];
	CK_OBJECT_HANDLE key;
	CK_ULONG n;

	(void)state;
	n = build_ec(RD_LIT("\x70\x73"), file);
	OK(unwrap(sessions[1], file, n, &key));
	RV(p11->C_WrapKey(sessions[1], &dkek_wrap, 0, key, NULL, &n), CKR_KEY_UNEXTRACTABLE);
	n = build_ec(RD_LIT("\x70\x73\x92"), file);
	OK(unwrap(sessions[1], file, n, &key));
	OK(p11->C_WrapKey(sessions[1], &dkek_wrap, 0, key, NULL, &n));
}

static void secret_key__refused_before_anything_is_written(void **state)
{
	const struct keyblob aes = {
		.type = KEYBLOB_AES, .bits = 256, .part[KB_AES_KEY] = rd_of(shares[2], 32)
	};
	const size_t before = count(sessions[1]);
	CK_BYTE file[FILE_MAX];
	CK_OBJECT_HANDLE key;

	(void)state;
	RV(unwrap(sessions[1], file, build(&aes, (struct rd){ 0 }, file), &key),
	        CKR_KEY_TYPE_INCONSISTENT);
	assert_int_equal(count(sessions[1]), before);
}

/* Each byte of the blob counts. */
static void damaged_file__refused_and_nothing_there(void **state)
{
	const size_t before = count(sessions[1]);
	CK_BYTE file[FILE_MAX];
	CK_OBJECT_HANDLE key;
	CK_ULONG n;

	(void)state;
	n = build_ec(RD_LIT(""), file);
	for (CK_ULONG i = 1; i < n; i++)
		RV(unwrap(sessions[1], file, i, &key), CKR_WRAPPED_KEY_INVALID);
	for (CK_ULONG i = 0; i < n - sizeof(ec_prkd); i++) {
		CK_RV rv;

		file[i] ^= 0x10;
		rv = unwrap(sessions[1], file, n, &key);
		if (rv != CKR_WRAPPED_KEY_INVALID)
			fail_msg("byte %lu: %lX", i, rv);
		file[i] ^= 0x10;
	}
	assert_int_equal(count(sessions[1]), before);
}

static void bad_arguments__each_has_its_answer(void **state)
{
	CK_MECHANISM with = { CKM_TWINHSM_DKEK_WRAP, &yes, 1 },
	             other = { .mechanism = CKM_AES_CBC };
	CK_BYTE file[FILE_MAX];
	CK_OBJECT_HANDLE key;
	CK_SESSION_HANDLE s = sessions[0], read_only;
	CK_ULONG n = sizeof(file);

	(void)state;
	RV(p11->C_WrapKey(s, NULL, 0, ec.priv, file, &n), CKR_ARGUMENTS_BAD);
	RV(p11->C_WrapKey(s, &dkek_wrap, 0, ec.priv, file, NULL), CKR_ARGUMENTS_BAD);
	RV(p11->C_WrapKey(s, &with, 0, ec.priv, file, &n), CKR_MECHANISM_PARAM_INVALID);
	RV(p11->C_WrapKey(s, &other, 0, ec.priv, file, &n), CKR_MECHANISM_INVALID);
	RV(p11->C_WrapKey(s, &dkek_wrap, rsa.priv, ec.priv, file, &n),
	        CKR_WRAPPING_KEY_HANDLE_INVALID);
	RV(p11->C_WrapKey(s, &dkek_wrap, 0, 999, file, &n), CKR_KEY_HANDLE_INVALID);
	RV(p11->C_WrapKey(s, &dkek_wrap, 0, ec.pub, file, &n), CKR_KEY_NOT_WRAPPABLE);
	wrap(s, ec.priv, file, &n);
	RV(p11->C_UnwrapKey(s, NULL, 0, file, n, NULL, 0, &key), CKR_ARGUMENTS_BAD);
	RV(p11->C_UnwrapKey(s, &dkek_wrap, 0, file, n, NULL, 0, NULL), CKR_ARGUMENTS_BAD);
	RV(p11->C_UnwrapKey(s, &dkek_wrap, 0, NULL, n, NULL, 0, &key), CKR_ARGUMENTS_BAD);
	RV(p11->C_UnwrapKey(s, &dkek_wrap, 0, file, n, NULL, 1, &key), CKR_ARGUMENTS_BAD);
	RV(p11->C_UnwrapKey(s, &with, 0, file, n, NULL, 0, &key), CKR_MECHANISM_PARAM_INVALID);
	RV(p11->C_UnwrapKey(s, &dkek_wrap, rsa.priv, file, n, NULL, 0, &key),
	        CKR_UNWRAPPING_KEY_HANDLE_INVALID);
	OK(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &read_only));
	OK(p11->C_WrapKey(read_only, &dkek_wrap, 0, ec.priv, NULL, &n));
	RV(unwrap(read_only, file, n, &key), CKR_SESSION_READ_ONLY);
}

/* The last test: the user is out then. */
static void logged_out__neither_way(void **state)
{
	CK_BYTE file[FILE_MAX];
	CK_OBJECT_HANDLE key;
	CK_ULONG n;

	(void)state;
	wrap(sessions[0], ec.priv, file, &n);
	OK(p11->C_Logout(sessions[0]));
	RV(p11->C_WrapKey(sessions[0], &dkek_wrap, 0, ec.priv, NULL, &n), CKR_USER_NOT_LOGGED_IN);
	RV(unwrap(sessions[0], file, n, &key), CKR_USER_NOT_LOGGED_IN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrap__length_query__small_buffer__file_under_the_cards_key),
		cmocka_unit_test(unwrap__card_with_the_same_key__same_key_with_its_name),
		cmocka_unit_test(unwrap__template__gives_name_and_uses),
		cmocka_unit_test(unwrap__template_for_something_else__refused_and_nothing_there),
		cmocka_unit_test(other_dkek_or_none__refused),
		cmocka_unit_test(key_list_without_wrapping__cannot_leave),
		cmocka_unit_test(secret_key__refused_before_anything_is_written),
		cmocka_unit_test(damaged_file__refused_and_nothing_there),
		cmocka_unit_test(bad_arguments__each_has_its_answer),
		cmocka_unit_test(logged_out__neither_way),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
