/* Keys, certificates and data objects of a token, and the files they leave on the card. */
#include <openssl/ec.h>
#include <string.h>

#include "token_bench.h"

static const struct rd none = { 0 };

/* ---- keys ---- */

static void token_generate__ec__writes_what_opensc_writes(void **state)
{
	static const uint8_t id[] = { 0x11 };
	struct new_key k = {
		.label = rd_str("testec"),
		.id = rd_of(id, 1),
		.usage = P15_SIGN | P15_SIGN_RECOVER | P15_DERIVE,
		.curve = curve_by_name("prime256v1"),
	};
	struct object *priv, *pub;
	struct token *t = *state;

	assert_ok(token_generate(t, &k, &priv, &pub));
	assert_int_equal(priv->nn, 1);
	assert_int_equal(priv->fid, 0xCE01);
	assert_true(priv->on_token && priv->is_private && !pub->is_private);
	assert_int_equal(priv->handle % 2, 0);
	/* OpenSC 0.27, recorded for key 2: only the reference differs */
	assert_string_equal(bench_file_hex(t, 0xC401),
	        "A02E300F0C06746573746563030206C0040101300F0401110303073080030203B8020101A10A3008"
	        "3002040002020100");
	assert_int_equal(strncmp(bench_file_hex(t, 0xCE01), "67", 2), 0);
	object_free(priv);
	object_free(pub);
}

static void token_generate__rsa__writes_what_opensc_writes(void **state)
{
	static const uint8_t id[] = { 0x10 };
	struct new_key k = {
		.label = rd_str("testrsa"),
		.id = rd_of(id, 1),
		.usage = P15_DECRYPT | P15_SIGN | P15_SIGN_RECOVER,
		.rsa_bits = 2048,
	};
	struct object *priv, *pub;
	struct token *t = *state;

	assert_ok(token_generate(t, &k, &priv, &pub));
	assert_string_equal(bench_file_hex(t, 0xC401),
	        "302E30100C0774657374727361030206C0040101300E04011003020470030203B8020101A10A3008"
	        "3002040002020800");
	assert_int_equal(pub->key.bits, 2048);
	assert_int_equal(pub->key.modulus.n, 256);
	object_free(priv);
	object_free(pub);
}

static void token_generate__no_id__is_sha1_of_the_public_key(void **state)
{
	struct new_key k = { .label = rd_str("e"), .curve = curve_by_name("secp384r1") };
	struct new_key r = { .label = rd_str("r"), .rsa_bits = 1024 };
	struct object *priv, *pub;
	uint8_t id[20];

	assert_ok(token_generate(*state, &k, &priv, &pub));
	EVP_Digest(pub->key.point.p, pub->key.point.n, id, NULL, EVP_sha1(), NULL);
	assert_true(rd_equal(priv->id, rd_of(id, 20)));
	object_free(priv);
	object_free(pub);
	assert_ok(token_generate(*state, &r, &priv, &pub));
	EVP_Digest(pub->key.modulus.p, pub->key.modulus.n, id, NULL, EVP_sha1(), NULL);
	assert_true(rd_equal(pub->id, rd_of(id, 20)));
	object_free(priv);
	object_free(pub);
}

static void token_generate__label_and_id__are_kept_to_the_limit(void **state)
{
	char label[P15_LABEL_MAX + 1], id[P15_ID_MAX + 1];
	struct new_key k = { .usage = P15_SIGN, .curve = curve_by_name("prime256v1") };
	struct object *priv, *pub;

	memset(label, 'l', sizeof(label));
	memset(id, 'i', sizeof(id));
	k.label = rd_of(label, P15_LABEL_MAX);
	k.id = rd_of(id, P15_ID_MAX);
	assert_ok(token_generate(*state, &k, &priv, &pub));
	assert_true(rd_equal(priv->label, k.label) && rd_equal(pub->id, k.id));
	object_free(priv);
	object_free(pub);
	k.label.n++;
	assert_rc(token_generate(*state, &k, &priv, &pub), HSM_E_BAD_LEN);
	k.label.n--;
	k.id.n++;
	assert_rc(token_generate(*state, &k, &priv, &pub), HSM_E_BAD_LEN);
	assert_int_equal(bench_count(*state, OBJECT_PRIVATE_KEY), 1);
}

