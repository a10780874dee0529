/* p15/pubkey.c, p15/spki.c, p15/x509.c; certificates and their parts by the openssl command */
#include "base/tlv.h"
#include "p15/cvc.h"
#include "p15/pubkey.h"
#include "vec.h"

/* The last of the private keys in cvc.json, which have the names of the certificates. */
#define AFTER_PRIVATE_KEYS "device"

static const struct {
	const char *name;
	const char *curve; /* NULL: RSA */
	uint16_t bits;
	bool standard; /* the SubjectPublicKeyInfo is the one that we write */
} certs[] = {
	{ "ec_p256", "prime256v1", 256, true },
	{ "ec_p521", "secp521r1", 521, true },
	{ "ec_explicit", "brainpoolP256r1", 256, false },
	{ "rsa_2048", NULL, 2048, true },
	{ "rsa_v1", NULL, 1024, true },
};

static struct rd x509(struct vec *v, const char *name, const char *key)
{
	return golden(v, "x509.json", name, key);
}

static void check_fields(const char *name)
{
	struct vec der, v;
	struct x509_fields f;
	size_t n = x509(&der, name, "der").n;

	memset(der.p + n, 0xFF, 16);
	check_rc(name, x509_parse(rd_of(der.p, n + 16), &f), HSM_OK);
	assert_int_equal(f.whole.n, n);
	check_rd(name, f.serial, x509(&v, name, "serial"));
	check_rd(name, f.issuer, x509(&v, name, "issuer"));
	check_rd(name, f.subject, x509(&v, name, "subject"));
	check_rd(name, f.not_before, x509(&v, name, "not_before"));
	check_rd(name, f.not_after, x509(&v, name, "not_after"));
	check_rd(name, f.spki, x509(&v, name, "spki"));
}

static void x509_parse__certificates_of_openssl__fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(certs); i++)
		check_fields(certs[i].name);
	check_fields("ed25519");
}

static void x509_parse__cut_anywhere__card_data(void **state)
{
	struct vec der;
	struct rd cert = x509(&der, "ec_p256", "der");
	struct x509_fields f;

	(void)state;
	for (size_t n = 0; n < cert.n; n++)
		check_rc("cut", x509_parse(rd_of(cert.p, n), &f), HSM_E_CARD_DATA);
}

