/* Public key authentication: sc-hsm sheet sections 4.20 to 4.23, 10.3 and 11. */
#include "emu_file.h"
#include "emu_golden.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ossl.h"
#include "base/tlv.h"
#include "key/pka_key.h"
#include "p15/cvc.h"
#include "pka_host.h"

#define P256      (&ec_specs[1])
#define SELECT    "00A40400 0B E82B0601040181C31F0201 00"
#define STATUS    "80540000 00"
#define LIST_USER "00D7CF01 06 54020000 5300" /* needs the user */

/* A card that wants `nm`, and three signers. */
struct scene {
	struct emu_bench *b;
	struct signer s[3];
};

static void scene_open(struct scene *t, const char *init)
{
	static const char *const holders[] = { "UTKEYHOLDER1", "UTKEYHOLDER2", "UTKEYHOLDER3" };

	t->b = emu_bench_new();
	EMU(t->b, init, 0x9000, "");
	for (size_t i = 0; i < 3; i++)
		signer_new(&t->s[i], P256, holders[i]);
}

static void scene_close(struct scene *t)
{
	for (size_t i = 0; i < 3; i++)
		signer_free(&t->s[i]);
	emu_bench_free(t->b);
}

static void scene_registered(struct scene *t, const char *init)
{
	scene_open(t, init);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(register_signer(t->b, &t->s[i]), 0x9000);
}

/* ---- the vector of section 11 ---- */

/* A value of tests/golden/pka.json. */
static struct rd vector(const char *key, struct buf *out)
{
	static char text[4096];
	FILE *f = fopen(TEST_SOURCE_DIR "/golden/pka.json", "r");
	char *at;
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = 0;
	at = strstr(text, key);
	assert_non_null(at);
	at = strstr(at, ": \"") + 3;
	*strchr(at, '"') = 0;
	assert_int_equal(buf_reserve(out, strlen(at) + 1), HSM_OK);
	out->n = strchr("0123456789ABCDEF", at[0]) == NULL ? 0 : emu_unhex(at, out->p, out->cap);
	if (out->n == 0)
		assert_int_equal(buf_set(out, rd_str(at)), HSM_OK);
	return buf_rd(out);
}

/* Tag 7F49 of the point that a private key belongs to, by libcrypto. */
static struct rd public_of(struct rd scalar, struct wr *w)
{
	const struct curve *curve = curve_by_name("brainpoolP256r1");
	EC_GROUP *group = EC_GROUP_new_by_curve_name(OBJ_sn2nid(curve->name));
	EC_POINT *point = EC_POINT_new(group);
	BIGNUM *k = BN_bin2bn(scalar.p, (int)scalar.n, NULL);
	uint8_t bytes[POINT_MAX];
	struct cvc_key key = {
		.oid = RD_LIT("\x04\x00\x7F\x00\x07\x02\x02\x02\x02\x03"),
		.curve = curve,
		.point = rd_of(bytes, 65),
	};

	assert_int_equal(EC_POINT_mul(group, point, k, NULL, NULL, NULL), 1);
	assert_int_equal(EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, bytes,
	                         sizeof(bytes), NULL),
	        65);
	cvc_key_put(w, &key);
	BN_free(k);
	EC_POINT_free(point);
	EC_GROUP_free(group);
	return wr_rd(w);
}

static void pka_key_signed__vector__verifies(void **state)
{
	AUTO_BUF chr = { 0 };
	AUTO_BUF challenge = { 0 };
	AUTO_BUF scalar = { 0 };
	AUTO_BUF command = { 0 };
	uint8_t bytes[512], *last;
	struct wr w = WR_ARRAY(bytes);
	struct rd key, sig;

	(void)state;
	assert_int_equal(ossl_acquire(), HSM_OK);
	vector("device_chr", &chr);
	chr.p[chr.n] = 0; /* there is room: hex digits were expected */
	vector("challenge", &challenge);
	key = public_of(vector("authenticator_private_key", &scalar), &w);
	sig = vector("external_authenticate", &command);
	assert_true(sig.n == 5 + 64);
	sig = rd_of(sig.p + 5, 64);
	assert_true(pka_key_signed(key, (const char *)chr.p, buf_rd(&challenge), sig));
	last = &command.p[command.n - 1];
	*last ^= 1;
	assert_false(pka_key_signed(key, (const char *)chr.p, buf_rd(&challenge), sig));
	*last ^= 1;
	challenge.p[0] ^= 1;
	assert_false(pka_key_signed(key, (const char *)chr.p, buf_rd(&challenge), sig));
	challenge.p[0] ^= 1;
	chr.p[15] ^= 1;
	assert_false(pka_key_signed(key, (const char *)chr.p, buf_rd(&challenge), sig));
	chr.p[15] ^= 1;
	assert_false(pka_key_signed(
	        key, (const char *)chr.p, buf_rd(&challenge), rd_of(sig.p, sig.n - 1)));
	assert_true(pka_key_signed(key, (const char *)chr.p, buf_rd(&challenge), sig));
	ossl_release();
}

