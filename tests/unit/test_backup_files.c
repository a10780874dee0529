/* backup/wrapfile.c, backup/pkafile.c; files written by sc-hsm-tool, or parsed by it */
#include <stdio.h>
#include <string.h>

#include "backup/backup.h"
#include "p15/cvc.h"
#include "p15/keyblob.h"
#include "p15/p15.h"
#include "p15/pubkey.h"
#include "vec.h"

static uint8_t room[WRAPFILE_MAX + 16];

static struct rd wrap_vector(struct vec *v)
{
	return golden(v, "wrapfile.json", NULL, "file");
}

static void wrapfile__vector__parts_and_the_same_bytes(void **state)
{
	struct vec v;
	const struct rd file = wrap_vector(&v);
	struct wrapfile parts;
	struct keyblob_frame blob;
	struct p15_key key;
	struct pubkey pub;
	struct wr w = WR_ARRAY(room);

	(void)state;
	check_rc("parse", wrapfile_parse(file, &parts), HSM_OK);
	assert_int_equal(keyblob_split(parts.blob, &blob), HSM_OK);
	check_hex("kcv", blob.kcv, "4415267344DFB6E8");
	assert_int_equal(p15_key_parse(parts.prkd, &key), HSM_OK);
	check_rd("label", key.label, RD_LIT("eckey"));
	assert_int_equal(pubkey_from_cert_file(parts.cert, &pub), HSM_OK);
	assert_int_equal(pub.type, PUBKEY_EC);
	assert_int_equal(parts.rest.n, 0);
	check_rc("build", wrapfile_build(&parts, &w), HSM_OK);
	check_rd("build", wr_rd(&w), file);
}

static void wrapfile__file_of_the_vector__is_the_text(void **state)
{
	char path[512];
	uint8_t bytes[2048];
	struct vec v;
	size_t n;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/golden/wrapfile_ec.bin", TEST_SOURCE_DIR);
	f = fopen(path, "rbe");
	assert_non_null(f);
	n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	check_rd("file", rd_of(bytes, n), wrap_vector(&v));
}

/* A blob is only looked at by its length here: 0401AA is one. */
static void wrapfile_parse__parts_by_order(void **state)
{
	static const struct {
		const char *file, *blob, *prkd, *cert, *rest;
	} rows[] = {
		{ "3003 0401AA", "AA", "", "", "" },
		{ "3005 0401AA 3000", "AA", "3000", "", "" },
		{ "3005 0401AA A000", "AA", "A000", "", "" },
		{ "3005 0401AA 6700", "AA", "", "6700", "" },
		{ "3007 0401AA 3000 6700", "AA", "3000", "6700", "" },
		{ "3007 0401AA 6700 3000", "AA", "6700", "3000", "" },
		{ "300B 0401AA 3000 6700 0C02 4142", "AA", "3000", "6700", "0C024142" },
		{ "308103 0401AA", "AA", "", "", "" },
		{ "30820003 0401AA", "AA", "", "", "" },
	};
	struct vec v;
	struct wrapfile got;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *name = rows[i].file;

		check_rc(name, wrapfile_parse(unhex(&v, name), &got), HSM_OK);
		check_hex(name, got.blob, rows[i].blob);
		check_hex(name, got.prkd, rows[i].prkd);
		check_hex(name, got.cert, rows[i].cert);
		check_hex(name, got.rest, rows[i].rest);
	}
}

static void wrapfile_parse__malformed__is_refused(void **state)
{
	static const char *const rows[] = {
		"3000",
		"3002 0400",
		"3003 3001AA",
		"3103 0401AA",
		"3003 0401AA 00",
		"3003 0402AABB",
		"3003 0401",
		"3080 0401AA 0000",
		"3007 0401AA 3080 0000",
		"3083000003 0401AA",
		"3004 0401AA 30",
		"3005 0401AA 3001",
		"3008 0401AA 3000 6700 0C",
	};
	struct vec v;
	struct wrapfile got;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_rc(rows[i], wrapfile_parse(unhex(&v, rows[i]), &got), HSM_E_BAD_DATA);
}

static void wrapfile_parse__no_description__certificate_is_one(void **state)
{
	struct vec v;
	const struct rd cert = golden(&v, "x509.json", NULL, "der");
	const struct wrapfile with = { .blob = RD_LIT("\xAA"), .cert = cert };
	struct wr w = WR_ARRAY(room);
	struct wrapfile got;

	(void)state;
	check_rc("build", wrapfile_build(&with, &w), HSM_OK);
	check_rc("parse", wrapfile_parse(wr_rd(&w), &got), HSM_OK);
	check_rd("certificate", got.cert, cert);
	assert_int_equal(got.prkd.n, 0);
}

static void wrapfile_parse__every_length__only_the_whole(void **state)
{
	struct vec v;
	const struct rd file = wrap_vector(&v);
	struct wrapfile got;

	(void)state;
	for (size_t n = 0; n < file.n; n++)
		check_rc("cut", wrapfile_parse(rd_of(file.p, n), &got), HSM_E_BAD_DATA);
	v.p[v.n] = 0;
	check_rc("longer", wrapfile_parse(rd_of(v.p, v.n + 1), &got), HSM_E_BAD_DATA);
}