/* Puts other bytes of the same length where `part` is, or a byte of it. */
static void x509_parse__field_of_wrong_form__card_data(void **state)
{
	static const struct {
		const char *what;
		const char *part;
		int offset; /* from the part's first byte */
		uint8_t value;
	} rows[] = {
		{ "serial is no INTEGER", "serial", 0, 0x04 },
		{ "issuer is no SEQUENCE", "issuer", 0, 0x31 },
		{ "subject is no SEQUENCE", "subject", 0, 0x31 },
		{ "key is no SEQUENCE", "spki", 0, 0x31 },
		{ "letter in a time", "not_before", 3, 'A' },
		{ "time without Z", "not_after", 12, '0' },
		{ "time of another type", "not_after", -2, 0x18 },
		{ "outer length too short", "der", 3, 0x00 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct vec der, v;
		struct rd cert = x509(&der, "ec_p256", "der");
		struct rd part = x509(&v, "ec_p256", rows[i].part);
		uint8_t *at = memmem(der.p, cert.n, part.p, part.n);
		struct x509_fields f;

		assert_non_null(at);
		assert_int_not_equal(at[rows[i].offset], rows[i].value);
		at[rows[i].offset] = rows[i].value;
		check_rc(rows[i].what, x509_parse(cert, &f), HSM_E_CARD_DATA);
	}
}

#define TIME "170D 3236303130313030303030305A"

/* The smallest certificate, and what must not be added or left out. */
static void x509_parse__made_by_hand__only_the_grammar(void **state)
{
	static const struct {
		const char *what;
		const char *cert;
		hsm_rc rc;
	} rows[] = {
		{ "version 1", "3032 302B 020101 3000 3000 301E" TIME TIME "3000 3000 3000 030100",
		        HSM_OK },
		{ "version 3",
		        "3037 3030 A003020102 020101 3000 3000 301E" TIME TIME
		        "3000 3000 3000 030100",
		        HSM_OK },
		{ "three times",
		        "3041 303A 020101 3000 3000 302D" TIME TIME TIME "3000 3000 3000 030100",
		        HSM_E_CARD_DATA },
		{ "serial without a byte",
		        "3031 302A 0200 3000 3000 301E" TIME TIME "3000 3000 3000 030100",
		        HSM_E_CARD_DATA },
		{ "object after the signature",
		        "3034 302B 020101 3000 3000 301E" TIME TIME "3000 3000 3000 030100 0500",
		        HSM_E_CARD_DATA },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct x509_fields f;
		struct vec v;

		check_rc(rows[i].what, x509_parse(unhex(&v, rows[i].cert), &f), rows[i].rc);
	}
}

static void check_key(const char *row, const struct pubkey *key, const char *curve, uint16_t bits)
{
	assert_int_equal(key->type, curve == NULL ? PUBKEY_RSA : PUBKEY_EC);
	assert_int_equal(key->bits, bits);
	if (curve == NULL)
		assert_null(key->curve);
	else if (key->curve != curve_by_name(curve))
		fail_msg("%s: other curve", row);
}

static void pubkey_from_spki__keys_of_openssl__numbers_and_same_bytes_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(certs); i++) {
		const char *name = certs[i].name;
		struct vec spki, v;
		struct rd bytes = x509(&spki, name, "spki");
		uint8_t room[600];
		struct wr w = WR_ARRAY(room);
		struct pubkey key;

		check_rc(name, pubkey_from_spki(bytes, &key), HSM_OK);
		check_key(name, &key, certs[i].curve, certs[i].bits);
		if (certs[i].curve == NULL) {
			check_rd(name, key.modulus, x509(&v, name, "modulus"));
			check_rd(name, key.exponent, x509(&v, name, "exponent"));
		} else {
			check_rd(name, key.point, x509(&v, name, "point"));
		}
		pubkey_put_spki(&w, &key);
		check_rc(name, wr_done(&w), HSM_OK);
		if (certs[i].standard)
			check_rd(name, wr_rd(&w), bytes);
	}
}

