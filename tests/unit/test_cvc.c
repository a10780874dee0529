/* p15/cvc_*.c; a genuine device, an independently made chain, templates of OpenSC */
#include "base/tlv.h"
#include "p15/cvc.h"
#include "vec.h"

#define ID_TA_RSA_SHA256   "04007F00070202020102"
#define ID_TA_ECDSA_SHA256 "04007F00070202020203"
/* The last of the private keys in cvc.json, which have the names of the certificates. */
#define AFTER_PRIVATE_KEYS "device"

#define ROLE "2B0601040181C31F030101"

static const struct {
	const char *file, *anchor, *key;
	const char *car, *chr;
	uint8_t role_bits;
	const char *effective, *expiry;
	const char *curve; /* NULL: inherited */
} certs[] = {
	{ "genuine_device.json", NULL, "root_DESRCACC100001", "DESRCACC100001", "DESRCACC100001",
	        0xC0, "010201010009", "030201010008", "brainpoolP256r1" },
	{ "genuine_device.json", NULL, "root_UTSRCACC100001", "UTSRCACC100001", "UTSRCACC100001",
	        0xC0, "010201010009", "030201010008", "brainpoolP256r1" },
	{ "cvc.json", AFTER_PRIVATE_KEYS, "root", "ZZSRCACC100001", "ZZSRCACC100001", 0xC0,
	        "020600010001", "030600010001", "brainpoolP256r1" },
	{ "cvc.json", AFTER_PRIVATE_KEYS, "dica", "ZZSRCACC100001", "ZZDICA00100001", 0x80,
	        "020600010001", "030400010001", NULL },
	{ "cvc.json", AFTER_PRIVATE_KEYS, "device", "ZZDICA00100001", "ZZEMU01000100000", 0x00,
	        "020600010001", "030400010001", NULL },
};

/* Writes the certificate anew from what was parsed. */
static void check_rebuilt(const char *row, const struct cvc *c, struct rd want)
{
	static uint8_t room[1024];
	struct wr w = WR_ARRAY(room);
	size_t mark = tlv_open(&w, 0x7F21);

	cvc_body_put(&w, c);
	tlv_put(&w, 0x5F37, c->signature);
	tlv_close(&w, mark);
	check_rc(row, wr_done(&w), HSM_OK);
	check_rd(row, wr_rd(&w), want);
}

static void check_curve(const struct curve *curve, const char *name)
{
	if (name == NULL)
		assert_null(curve);
	else
		assert_ptr_equal(curve, curve_by_name(name));
}

static void cvc_parse__certificates__fields_and_same_bytes_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(certs); i++) {
		struct vec v;
		struct rd all = golden(&v, certs[i].file, certs[i].anchor, certs[i].key), r = all;
		struct cvc c;

		check_rc(certs[i].key, cvc_parse(&r, &c), HSM_OK);
		assert_int_equal(r.n, 0);
		assert_int_equal(c.body.p[0] << 8 | c.body.p[1], 0x7F4E);
		assert_ptr_equal(c.body.p + c.body.n + 3, c.signature.p);
		check_rd(certs[i].key, c.car, rd_str(certs[i].car));
		check_rd(certs[i].key, c.chr, rd_str(certs[i].chr));
		check_hex(certs[i].key, c.role, ROLE);
		assert_int_equal(c.role_bits, certs[i].role_bits);
		check_hex(certs[i].key, c.effective, certs[i].effective);
		check_hex(certs[i].key, c.expiry, certs[i].expiry);
		check_hex(certs[i].key, c.key.oid, ID_TA_ECDSA_SHA256);
		assert_false(c.key.is_rsa);
		assert_int_equal(c.key.point.n, 65);
		assert_int_equal(c.signature.n, 64);
		check_curve(c.key.curve, certs[i].curve);
		check_rebuilt(certs[i].key, &c, all);
	}
}

static void cvc_parse__chain_of_the_device__one_after_the_other(void **state)
{
	static const struct {
		const char *car, *chr;
	} chain[] = {
		{ "DEDINK0400001", "DENK040414400000" },
		{ "DESRCACC100001", "DEDINK0400001" },
	};
	struct vec v;
	struct rd r = golden(&v, "genuine_device.json", NULL, "ef_2F02");
	struct cvc c;

	(void)state;
	for (size_t i = 0; i < COUNT(chain); i++) {
		size_t before = r.n;

		check_rc("chain", cvc_parse(&r, &c), HSM_OK);
		assert_int_equal(before - r.n, 232);
		check_rd("car", c.car, rd_str(chain[i].car));
		check_rd("chr", c.chr, rd_str(chain[i].chr));
	}
	assert_int_equal(r.n, 0);
	check_rc("end", cvc_parse(&r, &c), HSM_E_CARD_DATA);
}