static void wrapfile__blob_at_the_limit(void **state)
{
	static uint8_t bytes[KEYBLOB_MAX + 1];

	(void)state;
	for (size_t n = KEYBLOB_MAX; n <= KEYBLOB_MAX + 1; n++) {
		const hsm_rc want = n <= KEYBLOB_MAX ? HSM_OK : HSM_E_BAD_DATA;
		const struct wrapfile parts = { .blob = rd_of(bytes, n) };
		const size_t len = n + 4;
		struct wr w = WR_ARRAY(room);
		struct wrapfile got;

		check_rc("build", wrapfile_build(&parts, &w), want);
		w.n = 0;
		wr_put(&w, (const uint8_t[]){ 0x30, 0x82, (uint8_t)(len >> 8), (uint8_t)len }, 4);
		wr_put(&w, (const uint8_t[]){ 0x04, 0x82, (uint8_t)(n >> 8), (uint8_t)n }, 4);
		wr_put(&w, bytes, n);
		check_rc("parse", wrapfile_parse(wr_rd(&w), &got), want);
	}
}

static void wrapfile_build__wrong_parts_or_no_room__is_refused(void **state)
{
	static const struct {
		struct wrapfile parts;
		size_t cap;
		hsm_rc rc;
	} rows[] = {
		{ { .blob = RD_LIT("\xAA"), .prkd = RD_LIT("\x30\x00") }, 7, HSM_OK },
		{ { .blob = RD_LIT("\xAA"), .prkd = RD_LIT("\x30\x00") }, 6, HSM_E_SMALL },
		{ { .prkd = RD_LIT("\x30\x00") }, 64, HSM_E_BAD_DATA },
		{ { .blob = RD_LIT("\xAA"), .prkd = RD_LIT("\x30\x01") }, 64, HSM_E_BAD_DATA },
		{ { .blob = RD_LIT("\xAA"), .prkd = RD_LIT("\x30\x00\x00") }, 64, HSM_E_BAD_DATA },
		{ { .blob = RD_LIT("\xAA"), .cert = RD_LIT("\x30\x00\x30\x00") }, 64,
		        HSM_E_BAD_DATA },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct wr w = wr_of(room, rows[i].cap);

		check_rc("build", wrapfile_build(&rows[i].parts, &w), rows[i].rc);
	}
}

static void same_parts(const struct pkafile *a, const struct pkafile *b)
{
	check_rd("request", a->request, b->request);
	check_rd("device", a->device, b->device);
	check_rd("issuer", a->issuer, b->issuer);
}

static void pkafile__both_forms__the_same_parts_and_bytes(void **state)
{
	struct vec v_old, v_new;
	const struct rd old_form = golden(&v_old, "pkafile.json", NULL, "old");
	const struct rd new_form = golden(&v_new, "pkafile.json", NULL, "new");
	struct pkafile a, b;
	struct wr w = WR_ARRAY(room);

	(void)state;
	check_rc("old", pkafile_parse(old_form, &a), HSM_OK);
	check_rc("new", pkafile_parse(new_form, &b), HSM_OK);
	same_parts(&a, &b);
	check_rc("old", pkafile_build_old(&b, &w), HSM_OK);
	check_rd("old", wr_rd(&w), old_form);
	w.n = 0;
	check_rc("new", pkafile_build_new(&a, &w), HSM_OK);
	check_rd("new", wr_rd(&w), new_form);
}

/* Issuer, device and request name each other in a chain. */
static void pkafile__file_of_sc_hsm_tool__parts_are_what_they_should_be(void **state)
{
	struct vec v;
	struct pkafile f;
	struct cvc_request request;
	struct cvc device, issuer;

	(void)state;
	check_rc("parse", pkafile_parse(golden(&v, "pkafile.json", NULL, "old"), &f), HSM_OK);
	assert_int_equal(cvc_request_parse(f.request, &request), HSM_OK);
	assert_int_equal(cvc_parse(&f.device, &device), HSM_OK);
	assert_int_equal(cvc_parse(&f.issuer, &issuer), HSM_OK);
	check_rd("signed by the device", request.car, device.chr);
	check_rd("signed by the issuer", device.car, issuer.chr);
	assert_false(rd_equal(issuer.car, issuer.chr));
}

static void pkafile__every_length__only_the_whole(void **state)
{
	static const char *const forms[] = { "old", "new" };
	struct vec v;
	struct pkafile got;

	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		const struct rd file = golden(&v, "pkafile.json", NULL, forms[i]);

		for (size_t n = 0; n < file.n; n++)
			check_rc("cut", pkafile_parse(rd_of(file.p, n), &got), HSM_E_BAD_DATA);
		v.p[v.n] = 0;
		check_rc("longer", pkafile_parse(rd_of(v.p, v.n + 1), &got), HSM_E_BAD_DATA);
	}
}