static void token_generate__gaps__are_filled_but_not_remains(void **state)
{
	struct token *t = *state;
	struct object *o;

	bench_key(t, "one", rd_str("1"));
	bench_key(t, "two", rd_str("2"));
	bench_key(t, "three", rd_str("3"));
	bench_delete(t, 0xCC02);
	bench_delete(t, 0xC402);
	bench_key(t, "four", rd_str("4")); /* CE02 is still there */
	o = bench_find(t, OBJECT_PRIVATE_KEY, "four");
	assert_int_equal(o->nn, 4);
	object_free(o);
	bench_delete(t, 0xCE02);
	bench_key(t, "five", rd_str("5"));
	o = bench_find(t, OBJECT_PRIVATE_KEY, "five");
	assert_int_equal(o->nn, 2);
	object_free(o);
}

static void token_generate__refused__leaves_nothing(void **state)
{
	struct new_key k = { .label = rd_str("x"), .rsa_bits = 1000 };
	struct object *priv, *pub;
	struct token *t = *state;

	assert_rc(token_generate(t, &k, &priv, &pub), HSM_E_BAD_ALG);
	assert_ok(token_logout(t));
	k.rsa_bits = 1024;
	assert_rc(token_generate(t, &k, &priv, &pub), HSM_E_NOT_AUTH);
	assert_int_equal(bench_count(t, OBJECT_PRIVATE_KEY), 0);
	assert_string_equal(bench_file_hex(t, 0xC401), "");
	assert_string_equal(bench_file_hex(t, 0xCE01), "");
}

/* ---- descriptions by other programs, and none ---- */

static void token_objects__other_writers__are_understood(void **state)
{
	/* sc-hsm-embedded and the SmartCard shell, both for an EC key of 256 bits */
	static const struct {
		const char *record, *label;
		uint8_t id;
		uint16_t usage;
	} rows[] = {
		{ "A01F30070C05656D62656330080401110303062000A10A30083002040002020100", "embec",
		        0x11, P15_SIGN },
		{ "A01F30070C0565636B657930080401020303072080A10A30083002040002020100", "eckey",
		        0x02, P15_SIGN | P15_DERIVE },
	};
	struct token *t = *state;

	bench_key(t, "ours", none);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct object *o;

		bench_write_hex(t, 0xC401, rows[i].record);
		o = bench_find(t, OBJECT_PRIVATE_KEY, rows[i].label);
		assert_true(rd_equal(o->id, rd_of(&rows[i].id, 1)));
		assert_int_equal(o->usage, rows[i].usage);
		assert_int_equal(o->access, 0);
		object_free(o);
	}
}

static void token_objects__no_description__shows_the_key_by_number(void **state)
{
	static const uint8_t kid = 1;
	static const char *const records[] = { NULL, "", "00", "A0", "A07F30070C05", "3000" };
	struct token *t = *state;

	bench_key(t, "ours", rd_str("id"));
	for (size_t i = 0; i < COUNT(records); i++) {
		struct object *o;

		if (records[i] == NULL)
			bench_delete(t, 0xC401);
		else
			bench_write_hex(t, 0xC401, records[i]);
		o = bench_find(t, OBJECT_PRIVATE_KEY, "");
		assert_true(rd_equal(o->id, rd_of(&kid, 1)));
		assert_int_equal(o->usage, P15_SIGN | P15_DERIVE);
		assert_int_equal(o->key.type, PUBKEY_EC);
		object_free(o);
		assert_int_equal(bench_count(t, OBJECT_PUBLIC_KEY), 1);
	}
}