static const struct {
	const char *file, *anchor, *key;
	const char *curve; /* NULL: RSA */
	const char *chr, *outer_car;
	size_t covered;
	size_t inner_signature;
} requests[] = {
	{ "genuine_device.json", "CE01_SECP256K1", "data", "secp256k1", "DENK040414400001",
	        "DENK040414400000", 490 - 4 - 67, 64 },
	{ "genuine_device.json", "CE03_SECP256R1", "data", "prime256v1", "DENK040414400001",
	        "DENK040414400000", 490 - 4 - 67, 64 },
	{ "genuine_device.json", "CE04_RSA2048", "data", NULL, "DENK040414400001",
	        "DENK040414400000", 676 - 4 - 67, 256 },
	{ "cvc.json", "request_for_secp256r1_key", "request", "prime256v1", "ZZEMU01000100001",
	        "ZZEMU01000100000", 490 - 4 - 67, 64 },
};

static void cvc_request_parse__requests_of_cards__fields_and_same_body_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(requests); i++) {
		struct vec v;
		struct rd all = golden(&v, requests[i].file, requests[i].anchor, requests[i].key);
		struct cvc_request req;
		struct rd inner;

		check_rc("parse", cvc_request_parse(all, &req), HSM_OK);
		assert_int_equal(req.covered.n, requests[i].covered);
		assert_ptr_equal(req.covered.p, all.p + 4);
		check_rd("car", req.car, rd_str(requests[i].outer_car));
		assert_int_equal(req.signature.n, 64);
		check_rd("inner car", req.request.car, rd_str("UTCA00001"));
		check_rd("chr", req.request.chr, rd_str(requests[i].chr));
		assert_int_equal(req.request.signature.n, requests[i].inner_signature);
		assert_int_equal(req.request.role.n, 0);
		assert_int_equal(req.request.key.is_rsa, requests[i].curve == NULL);
		check_curve(req.request.key.curve, requests[i].curve);
		inner = rd_of(req.covered.p, req.covered.n - req.car.n - 2);
		check_rebuilt("again", &req.request, inner);
		memset(v.p + v.n, 0xA5, 100);
		check_rc("tail", cvc_request_parse(rd_of(v.p, v.n + 100), &req), HSM_OK);
	}
}

static void cvc_request_parse__signed_part__as_in_the_vector(void **state)
{
	struct vec v, signed_part;
	struct cvc_request req;

	(void)state;
	check_rc("parse",
	        cvc_request_parse(
	                golden(&v, "cvc.json", "request_for_secp256r1_key", "request"), &req),
	        HSM_OK);
	check_rd("covered", req.covered,
	        golden(&signed_part, "cvc.json", NULL, "to_be_signed_by_device"));
}

static void cvc_request_parse__rsa__modulus_and_exponent(void **state)
{
	struct vec v;
	struct cvc_request req;

	(void)state;
	check_rc("parse",
	        cvc_request_parse(golden(&v, "genuine_device.json", "CE04_RSA2048", "data"), &req),
	        HSM_OK);
	assert_int_equal(req.request.key.modulus_bits, 2048);
	assert_int_equal(req.request.key.modulus.n, 256);
	check_hex("modulus", rd_of(req.request.key.modulus.p, 8), "9987064B1EF5D88C");
	check_hex("exponent", req.request.key.exponent, "010001");
	check_hex("oid", req.request.key.oid, ID_TA_RSA_SHA256);
}

/* Contents of 7F49 in GENERATE ASYMMETRIC KEY PAIR as OpenSC sends it for RSA-2048. */
#define RSA_TEMPLATE "060A" ID_TA_RSA_SHA256 " 8203010001 02020800"

static void cvc_key__rsa_template__both_ways(void **state)
{
	uint8_t room[64];
	struct wr w = WR_ARRAY(room);
	struct vec v;
	struct cvc_key key;

	(void)state;
	check_rc("parse", cvc_key_parse(unhex(&v, RSA_TEMPLATE), &key), HSM_OK);
	assert_true(key.is_rsa);
	assert_int_equal(key.modulus.n, 0);
	assert_int_equal(key.modulus_bits, 2048);
	check_hex("exponent", key.exponent, "010001");
	cvc_key_put(&w, &key);
	check_hex("put", wr_rd(&w), "7F4915" RSA_TEMPLATE);
}

static void cvc_key__ec_template_of_every_curve__both_ways(void **state)
{
	const struct curve *c;

	(void)state;
	for (size_t i = 0; (c = curve_at(i)) != NULL; i++) {
		uint8_t room[512];
		struct wr w = WR_ARRAY(room);
		struct vec v;
		const struct cvc_key template = { .oid = unhex(&v, ID_TA_ECDSA_SHA256),
			.curve = c };
		struct cvc_key key;
		struct rd r, content;

		cvc_key_put(&w, &template);
		r = wr_rd(&w);
		assert_true(tlv_get(&r, 0x7F49, &content));
		check_rc(c->name, cvc_key_parse(content, &key), HSM_OK);
		assert_ptr_equal(key.curve, c);
		assert_int_equal(key.point.n, 0);
	}
}