/* ---- setting up ---- */

static void initialize__numbers__must_make_sense(void **state)
{
	struct emu_bench *b = emu_bench_new();

	(void)state;
	EMU(b, PKA_INIT("0300"), 0x6A80, "");
	EMU(b, PKA_INIT("0203"), 0x6A80, "");
	EMU(b, PKA_INIT("0000"), 0x6A80, "");
	EMU(b, PKA_INIT("5B01"), 0x6A80, "");
	EMU(b, "80500000 11 80020001 8208" TEST_SO " 930103", 0x6A80, "");
	EMU(b, "80500000 13 80020001 8208" TEST_SO " 9303030201", 0x6A80, "");
	EMU(b, PKA_INIT_OPTION("0011", "0302"), 0x6A80, ""); /* with the PIN, but there is none */
	EMU(b, "80500000 19 80020011 8106363438323139 8208" TEST_SO " 910103", 0x6A80, "");
	EMU(b, "80500000 19 80020009 8106363438323139 8208" TEST_SO " 910103", 0x6A80, "");
	EMU(b, PKA_INIT("5A5A"), 0x9000, "");
	EMU(b, STATUS, 0x9000, "5A 5A 5A 00");
	emu_bench_free(b);
}

static void manage_pka__not_configured__is_unknown(void **state)
{
	struct emu_bench *b = emu_bench_ready();

	(void)state;
	EMU(b, STATUS, 0x6D00, "");
	EMU(b, "80540200 00", 0x6D00, "");
	EMU(b, "80540000 02 7F21 00", 0x6D00, "");
	EMU(b, "002281A4 0A 8308 5554544D30303031", 0x6A88, "");
	EMU(b, "00840000 08", 0x9000, NULL);
	EMU(b, "00820000 01 00", 0x6A88, "");
	emu_bench_free(b);
}

static void initialize__again__forgets_the_keys(void **state)
{
	struct scene t;

	(void)state;
	scene_registered(&t, PKA_INIT("0302"));
	EMU(t.b, PKA_INIT("0301"), 0x9000, "");
	EMU(t.b, STATUS, 0x9000, "03 03 01 00");
	EMU(t.b, "80540200 00", 0x6A88, "");
	EMU(t.b, "80500000 19 80020001 8106363438323139 8208" TEST_SO " 910103", 0x9000, "");
	EMU(t.b, STATUS, 0x6D00, "");
	scene_close(&t);
}

/* ---- registration ---- */

static void manage_pka__registration__counts_down(void **state)
{
	struct scene t;

	(void)state;
	scene_open(&t, PKA_INIT("0302"));
	EMU(t.b, "80540000 04", 0x9000, "03 03 02 00");
	EMU(t.b, STATUS, 0x9000, "03 03 02 00");
	EMU(t.b, "80540000 03", 0x6700, "");
	EMU(t.b, "80540000", 0x6700, "");
	assert_int_equal(register_signer(t.b, &t.s[2]), 0x9000);
	assert_true(rd_equal(emu_data(t.b), RD_LIT("\x03\x02\x02\x00")));
	assert_int_equal(register_signer(t.b, &t.s[0]), 0x9000);
	trust_signer(t.b, &t.s[1]); /* without Le the status stays away */
	assert_int_equal(emu_cmd(t.b, 0x80540000, rd_of(t.s[1].request, t.s[1].n), 0), 0x9000);
	EMU(t.b, STATUS, 0x9000, "03 00 02 00");
	EMU(t.b, "80540200 00", 0x9000, "55544B4559484F4C44455233"); /* in order of registration */
	EMU(t.b, "80540201 00", 0x9000, "55544B4559484F4C44455231");
	EMU(t.b, "80540202 0C", 0x9000, "55544B4559484F4C44455232");
	EMU(t.b, "80540202 0B", 0x6700, "");
	EMU(t.b, "80540203 00", 0x6A88, "");
	EMU(t.b, "805402FF 00", 0x6A88, "");
	EMU(t.b, "80540200 01 00 00", 0x6700, "");
	EMU(t.b, "80540001 00", 0x6A86, "");
	EMU(t.b, "80540300 00", 0x6A86, "");
	scene_close(&t);
}