static void token_objects__no_request__shows_type_and_size(void **state)
{
	struct token *t = *state;
	unsigned long handle = bench_key(t, "lonely", rd_str("id"));
	struct object *o;

	bench_delete(t, 0xCE01);
	o = bench_find(t, OBJECT_PRIVATE_KEY, "lonely");
	assert_int_equal(o->handle, handle);
	assert_int_equal(o->key.type, PUBKEY_EC);
	assert_int_equal(o->key.bits, 256);
	assert_int_equal(o->key.point.n, 0);
	assert_null(o->key.curve);
	object_free(o);
	assert_int_equal(bench_count(t, OBJECT_PUBLIC_KEY), 0);
	bench_write_hex(t, 0xCE01, "67820010FFFF");
	assert_int_equal(bench_count(t, OBJECT_PUBLIC_KEY), 0);
	bench_write_hex(t, 0xCE01, "3082FFFF30");
	assert_int_equal(bench_count(t, OBJECT_PRIVATE_KEY), 1);
	assert_int_equal(bench_count(t, OBJECT_PUBLIC_KEY), 0);
	assert_int_equal(bench_count(t, OBJECT_CERTIFICATE), 0);
}

static void token_objects__aes_description__is_skipped(void **state)
{
	struct token *t = *state;

	bench_key(t, "hidden", none);
	bench_write_hex(t, 0xC401,
	        "A81C30080C06656D62616573300804011203"
	        "0306C000A006300402020100");
	assert_int_equal(bench_count(t, OBJECT_PRIVATE_KEY), 0);
	assert_int_equal(bench_count(t, OBJECT_PUBLIC_KEY), 0);
}

static void token_objects__leftovers__are_shown_when_described(void **state)
{
	struct token *t = *state;

	bench_key(t, "a", rd_str("1"));
	bench_key(t, "b", rd_str("2"));
	bench_delete(t, 0xCC01);
	bench_delete(t, 0xCC02);
	bench_delete(t, 0xC402);
	assert_int_equal(bench_count(t, OBJECT_PRIVATE_KEY), 0);
	assert_int_equal(bench_count(t, OBJECT_PUBLIC_KEY), 1);
	object_free(bench_find(t, OBJECT_PUBLIC_KEY, "a"));
}

/* ---- certificates ---- */

struct cert_bench {
	struct token *t;
	EVP_PKEY *issuer, *key; /* key: public half of the token's key "signer", id "id" */
	struct buf der;
};

static void cert_bench_new(struct cert_bench *b, struct token *t)
{
	struct object *pub;

	*b = (struct cert_bench){ .t = t, .issuer = EVP_EC_gen("P-256") };
	bench_key(t, "signer", rd_str("id"));
	pub = bench_find(t, OBJECT_PUBLIC_KEY, "signer");
	b->key = pkey_from(&pub->key);
	object_free(pub);
	make_cert(b->issuer, b->key, "signer", &b->der);
}

static void cert_bench_done(struct cert_bench *b)
{
	EVP_PKEY_free(b->issuer);
	EVP_PKEY_free(b->key);
	buf_free(&b->der);
}

static void token_add_certificate__of_a_key__goes_to_the_key(void **state)
{
	static const char *const labels[] = { "", "signer" };
	struct cert_bench b;
	struct object *cert, *pub;
	const char *record;

	cert_bench_new(&b, *state);
	for (size_t i = 0; i < COUNT(labels); i++) {
		assert_ok(token_add_certificate(
		        b.t, rd_str(labels[i]), rd_str("id"), buf_rd(&b.der), &cert));
		assert_int_equal(cert->fid, 0xCE01);
		assert_true(rd_equal(cert->value, buf_rd(&b.der)));
		assert_true(rd_equal(cert->label, rd_str("signer")));
		assert_true(rd_equal(cert->id, rd_str("id")));
		object_free(cert);
	}
	pub = bench_find(b.t, OBJECT_PUBLIC_KEY, "signer");
	assert_rc(token_remove(b.t, pub), HSM_E_NOT_ALLOWED);
	object_free(pub);
	/* the subject CN=signer, as OpenSC puts it into the description */
	record = bench_file_hex(b.t, 0xC401);
	assert_non_null(strstr(record, "A01530133011310F300D06035504030C067369676E6572"));
	assert_non_null(strstr(record, "030203B8020101"));
	cert_bench_done(&b);
}