#define EC_OID     "060A" ID_TA_ECDSA_SHA256
#define RSA_OID    "060A" ID_TA_RSA_SHA256
#define X16        "00112233445566778899AABBCCDDEEFF"
#define POINT_P192 "8631 04" X16 X16 X16

static void cvc_key_parse__malformed_or_unknown__told_apart(void **state)
{
	static const struct {
		const char *content;
		hsm_rc rc;
	} rows[] = {
		{ EC_OID POINT_P192, HSM_OK },
		{ POINT_P192 EC_OID, HSM_E_CARD_DATA },            /* OID first */
		{ EC_OID, HSM_E_CARD_DATA },                       /* neither curve nor point */
		{ EC_OID "8600", HSM_E_CARD_DATA },                /* empty point */
		{ EC_OID "8630" X16 X16 X16, HSM_E_CARD_DATA },    /* no curve has this length */
		{ EC_OID "8631 02" X16 X16 X16, HSM_E_CARD_DATA }, /* compressed */
		{ EC_OID POINT_P192 POINT_P192, HSM_E_CARD_DATA }, /* twice */
		{ EC_OID POINT_P192 "870102", HSM_E_CARD_DATA },   /* cofactor 2 */
		{ EC_OID "8118 " X16 "0011223344556677" POINT_P192, HSM_E_BAD_ALG },
		{ EC_OID "850101" POINT_P192, HSM_E_BAD_ALG }, /* an order and nothing else */
		{ "060A 04007F00070202030202" POINT_P192, HSM_E_BAD_ALG },
		{ "0609 04007F000702020202" POINT_P192, HSM_E_BAD_ALG },
		{ RSA_OID "8203010001 0201FF", HSM_E_CARD_DATA },
		{ RSA_OID "8203010001", HSM_E_CARD_DATA },
		{ RSA_OID "02020800", HSM_E_CARD_DATA },
		{ RSA_OID "8200 02020800", HSM_E_CARD_DATA },
		{ RSA_OID "8110" X16 "8203010001", HSM_E_CARD_DATA }, /* 128 bits */
		{ RSA_OID "8100 8203010001", HSM_E_CARD_DATA },
		{ "", HSM_E_CARD_DATA },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct vec v;
		struct cvc_key key;

		check_rc(rows[i].content, cvc_key_parse(unhex(&v, rows[i].content), &key),
		        rows[i].rc);
	}
}

/* Every byte of the RSA key's claims: bits, parity, size. */
static void cvc_key_parse__rsa_modulus__claims_checked(void **state)
{
	static const struct {
		size_t n;
		uint8_t first, last;
		hsm_rc rc;
		uint16_t bits;
	} rows[] = {
		{ 128, 0x80, 1, HSM_OK, 1024 },
		{ 128, 0x7F, 1, HSM_E_CARD_DATA, 0 }, /* 1023 bits */
		{ 129, 0x01, 1, HSM_OK, 1025 },
		{ 129, 0x00, 1, HSM_E_CARD_DATA, 0 }, /* zeros in front do not count */
		{ 512, 0xFF, 1, HSM_OK, 4096 }, { 513, 0x01, 1, HSM_E_CARD_DATA, 0 },
		{ 256, 0x80, 2, HSM_E_CARD_DATA, 0 }, /* even */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t modulus[513] = { 0 }, room[600];
		struct wr w = WR_ARRAY(room);
		struct vec oid;
		struct cvc_key key;

		modulus[0] = rows[i].first;
		modulus[rows[i].n - 1] = rows[i].last;
		tlv_put(&w, 0x06, unhex(&oid, ID_TA_RSA_SHA256));
		tlv_put(&w, 0x81, rd_of(modulus, rows[i].n));
		tlv_put(&w, 0x82, RD_LIT("\x01\x00\x01"));
		check_rc("modulus", cvc_key_parse(wr_rd(&w), &key), rows[i].rc);
		if (rows[i].rc == HSM_OK)
			assert_int_equal(key.modulus_bits, rows[i].bits);
	}
}

static void cvc__cut_anywhere__refused_and_nothing_moves(void **state)
{
	struct vec v;
	struct rd cert = golden(&v, "cvc.json", AFTER_PRIVATE_KEYS, "device"), request;
	struct cvc c;
	struct cvc_request req;

	(void)state;
	for (size_t n = 0; n < cert.n; n++) {
		struct rd r = rd_of(cert.p, n);

		check_rc("cert", cvc_parse(&r, &c), HSM_E_CARD_DATA);
		assert_ptr_equal(r.p, cert.p);
		assert_int_equal(r.n, n);
	}
	request = golden(&v, "genuine_device.json", "CE03_SECP256R1", "data");
	for (size_t n = 0; n < request.n; n++)
		check_rc("request", cvc_request_parse(rd_of(request.p, n), &req), HSM_E_CARD_DATA);
}