static void manage_pka__every_kind_of_key__registers_and_signs(void **state)
{
	struct signer s;
	char chr[17];

	(void)state;
	for (size_t i = 0; i < 14; i++) {
		struct emu_bench *b = emu_bench_new();

		EMU(b, PKA_INIT("0101"), 0x9000, "");
		snprintf(chr, sizeof(chr), "UTKEYKIND%03zu", i);
		signer_new(&s, i < 12 ? &ec_specs[i] : &rsa_specs[i == 12 ? 0 : 2], chr);
		assert_int_equal(register_signer(b, &s), 0x9000);
		EMU(b, LIST_USER, 0x6982, "");
		assert_int_equal(login_signer(b, &s), 0x9000);
		EMU(b, LIST_USER, 0x9000, "");
		signer_free(&s);
		emu_bench_free(b);
	}
}

/* Keys that a genuine card has made, with its genuine chain: tests/golden/genuine_device.json. */
static void genuine(const char *key, struct buf *out)
{
	AUTO_BUF text = { 0 };
	FILE *f = fopen(TEST_SOURCE_DIR "/golden/genuine_device.json", "r");
	char *at;

	assert_non_null(f);
	assert_int_equal(buf_reserve(&text, 65536), HSM_OK);
	text.n = fread(text.p, 1, text.cap - 1, f);
	fclose(f);
	text.p[text.n] = 0;
	at = strstr((const char *)text.p, key);
	assert_non_null(at);
	if (strncmp(key, "CE", 2) == 0)
		at = strstr(at, "\"data\"");
	at = strstr(at, ": \"") + 3;
	assert_int_equal(buf_reserve(out, 4096), HSM_OK);
	*strchr(at, '"') = 0;
	out->n = emu_unhex(at, out->p, out->cap);
}

static void manage_pka__keys_of_a_genuine_card__register(void **state)
{
	static const char *const keys[] = { "CE01_SECP256K1", "CE03_SECP256R1", "CE04_RSA2048" };
	struct emu_bench *b = emu_bench_new();
	struct rd certs, device = { 0 }, issuer = { 0 };
	AUTO_BUF chain = { 0 };

	(void)state;
	genuine("ef_2F02\"", &chain);
	certs = buf_rd(&chain);
	assert_true(tlv_get(&certs, 0x7F21, &device) && tlv_get(&certs, 0x7F21, &issuer));
	assert_int_equal(choose_holder(b, 0x002281B6, "DESRCACC100001"), 0x9000);
	assert_int_equal(emu_cmd(b, 0x002A00BE, issuer, 0), 0x9000);
	assert_int_equal(choose_holder(b, 0x002281B6, "DEDINK0400001"), 0x9000);
	assert_int_equal(emu_cmd(b, 0x002A00BE, device, 0), 0x9000);
	for (size_t i = 0; i < 3; i++) {
		AUTO_BUF request = { 0 };
		struct rd whole, content;

		genuine(keys[i], &request);
		whole = buf_rd(&request);
		assert_true(tlv_get(&whole, 0x67, &content));
		EMU(b, PKA_INIT("0202"), 0x9000, "");
		assert_int_equal(choose_holder(b, 0x002281B6, "DENK040414400000"), 0x9000);
		assert_int_equal(emu_cmd(b, 0x80540000, content, 256), 0x9000);
		EMU(b, "80540200 00", 0x9000, "44454E4B303430343134343030303031");
		assert_int_equal(emu_cmd(b, 0x80540000, content, 256), 0x6985); /* once is enough */
	}
	emu_bench_free(b);
}

/* Registers a changed copy of the request. */
static uint16_t register_changed(struct emu_bench *b, const struct signer *s, size_t at)
{
	struct signer changed = *s;

	changed.request[at] ^= 1;
	return emu_cmd(b, 0x80540000, rd_of(changed.request, changed.n), 256);
}