static void token_add_certificate__no_id__finds_the_key_made_without_id(void **state)
{
	EVP_PKEY *issuer = EVP_EC_gen("P-256"), *key;
	struct token *t = *state;
	struct buf der = { 0 };
	struct object *pub, *cert;

	bench_key(t, "k", none);
	pub = bench_find(t, OBJECT_PUBLIC_KEY, "k");
	key = pkey_from(&pub->key);
	make_cert(issuer, key, "k", &der);
	assert_ok(token_add_certificate(t, none, none, buf_rd(&der), &cert));
	assert_int_equal(cert->fid, 0xCE01);
	assert_true(rd_equal(cert->id, pub->id));
	object_free(cert);
	object_free(pub);
	EVP_PKEY_free(key);
	EVP_PKEY_free(issuer);
	buf_free(&der);
}

static void token_add_certificate__not_of_a_key__stands_alone(void **state)
{
	struct cert_bench b;
	struct object *cert;
	struct buf other = { 0 };

	cert_bench_new(&b, *state);
	/* another label */
	assert_ok(
	        token_add_certificate(b.t, rd_str("my cert"), rd_str("id"), buf_rd(&b.der), &cert));
	assert_int_equal(cert->fid, 0xCA00);
	assert_true(rd_equal(cert->label, rd_str("my cert")));
	assert_true(rd_equal(cert->id, rd_str("id")));
	object_free(cert);
	/* another public key: the request must not be lost */
	make_cert(b.issuer, NULL, "root", &other);
	assert_ok(token_add_certificate(b.t, none, rd_str("id"), buf_rd(&other), &cert));
	assert_int_equal(cert->fid, 0xCA01);
	object_free(cert);
	assert_int_equal(strncmp(bench_file_hex(b.t, 0xCE01), "67", 2), 0);
	/* OpenSC 0.27, recorded */
	assert_ok(token_add_certificate(
	        b.t, rd_str("cacert"), rd_str("\x77"), buf_rd(&other), &cert));
	assert_string_equal(bench_file_hex(b.t, 0xC802),
	        "301D300C0C06636163657274030206403003040177A108300630040402CA02");
	object_free(cert);
	cert_bench_done(&b);
	buf_free(&other);
}

static void token_add_certificate__second_one__keeps_the_first(void **state)
{
	struct cert_bench b;
	struct object *first, *second;
	struct buf newer = { 0 };

	cert_bench_new(&b, *state);
	make_cert(b.issuer, b.key, "newer", &newer);
	assert_ok(token_add_certificate(b.t, none, rd_str("id"), buf_rd(&b.der), &first));
	assert_ok(token_add_certificate(b.t, none, rd_str("id"), buf_rd(&newer), &second));
	assert_int_equal(first->fid, 0xCE01);
	assert_int_equal(second->fid, 0xCA00);
	assert_int_equal(bench_count(b.t, OBJECT_CERTIFICATE), 2);
	object_free(first);
	object_free(second);
	cert_bench_done(&b);
	buf_free(&newer);
}

static void token_add_certificate__malformed__is_refused(void **state)
{
	struct cert_bench b;
	struct object *cert;

	cert_bench_new(&b, *state);
	for (size_t n = 0; n < b.der.n; n += 7) {
		struct rd cut = rd_of(b.der.p, n);

		assert_rc(token_add_certificate(b.t, none, none, cut, &cert), HSM_E_BAD_DATA);
	}
	assert_int_equal(bench_count(b.t, OBJECT_CERTIFICATE), 0);
	cert_bench_done(&b);
}

/* ---- data objects ---- */

static void token_add_data__public_and_private__as_opensc(void **state)
{
	static const uint8_t oid[] = { 0x2A, 0x03, 0x04 };
	struct new_data pub = {
		.label = rd_str("pubdata"),
		.application = rd_str("app"),
		.oid = rd_of(oid, sizeof(oid)),
		.value = rd_str("hello sc-hsm test data"),
	};
	struct new_data priv = {
		.label = rd_str("privdata"),
		.application = rd_str("privdata"),
		.value = rd_str("secret"),
		.is_private = true,
	};
	struct token *t = *state;
	struct buf value = { 0 };
	struct object *a, *b;

	assert_ok(token_add_data(t, &pub, &a));
	assert_ok(token_add_data(t, &priv, &b));
	/* OpenSC 0.27, recorded */
	assert_string_equal(bench_file_hex(t, 0xC900),
	        "3023300D0C077075626461746103020640300A0C0361707006032A0304A10630040402CF00");
	assert_string_equal(bench_file_hex(t, 0xC901),
	        "302730110C087072697664617461030206C0040101300A0C087072697664617461A106300404"
	        "02CD01");
	assert_true(!a->is_private && b->is_private);
	assert_true(rd_equal(a->oid, pub.oid) && rd_equal(a->application, pub.application));
	assert_ok(token_read_value(t, b, &value));
	assert_true(rd_equal(buf_rd(&value), priv.value));
	assert_ok(token_logout(t));
	assert_ok(token_read_value(t, a, &value));
	assert_true(rd_equal(buf_rd(&value), pub.value));
	assert_rc(token_read_value(t, b, &value), HSM_E_NOT_AUTH);
	assert_int_equal(bench_count(t, OBJECT_DATA), 2);
	object_free(a);
	object_free(b);
	buf_free(&value);
}