static void pkafile_parse__other_orders_and_tags__are_refused(void **state)
{
	static const struct {
		const char *file;
		hsm_rc rc;
	} rows[] = {
		{ "3008 6700 7F2100 7F2100", HSM_OK },
		{ "3008 7F2100 7F2100 6700", HSM_E_BAD_DATA },
		{ "3005 6700 7F2100", HSM_E_BAD_DATA },
		{ "300B 6700 7F2100 7F2100 7F2100", HSM_E_BAD_DATA },
		{ "3008 3000 7F2100 7F2100", HSM_E_BAD_DATA },
		{ "301B 060B2B0601040181C31F040301 61037F2100 62037F2100 63026700", HSM_OK },
		{ "301B 060B2B0601040181C31F040302 61037F2100 62037F2100 63026700",
		        HSM_E_BAD_DATA },
		{ "301B 060B2B0601040181C31F040301 62037F2100 61037F2100 63026700",
		        HSM_E_BAD_DATA },
		{ "301E 060B2B0601040181C31F040301 61067F21007F2100 62037F2100 63026700",
		        HSM_E_BAD_DATA },
		{ "301D 060B2B0601040181C31F040301 61037F2100 62037F2100 63026700 0500",
		        HSM_E_BAD_DATA },
		{ "3017 060B2B0601040181C31F040301 61037F2100 62037F2100", HSM_E_BAD_DATA },
		{ "3000", HSM_E_BAD_DATA },
	};
	struct pkafile got;
	struct vec v;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_rc(rows[i].file, pkafile_parse(unhex(&v, rows[i].file), &got), rows[i].rc);
}

static void pkafile_from_card__files_of_a_nitrokey__parts(void **state)
{
	struct vec chain, request, cert;
	struct pkafile f;
	struct cvc device, issuer;
	struct wr w = WR_ARRAY(room);

	(void)state;
	(void)golden(&chain, "genuine_device.json", NULL, "ef_2F02");
	(void)golden(&request, "genuine_device.json", "generated_keys", "data");
	request.p[request.n++] = 0; /* files may have an old tail */
	check_rc("parts",
	        pkafile_from_card(rd_of(request.p, request.n), rd_of(chain.p, chain.n), &f),
	        HSM_OK);
	assert_int_equal(f.request.n, request.n - 1);
	check_rc("build", pkafile_build_old(&f, &w), HSM_OK);
	assert_int_equal(cvc_parse(&f.device, &device), HSM_OK);
	assert_int_equal(cvc_parse(&f.issuer, &issuer), HSM_OK);
	check_rd("chain", device.car, issuer.chr);
	(void)golden(&cert, "x509.json", NULL, "der");
	check_rc("certificate",
	        pkafile_from_card(rd_of(cert.p, cert.n), rd_of(chain.p, chain.n), &f),
	        HSM_E_BAD_DATA);
	check_rc("no issuer",
	        pkafile_from_card(rd_of(request.p, request.n), rd_of(chain.p, 232), &f),
	        HSM_E_BAD_DATA);
}

static void pkafile_build__wrong_parts_or_no_room__is_refused(void **state)
{
	static const struct pkafile good = { RD_LIT("\x67\x00"), RD_LIT("\x7F\x21\x00"),
		RD_LIT("\x7F\x21\x00") };
	struct wr w = wr_of(room, 9);
	struct pkafile f = good;

	(void)state;
	check_rc("room", pkafile_build_old(&f, &w), HSM_E_SMALL);
	w = wr_of(room, 28);
	check_rc("room", pkafile_build_new(&f, &w), HSM_E_SMALL);
	w = wr_of(room, 29);
	check_rc("just room", pkafile_build_new(&f, &w), HSM_OK);
	f.request = RD_LIT("\x7F\x21\x00");
	check_rc("tag", pkafile_build_old(&f, &w), HSM_E_BAD_DATA);
	f = good;
	f.device = RD_LIT("\x7F\x21\x00\x00");
	check_rc("tail", pkafile_build_old(&f, &w), HSM_E_BAD_DATA);
	f = good;
	f.issuer = rd_of(NULL, 0);
	check_rc("absent", pkafile_build_new(&f, &w), HSM_E_BAD_DATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrapfile__vector__parts_and_the_same_bytes),
		cmocka_unit_test(wrapfile__file_of_the_vector__is_the_text),
		cmocka_unit_test(wrapfile_parse__parts_by_order),
		cmocka_unit_test(wrapfile_parse__malformed__is_refused),
		cmocka_unit_test(wrapfile_parse__no_description__certificate_is_one),
		cmocka_unit_test(wrapfile_parse__every_length__only_the_whole),
		cmocka_unit_test(wrapfile__blob_at_the_limit),
		cmocka_unit_test(wrapfile_build__wrong_parts_or_no_room__is_refused),
		cmocka_unit_test(pkafile__both_forms__the_same_parts_and_bytes),
		cmocka_unit_test(pkafile__file_of_sc_hsm_tool__parts_are_what_they_should_be),
		cmocka_unit_test(pkafile__every_length__only_the_whole),
		cmocka_unit_test(pkafile_parse__other_orders_and_tags__are_refused),
		cmocka_unit_test(pkafile_from_card__files_of_a_nitrokey__parts),
		cmocka_unit_test(pkafile_build__wrong_parts_or_no_room__is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