/* What follows the first of these bytes. */
static size_t after(const struct signer *s, struct rd bytes)
{
	const uint8_t *at = memmem(s->request, s->n, bytes.p, bytes.n);

	assert_non_null(at);
	return (size_t)(at - s->request) + bytes.n;
}

static void manage_pka__bad_requests__are_refused(void **state)
{
	struct scene t;
	char own[17], chr[17];
	struct signer *s;
	size_t point;

	(void)state;
	scene_open(&t, PKA_INIT("0202"));
	s = &t.s[0];
	EMU(t.b, "80540000 02 7F21 00", 0x6A88, ""); /* nobody who could have signed it */
	trust_signer(t.b, s);
	EMU(t.b, "80540000 02 7F21 00", 0x6A80, "");
	assert_int_equal(emu_cmd(t.b, 0x80540000, rd_of(s->request, s->n), 3), 0x6700);
	assert_int_equal(emu_cmd(t.b, 0x80540000, rd_of(s->request, s->n - 1), 256), 0x6A80);
	point = after(s, RD_LIT("\x86\x41"));
	assert_int_equal(register_changed(t.b, s, point + 64), 0x6985); /* not on the curve */
	assert_int_equal(register_changed(t.b, s, point), 0x6A80);      /* nor a point at all */
	assert_int_equal(register_changed(t.b, s, after(s, RD_LIT("\x85\x20"))), 0x6A81);
	assert_int_equal(register_changed(t.b, s, after(s, RD_LIT("UTKEY"))), 0x6985);
	assert_int_equal(
	        register_changed(t.b, s, after(s, RD_LIT("\x5F\x37\x40"))), 0x6985); /* inner */
	assert_int_equal(register_changed(t.b, s, s->n - 1), 0x6985);                /* outer */
	assert_int_equal(register_changed(t.b, s, s->n - 66), 0x6A80);               /* its tag */
	/* The device's signature, but another one is selected: another device, or an issuer. */
	trust_signer(t.b, &t.s[1]);
	assert_int_equal(emu_cmd(t.b, 0x80540000, rd_of(s->request, s->n), 256), 0x6985);
	device_chr(t.b, own);
	assert_int_equal(choose_holder(t.b, 0x002281B6, own), 0x9000);
	assert_int_equal(emu_cmd(t.b, 0x80540000, rd_of(s->request, s->n), 256), 0x6985);
	assert_int_equal(choose_holder(t.b, 0x002281B6, "ZZTWINCA00001"), 0x9000);
	assert_int_equal(emu_cmd(t.b, 0x80540000, rd_of(s->request, s->n), 256), 0x6985);
	EMU(t.b, STATUS, 0x9000, "02 02 02 00");
	/* The certificate of a device is no request, whoever signed it. */
	device_chr(s->b, chr);
	assert_int_equal(choose_holder(t.b, 0x002281B6, chr), 0x9000);
	assert_int_equal(emu_cmd(t.b, 0x80540000, rd_of(s->request, s->n), 256), 0x9000);
	scene_close(&t);
}

/* Without the device's certificate nobody can be named who has signed. */
static void manage_pka__foreign_device__is_not_known(void **state)
{
	struct scene t;
	char chr[17];

	(void)state;
	scene_open(&t, PKA_INIT("0202"));
	device_chr(t.s[0].b, chr);
	assert_int_equal(choose_holder(t.b, 0x002281B6, chr), 0x6A88);
	assert_int_equal(emu_cmd(t.b, 0x80540000, rd_of(t.s[0].request, t.s[0].n), 256), 0x6A88);
	scene_close(&t);
}

static void manage_pka__same_key_or_holder_or_too_many__is_refused(void **state)
{
	struct scene t;
	struct signer twin;

	(void)state;
	scene_open(&t, PKA_INIT("0202"));
	assert_int_equal(register_signer(t.b, &t.s[0]), 0x9000);
	assert_int_equal(register_signer(t.b, &t.s[0]), 0x6985);
	signer_new(&twin, P256, t.s[0].chr); /* another key, the same name */
	assert_int_equal(register_signer(t.b, &twin), 0x6985);
	assert_int_equal(register_signer(t.b, &t.s[1]), 0x9000);
	assert_int_equal(register_signer(t.b, &t.s[2]), 0x6985);
	EMU(t.b, STATUS, 0x9000, "02 00 02 00");
	signer_free(&twin);
	scene_close(&t);
}

