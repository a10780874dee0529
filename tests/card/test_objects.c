/* Certificates and data objects, and what becomes of objects. */
#include <openssl/ec.h>
#include <string.h>

#include "token_bench.h"

static const struct rd none = { 0 };

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

static void token_add_certificate__public_half_gone__comes_back(void **state)
{
	struct object *cert, *pub;
	struct cert_bench b;

	cert_bench_new(&b, *state);
	assert_ok(token_add_certificate(b.t, none, rd_str("id"), buf_rd(&b.der), &cert));
	assert_ok(token_remove(b.t, cert));
	object_free(cert);
	assert_int_equal(bench_count(b.t, OBJECT_PUBLIC_KEY), 0);
	assert_ok(token_add_certificate(b.t, none, rd_str("id"), buf_rd(&b.der), &cert));
	assert_int_equal(cert->fid, 0xCE01);
	pub = bench_find(b.t, OBJECT_PUBLIC_KEY, "signer");
	assert_true(rd_equal(pub->key.point, cert->key.point));
	object_free(pub);
	object_free(cert);
	cert_bench_done(&b);
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
		ON_TOKEN(token_add_certificate__of_a_key__goes_to_the_key),
		ON_TOKEN(token_add_certificate__no_id__finds_the_key_made_without_id),
		ON_TOKEN(token_add_certificate__not_of_a_key__stands_alone),
		ON_TOKEN(token_add_certificate__second_one__keeps_the_first),
		ON_TOKEN(token_add_certificate__public_half_gone__comes_back),
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