static void token_set_value__shorter_and_longer__reads_back(void **state)
{
	static const char *const values[] = { "a much longer value than before", "s", "" };
	struct new_data d = { .label = rd_str("d"), .value = rd_str("first") };
	struct token *t = *state;
	struct buf value = { 0 };
	struct object *o, *now;

	assert_ok(token_add_data(t, &d, &o));
	for (size_t i = 0; i < COUNT(values); i++) {
		assert_ok(token_set_value(t, o, rd_str(values[i])));
		assert_ok(token_read_value(t, o, &value));
		assert_true(rd_equal(buf_rd(&value), rd_str(values[i])));
		now = bench_find(t, OBJECT_DATA, "d");
		assert_int_equal(now->handle, o->handle);
		object_free(now);
	}
	object_free(o);
	buf_free(&value);
}

/* ---- rename, remove ---- */

static void token_rename__key__renames_both_halves_and_keeps_the_rest(void **state)
{
	struct token *t = *state;
	unsigned long handle = bench_key(t, "old", rd_str("1"));
	struct object *priv = bench_find(t, OBJECT_PRIVATE_KEY, "old"), *pub;

	assert_ok(token_rename(t, priv, rd_str("new"), none));
	object_free(priv);
	priv = bench_find(t, OBJECT_PRIVATE_KEY, "new");
	pub = bench_find(t, OBJECT_PUBLIC_KEY, "new");
	assert_int_equal(priv->handle, handle);
	assert_int_equal(priv->usage, P15_SIGN);
	assert_true(rd_equal(priv->id, rd_str("1")));
	assert_ok(token_rename(t, pub, none, rd_str("2")));
	object_free(priv);
	object_free(pub);
	priv = bench_find(t, OBJECT_PRIVATE_KEY, "new");
	assert_true(rd_equal(priv->id, rd_str("2")));
	assert_ok(token_rename(t, priv, rd_str(""), none));
	object_free(priv);
	priv = bench_find(t, OBJECT_PRIVATE_KEY, "");
	object_free(priv);
}

static void token_rename__others__rename_themselves(void **state)
{
	struct new_data d = { .label = rd_str("d"), .application = rd_str("a") };
	EVP_PKEY *pair = EVP_EC_gen("P-256");
	struct token *t = *state;
	struct buf der = { 0 };
	struct object *data, *cert;

	make_cert(pair, NULL, "root", &der);
	assert_ok(token_add_data(t, &d, &data));
	assert_ok(token_add_certificate(t, rd_str("c"), rd_str("1"), buf_rd(&der), &cert));
	assert_ok(token_rename(t, data, rd_str("d2"), none));
	assert_rc(token_rename(t, data, none, rd_str("1")), HSM_E_NOT_ALLOWED);
	assert_ok(token_rename(t, cert, rd_str("c2"), rd_str("2")));
	object_free(data);
	object_free(cert);
	data = bench_find(t, OBJECT_DATA, "d2");
	cert = bench_find(t, OBJECT_CERTIFICATE, "c2");
	assert_true(rd_equal(data->application, d.application));
	assert_true(rd_equal(cert->id, rd_str("2")));
	object_free(data);
	object_free(cert);
	EVP_PKEY_free(pair);
	buf_free(&der);
}