static void pubkey_from_spki__other_algorithm_or_damage__card_data(void **state)
{
	static const struct {
		const char *what;
		const char *cert;
		size_t at;
		uint8_t value;
	} rows[] = {
		{ "Ed25519", "ed25519", 0, 0x30 },
		{ "unknown curve", "ec_p256", 22, 0x09 },
		{ "unused bits", "ec_p256", 25, 0x01 },
		{ "compressed", "ec_p256", 26, 0x02 },
		{ "other algorithm", "ec_p256", 12, 0x09 },
		{ "parameters are not NULL", "rsa_2048", 17, 0x04 },
		{ "modulus is negative", "rsa_2048", 32, 0x80 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct vec v;
		struct rd spki = x509(&v, rows[i].cert, "spki");
		struct pubkey key;

		v.p[rows[i].at] = rows[i].value;
		check_rc(rows[i].what, pubkey_from_spki(spki, &key), HSM_E_CARD_DATA);
	}
}

static void pubkey_from_spki__cut_or_more__card_data(void **state)
{
	struct pubkey key;

	(void)state;
	for (size_t i = 0; i < COUNT(certs); i++) {
		struct vec v;
		struct rd spki = x509(&v, certs[i].name, "spki");

		for (size_t n = 0; n < spki.n; n++)
			check_rc("cut", pubkey_from_spki(rd_of(spki.p, n), &key), HSM_E_CARD_DATA);
		check_rc(
		        "more", pubkey_from_spki(rd_of(spki.p, spki.n + 1), &key), HSM_E_CARD_DATA);
	}
}

static void pubkey_from_spki__object_after_the_key__card_data(void **state)
{
	uint8_t room[600];
	struct wr w = WR_ARRAY(room);
	struct vec v;
	struct rd r = x509(&v, "ec_p256", "spki"), content;
	struct pubkey key;
	size_t mark = tlv_open(&w, 0x30);

	(void)state;
	assert_true(tlv_get(&r, 0x30, &content));
	wr_rd_put(&w, content);
	tlv_put(&w, 0x05, RD_LIT(""));
	tlv_close(&w, mark);
	check_rc("more", pubkey_from_spki(wr_rd(&w), &key), HSM_E_CARD_DATA);
}

/* RFC 3279 section 2.3.1 wants NULL; that nothing is there is tolerated, more is not. */
static void pubkey_from_spki__rsa_parameters__null_or_none(void **state)
{
	static const struct {
		const char *alg;
		hsm_rc rc;
	} rows[] = {
		{ "300D 06092A864886F70D010101 0500", HSM_OK },
		{ "300B 06092A864886F70D010101", HSM_OK },
		{ "300E 06092A864886F70D010101 050100", HSM_E_CARD_DATA },
		{ "300F 06092A864886F70D010101 0500 0500", HSM_E_CARD_DATA },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t room[600];
		struct wr w = WR_ARRAY(room);
		struct vec v, alg;
		struct rd r = x509(&v, "rsa_2048", "spki"), content, old;
		struct pubkey key;
		size_t mark = tlv_open(&w, 0x30);

		assert_true(tlv_get(&r, 0x30, &content) && tlv_get(&content, 0x30, &old));
		wr_rd_put(&w, unhex(&alg, rows[i].alg));
		wr_rd_put(&w, content);
		tlv_close(&w, mark);
		check_rc(rows[i].alg, pubkey_from_spki(wr_rd(&w), &key), rows[i].rc);
	}
}

static void pubkey_from_spki__explicit_parameters_of_version_0__card_data(void **state)
{
	struct vec v;
	struct rd spki = x509(&v, "ec_explicit", "spki");
	uint8_t *at = memmem(v.p, v.n, "\x02\x01\x01\x30", 4);
	struct pubkey key;

	(void)state;
	assert_non_null(at);
	at[2] = 0;
	check_rc("version", pubkey_from_spki(spki, &key), HSM_E_CARD_DATA);
}

static void pubkey_from_spki__exponent_longer_than_modulus__card_data(void **state)
{
	static uint8_t ones[129];
	struct pubkey key = { .type = PUBKEY_RSA, .modulus = rd_of(ones, 128) }, back;

	(void)state;
	memset(ones, 0xFF, sizeof(ones));
	for (size_t n = 128; n <= 129; n++) {
		uint8_t room[400];
		struct wr w = WR_ARRAY(room);

		key.exponent = rd_of(ones, n);
		pubkey_put_spki(&w, &key);
		check_rc("exponent", pubkey_from_spki(wr_rd(&w), &back),
		        n == 128 ? HSM_OK : HSM_E_CARD_DATA);
	}
}

/* Domain parameters, but no point: a request for a key in place of a key. */
static void pubkey_from_cert_file__template_without_point__card_data(void **state)
{
	static uint8_t room[1024];
	struct wr w = WR_ARRAY(room);
	struct vec v;
	struct rd r = golden(&v, "cvc.json", AFTER_PRIVATE_KEYS, "root");
	struct cvc c;
	struct pubkey key;
	size_t mark = tlv_open(&w, 0x7F21);

	(void)state;
	check_rc("root", cvc_parse(&r, &c), HSM_OK);
	c.key.point = RD_LIT("");
	cvc_body_put(&w, &c);
	tlv_put(&w, 0x5F37, c.signature);
	tlv_close(&w, mark);
	r = wr_rd(&w);
	check_rc("certificate", cvc_parse(&r, &c), HSM_OK);
	check_rc("key", pubkey_from_cert_file(wr_rd(&w), &key), HSM_E_CARD_DATA);
}

static void pubkey_from_cert_file__three_forms__key(void **state)
{
	static const struct {
		const char *file, *anchor, *key;
		const char *curve;
		uint16_t bits;
	} rows[] = {
		{ "genuine_device.json", "CE01_SECP256K1", "data", "secp256k1", 256 },
		{ "genuine_device.json", "CE03_SECP256R1", "data", "prime256v1", 256 },
		{ "genuine_device.json", "CE04_RSA2048", "data", NULL, 2048 },
		{ "cvc.json", AFTER_PRIVATE_KEYS, "root", "brainpoolP256r1", 256 },
		{ "x509.json", "ec_p521", "der", "secp521r1", 521 },
		{ "x509.json", "rsa_v1", "der", NULL, 1024 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct vec v;
		struct rd file = golden(&v, rows[i].file, rows[i].anchor, rows[i].key);
		struct pubkey key;

		memset(v.p + v.n, 0, 32);
		check_rc(rows[i].key, pubkey_from_cert_file(rd_of(v.p, file.n + 32), &key), HSM_OK);
		check_key(rows[i].key, &key, rows[i].curve, rows[i].bits);
	}
}

/* The key inside the genuine RSA request, written as SubjectPublicKeyInfo: header by RFC 8017. */
static void pubkey_put_spki__key_of_a_request__der(void **state)
{
	struct vec v;
	uint8_t room[300];
	struct wr w = WR_ARRAY(room);
	struct pubkey key;

	(void)state;
	check_rc("parse",
	        pubkey_from_cert_file(
	                golden(&v, "genuine_device.json", "CE04_RSA2048", "data"), &key),
	        HSM_OK);
	pubkey_put_spki(&w, &key);
	check_rc("put", wr_done(&w), HSM_OK);
	assert_int_equal(w.n, 294);
	check_hex("header", rd_of(room, 33),
	        "30820122300D06092A864886F70D01010105000382010F003082010A0282010100");
	check_rd("modulus", rd_of(room + 33, 256), key.modulus);
	check_hex("exponent", rd_of(room + 289, 5), "0203010001");
}

static void pubkey_from_cert_file__no_key_to_show__card_data(void **state)
{
	static const struct {
		const char *file, *anchor, *key;
	} rows[] = {
		{ "cvc.json", AFTER_PRIVATE_KEYS, "device" }, /* the curve is inherited */
		{ "cvc.json", AFTER_PRIVATE_KEYS, "dica" },
		{ "x509.json", "ed25519", "der" },
		{ "pkcs15.json", NULL, "prkd_rsa_smartcardshell" }, /* 30, but no certificate */
		{ "pkcs15.json", NULL, "prkd_ec_smartcardshell" },
	};
	struct pubkey key;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct vec v;

		check_rc(rows[i].key,
		        pubkey_from_cert_file(
		                golden(&v, rows[i].file, rows[i].anchor, rows[i].key), &key),
		        HSM_E_CARD_DATA);
	}
	check_rc("empty", pubkey_from_cert_file(RD_LIT(""), &key), HSM_E_CARD_DATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(x509_parse__certificates_of_openssl__fields),
		cmocka_unit_test(x509_parse__cut_anywhere__card_data),
		cmocka_unit_test(x509_parse__field_of_wrong_form__card_data),
		cmocka_unit_test(pubkey_from_spki__keys_of_openssl__numbers_and_same_bytes_again),
		cmocka_unit_test(pubkey_from_spki__other_algorithm_or_damage__card_data),
		cmocka_unit_test(pubkey_from_spki__cut_or_more__card_data),
		cmocka_unit_test(x509_parse__made_by_hand__only_the_grammar),
		cmocka_unit_test(pubkey_from_spki__object_after_the_key__card_data),
		cmocka_unit_test(pubkey_from_spki__rsa_parameters__null_or_none),
		cmocka_unit_test(pubkey_from_spki__explicit_parameters_of_version_0__card_data),
		cmocka_unit_test(pubkey_from_spki__exponent_longer_than_modulus__card_data),
		cmocka_unit_test(pubkey_from_cert_file__template_without_point__card_data),
		cmocka_unit_test(pubkey_from_cert_file__three_forms__key),
		cmocka_unit_test(pubkey_put_spki__key_of_a_request__der),
		cmocka_unit_test(pubkey_from_cert_file__no_key_to_show__card_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
