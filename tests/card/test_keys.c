/* Keys of a token, the files they leave on the card, and files that others left. */
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
		assert_int_equal(o->access, 0x1D); /* as OpenSC 0.23 shows them */
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