/* One byte of the device certificate changed at a time. */
static void cvc_parse__field_of_wrong_form__card_data(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t value;
	} rows[] = {
		{ "not a certificate", 1, 0x22 },
		{ "not a body", 5, 0x4F },
		{ "profile 01", 11, 0x01 },
		{ "compressed point", 45, 0x02 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct vec v;
		struct rd r = golden(&v, "cvc.json", AFTER_PRIVATE_KEYS, "device");
		struct cvc c;

		assert_int_not_equal(v.p[rows[i].at], rows[i].value);
		v.p[rows[i].at] = rows[i].value;
		check_rc(rows[i].what, cvc_parse(&r, &c), HSM_E_CARD_DATA);
	}
}

/* The device certificate anew, with fields of other lengths and an object after the signature. */
static hsm_rc rebuilt(size_t car, size_t chr, size_t date, struct rd more)
{
	static const uint8_t digits[17];
	static uint8_t room[1024];
	struct wr w = WR_ARRAY(room);
	struct vec v;
	struct rd r = golden(&v, "cvc.json", AFTER_PRIVATE_KEYS, "device");
	struct cvc c, again;
	size_t mark = tlv_open(&w, 0x7F21);

	check_rc("device", cvc_parse(&r, &c), HSM_OK);
	c.car = rd_of(digits, car);
	c.chr = rd_of(digits, chr);
	c.effective = c.expiry = rd_of(digits, date);
	cvc_body_put(&w, &c);
	tlv_put(&w, 0x5F37, c.signature);
	wr_rd_put(&w, more);
	tlv_close(&w, mark);
	r = wr_rd(&w);
	return cvc_parse(&r, &again);
}

static void cvc_parse__lengths_of_fields__at_and_over_the_limits(void **state)
{
	const struct rd none = RD_LIT(""), more = RD_LIT("\x65\x01\x00");

	(void)state;
	check_rc("longest", rebuilt(16, 16, 6, none), HSM_OK);
	check_rc("shortest", rebuilt(0, 1, 6, none), HSM_OK);
	check_rc("car", rebuilt(17, 16, 6, none), HSM_E_CARD_DATA);
	check_rc("chr", rebuilt(16, 17, 6, none), HSM_E_CARD_DATA);
	check_rc("no chr", rebuilt(16, 0, 6, none), HSM_E_CARD_DATA);
	check_rc("short date", rebuilt(16, 16, 5, none), HSM_E_CARD_DATA);
	check_rc("long date", rebuilt(16, 16, 7, none), HSM_E_CARD_DATA);
	check_rc("after the signature", rebuilt(16, 16, 6, more), HSM_E_CARD_DATA);
}

static void cvc_request_parse__object_after_the_signature__card_data(void **state)
{
	static uint8_t room[1024];
	struct wr w = WR_ARRAY(room);
	struct vec v;
	struct rd r = golden(&v, "genuine_device.json", "CE03_SECP256R1", "data"), content;
	struct cvc_request req;
	size_t mark = tlv_open(&w, 0x67);

	(void)state;
	assert_true(tlv_get(&r, 0x67, &content));
	wr_rd_put(&w, content);
	tlv_put(&w, 0x65, RD_LIT(""));
	tlv_close(&w, mark);
	check_rc("more", cvc_request_parse(wr_rd(&w), &req), HSM_E_CARD_DATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cvc_parse__certificates__fields_and_same_bytes_again),
		cmocka_unit_test(cvc_parse__chain_of_the_device__one_after_the_other),
		cmocka_unit_test(cvc_request_parse__requests_of_cards__fields_and_same_body_again),
		cmocka_unit_test(cvc_request_parse__signed_part__as_in_the_vector),
		cmocka_unit_test(cvc_request_parse__rsa__modulus_and_exponent),
		cmocka_unit_test(cvc_key__rsa_template__both_ways),
		cmocka_unit_test(cvc_key__ec_template_of_every_curve__both_ways),
		cmocka_unit_test(cvc_key_parse__malformed_or_unknown__told_apart),
		cmocka_unit_test(cvc_key_parse__rsa_modulus__claims_checked),
		cmocka_unit_test(cvc__cut_anywhere__refused_and_nothing_moves),
		cmocka_unit_test(cvc_parse__field_of_wrong_form__card_data),
		cmocka_unit_test(cvc_parse__lengths_of_fields__at_and_over_the_limits),
		cmocka_unit_test(cvc_request_parse__object_after_the_signature__card_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