static void token_remove__halves__description_goes_last(void **state)
{
	struct token *t = *state;
	struct object *priv, *pub;

	bench_key(t, "k", rd_str("1"));
	priv = bench_find(t, OBJECT_PRIVATE_KEY, "k");
	pub = bench_find(t, OBJECT_PUBLIC_KEY, "k");
	assert_ok(token_remove(t, priv));
	assert_int_equal(bench_count(t, OBJECT_PRIVATE_KEY), 0);
	assert_string_not_equal(bench_file_hex(t, 0xC401), "");
	assert_rc(token_remove(t, priv), HSM_E_NO_FILE);
	assert_ok(token_remove(t, pub));
	assert_string_equal(bench_file_hex(t, 0xC401), "");
	assert_string_equal(bench_file_hex(t, 0xCE01), "");
	object_free(priv);
	object_free(pub);
	bench_key(t, "k", rd_str("1"));
	priv = bench_find(t, OBJECT_PRIVATE_KEY, "k");
	pub = bench_find(t, OBJECT_PUBLIC_KEY, "k");
	assert_ok(token_remove(t, pub));
	assert_int_equal(bench_count(t, OBJECT_PRIVATE_KEY), 1);
	assert_ok(token_remove(t, priv));
	assert_string_equal(bench_file_hex(t, 0xC401), "");
	object_free(priv);
	object_free(pub);
}

static void token_remove__others__leave_nothing(void **state)
{
	struct new_data d = { .label = rd_str("d"), .value = rd_str("v"), .is_private = true };
	struct cert_bench b;
	struct object *data, *cert, *own;
	struct buf root = { 0 };

	cert_bench_new(&b, *state);
	make_cert(b.issuer, NULL, "root", &root);
	assert_ok(token_add_data(b.t, &d, &data));
	assert_ok(token_add_certificate(b.t, none, none, buf_rd(&root), &cert));
	assert_ok(token_add_certificate(b.t, none, rd_str("id"), buf_rd(&b.der), &own));
	assert_ok(token_remove(b.t, data));
	assert_ok(token_remove(b.t, cert));
	assert_ok(token_remove(b.t, own));
	for (const uint16_t *fid = (const uint16_t[]){ 0xC900, 0xCA00, 0xC800, 0xCE01, 0 };
	        *fid != 0; fid++)
		assert_string_equal(bench_file_hex(b.t, *fid), "");
	assert_string_not_equal(bench_file_hex(b.t, 0xC401), "");
	assert_int_equal(bench_count(b.t, OBJECT_PRIVATE_KEY), 1);
	object_free(data);
	object_free(cert);
	object_free(own);
	cert_bench_done(&b);
	buf_free(&root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_TOKEN(token_generate__ec__writes_what_opensc_writes),
		ON_TOKEN(token_generate__rsa__writes_what_opensc_writes),
		ON_TOKEN(token_generate__no_id__is_sha1_of_the_public_key),
		ON_TOKEN(token_generate__label_and_id__are_kept_to_the_limit),
		ON_TOKEN(token_generate__gaps__are_filled_but_not_remains),
		ON_TOKEN(token_generate__refused__leaves_nothing),
		ON_TOKEN(token_objects__other_writers__are_understood),
		ON_TOKEN(token_objects__no_description__shows_the_key_by_number),
		ON_TOKEN(token_objects__no_request__shows_type_and_size),
		ON_TOKEN(token_objects__aes_description__is_skipped),
		ON_TOKEN(token_objects__leftovers__are_shown_when_described),
		ON_TOKEN(token_add_certificate__of_a_key__goes_to_the_key),
		ON_TOKEN(token_add_certificate__no_id__finds_the_key_made_without_id),
		ON_TOKEN(token_add_certificate__not_of_a_key__stands_alone),
		ON_TOKEN(token_add_certificate__second_one__keeps_the_first),
		ON_TOKEN(token_add_certificate__malformed__is_refused),
		ON_TOKEN(token_add_data__public_and_private__as_opensc),
		ON_TOKEN(token_set_value__shorter_and_longer__reads_back),
		ON_TOKEN(token_rename__key__renames_both_halves_and_keeps_the_rest),
		ON_TOKEN(token_rename__others__rename_themselves),
		ON_TOKEN(token_remove__halves__description_goes_last),
		ON_TOKEN(token_remove__others__leave_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