/* The card's own key may be one of them: whoever has its PIN then has that key. */
static void manage_pka__key_of_the_card_itself__registers(void **state)
{
	struct emu_bench *b = emu_bench_new();
	struct signer s = { .spec = P256, .chr = "UTOWNKEY00001" };
	uint8_t template[1024];
	struct rd request, content;
	char own[17];

	(void)state;
	EMU(b, PKA_INIT_PIN("0001", "0101"), 0x9000, "");
	EMU(b, "00200081 06 363438323139", 0x9000, "");
	assert_int_equal(emu_cmd(b, 0x00460100,
	                         rd_of(template, key_template_put(P256, NULL, s.chr, NULL, template,
	                                                 sizeof(template))),
	                         0x10000),
	        0x9000);
	request = emu_data(b);
	assert_true(tlv_get(&request, 0x67, &content));
	memcpy(s.request, content.p, content.n);
	s.n = content.n;
	device_chr(b, own);
	assert_int_equal(choose_holder(b, 0x002281B6, own), 0x9000);
	assert_int_equal(emu_cmd(b, 0x80540000, rd_of(s.request, s.n), 256), 0x9000);
	emu_bench_free(b);
}

/* ---- in the file ---- */

static void emu_open__damaged_registrations__are_noticed(void **state)
{
	static const char *const damages[] = {
		"DROP TABLE pka",
		"UPDATE card SET pka_keys = 91",
		"UPDATE card SET pka_keys = -1",
		"UPDATE card SET pka_keys = 0", /* keys of nothing, and a token key for nothing */
		"UPDATE card SET pka_keys = 0, pka_required = 0, token_key = NULL",
		"UPDATE card SET pka_required = 0",
		"UPDATE card SET pka_required = 4",
		"UPDATE card SET token_key = NULL",
		"UPDATE card SET token_key = zeroblob(31)",
		"UPDATE card SET token_key = zeroblob(33)",
		"UPDATE card SET options = options | 0x10", /* the PIN as well: no token key */
		"DELETE FROM pin",
		"UPDATE pka SET number = -1 WHERE number = 0",
		"UPDATE pka SET number = 3 WHERE number = 0",
		"UPDATE pka SET rev = 0",
		"UPDATE pka SET chr = x'55544B45594844'",
		"UPDATE pka SET chr = zeroblob(17)",
		"UPDATE pka SET key = x''",
		"UPDATE pka SET key = zeroblob(1025)",
		"UPDATE pka SET key = CAST(key || x'00' AS BLOB)",
		"UPDATE pka SET key = CAST(substr(key, 1, 100) AS BLOB)",
		"UPDATE pka SET key = x'7F490F060A04007F00070202020102820103'",
	};
	struct token_place p;
	AUTO_BUF good = { 0 };
	struct signer s;
	struct emu_bench *b;

	(void)state;
	place_create(&p, EMU_KDF_CHEAP);
	b = emu_bench_open(p.path);
	EMU(b, PKA_INIT("0302"), 0x9000, "");
	signer_new(&s, P256, "UTKEYHOLDER1");
	assert_int_equal(register_signer(b, &s), 0x9000);
	signer_free(&s);
	emu_bench_free(b);
	file_read(p.path, &good);
	OPENS(p.path, HSM_OK);
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		file_write(p.path, buf_rd(&good));
		file_sql(p.path, damages[i]);
		print_message("%s\n", damages[i]);
		OPENS(p.path, HSM_E_TOKEN_DAMAGED);
	}
	place_remove(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pka_key_signed__vector__verifies),
		cmocka_unit_test(initialize__numbers__must_make_sense),
		cmocka_unit_test(manage_pka__not_configured__is_unknown),
		cmocka_unit_test(initialize__again__forgets_the_keys),
		cmocka_unit_test(manage_pka__registration__counts_down),
		cmocka_unit_test(manage_pka__every_kind_of_key__registers_and_signs),
		cmocka_unit_test(manage_pka__keys_of_a_genuine_card__register),
		cmocka_unit_test(manage_pka__bad_requests__are_refused),
		cmocka_unit_test(manage_pka__foreign_device__is_not_known),
		cmocka_unit_test(manage_pka__same_key_or_holder_or_too_many__is_refused),
		cmocka_unit_test(manage_pka__key_of_the_card_itself__registers),
		cmocka_unit_test(emu_open__damaged_registrations__are_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
