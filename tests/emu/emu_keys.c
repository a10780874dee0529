#include "emu_keys.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>
#include <string.h>

#include "base/tlv.h"

const struct key_spec rsa_specs[5] = {
	{ NULL, 1024 },
	{ NULL, 1536 },
	{ NULL, 2048 },
	{ NULL, 3072 },
	{ NULL, 4096 },
};

const struct key_spec ec_specs[12] = {
	{ "prime192v1", 192 },
	{ "prime256v1", 256 },
	{ "secp384r1", 384 },
	{ "secp521r1", 521 },
	{ "secp192k1", 192 },
	{ "secp256k1", 256 },
	{ "brainpoolP192r1", 192 },
	{ "brainpoolP224r1", 224 },
	{ "brainpoolP256r1", 256 },
	{ "brainpoolP320r1", 320 },
	{ "brainpoolP384r1", 384 },
	{ "brainpoolP512r1", 512 },
};

#define OID_RSA "04007F00070202020102"
#define OID_EC  "04007F00070202020203"

static void put_hex(struct wr *w, uint16_t tag, const char *hex)
{
	uint8_t bytes[64];

	tlv_put(w, tag, rd_of(bytes, emu_unhex(hex, bytes, sizeof(bytes))));
}

static void put_bn(struct wr *w, uint16_t tag, const BIGNUM *v, int width)
{
	uint8_t bytes[CURVE_WIDTH_MAX];

	assert_int_equal(BN_bn2binpad(v, bytes, width), width);
	tlv_put(w, tag, rd_of(bytes, (size_t)width));
}

static void put_domain(struct wr *w, const char *curve)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(OBJ_sn2nid(curve));
	BIGNUM *p = BN_new(), *a = BN_new(), *b = BN_new();
	uint8_t g[POINT_MAX];
	size_t g_n;
	int width;

	assert_int_equal(EC_GROUP_get_curve(group, p, a, b, NULL), 1);
	width = BN_num_bytes(p);
	g_n = EC_POINT_point2oct(group, EC_GROUP_get0_generator(group),
	        POINT_CONVERSION_UNCOMPRESSED, g, sizeof(g), NULL);
	put_bn(w, 0x81, p, width);
	put_bn(w, 0x82, a, width);
	put_bn(w, 0x83, b, width);
	tlv_put(w, 0x84, rd_of(g, g_n));
	put_bn(w, 0x85, EC_GROUP_get0_order(group), width);
	put_hex(w, 0x87, "01");
	BN_free(p);
	BN_free(a);
	BN_free(b);
	EC_GROUP_free(group);
}

size_t key_template_put(const struct key_spec *spec, const char *car, const char *chr,
        const char *rules, uint8_t *out, size_t cap)
{
	struct wr w = wr_of(out, cap);
	size_t mark;

	put_hex(&w, 0x5F29, "00");
	if (car != NULL)
		tlv_put(&w, 0x42, rd_str(car));
	mark = tlv_open(&w, 0x7F49);
	put_hex(&w, 0x06, spec->curve == NULL ? OID_RSA : OID_EC);
	if (spec->curve == NULL) {
		put_hex(&w, 0x82, "010001");
		tlv_put(&w, 0x02,
		        rd_of((const uint8_t[]){ (uint8_t)(spec->bits >> 8), (uint8_t)spec->bits },
		                2));
	} else {
		put_domain(&w, spec->curve);
	}
	tlv_close(&w, mark);
	tlv_put(&w, 0x5F20, rd_str(chr));
	if (rules != NULL)
		w.n += emu_unhex(rules, w.p + w.n, w.cap - w.n);
	assert_false(w.bad);
	return w.n;
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *bld)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params), 1);
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	return pkey;
}

EVP_PKEY *ec_public(const char *curve, struct rd point)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();

	OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0);
	OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point.p, point.n);
	return from_params("EC", bld);
}

static EVP_PKEY *rsa_public(struct rd n, struct rd e)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	BIGNUM *bn_n = BN_bin2bn(n.p, (int)n.n, NULL), *bn_e = BN_bin2bn(e.p, (int)e.n, NULL);
	EVP_PKEY *pkey;

	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, bn_n);
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, bn_e);
	pkey = from_params("RSA", bld);
	BN_free(bn_n);
	BN_free(bn_e);
	return pkey;
}

static bool digest_verify(EVP_PKEY *pkey, struct rd data, struct rd sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok;

	assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, pkey), 1);
	ok = EVP_DigestVerify(ctx, sig.p, sig.n, data.p, data.n);
	EVP_MD_CTX_free(ctx);
	return ok == 1;
}

bool plain_ecdsa_ok(EVP_PKEY *pkey, struct rd data, struct rd sig)
{
	ECDSA_SIG *s = ECDSA_SIG_new();
	const int half = (int)sig.n / 2;
	unsigned char *der = NULL;
	int der_n;
	bool ok;

	ECDSA_SIG_set0(s, BN_bin2bn(sig.p, half, NULL), BN_bin2bn(sig.p + half, half, NULL));
	der_n = i2d_ECDSA_SIG(s, &der);
	ok = digest_verify(pkey, data, rd_of(der, (size_t)der_n));
	OPENSSL_free(der);
	ECDSA_SIG_free(s);
	return ok;
}

/* The public key of a body (7F4E): its form, and what the specification asked for. */
static EVP_PKEY *body_key(struct rd body, const struct key_spec *spec)
{
	uint8_t domain[1024];
	struct wr w = WR_ARRAY(domain);
	struct rd key, oid, n, e, point, ignored;

	assert_true(tlv_get(&body, 0x5F29, &ignored));
	assert_true(tlv_get_opt(&body, 0x42, &ignored));
	assert_true(tlv_get(&body, 0x7F49, &key));
	assert_true(tlv_get(&body, 0x5F20, &ignored));
	assert_int_equal(body.n, 0);
	assert_true(tlv_get(&key, 0x06, &oid));
	if (spec->curve == NULL) {
		assert_true(tlv_get(&key, 0x81, &n));
		assert_true(tlv_get(&key, 0x82, &e));
		assert_int_equal(key.n, 0);
		assert_int_equal(n.n, spec->bits / 8);
		assert_true(n.p[0] >= 0x80);
		assert_true(rd_equal(e, RD_LIT("\x01\x00\x01")));
		return rsa_public(n, e);
	}
	/* The domain parameters as sent, with the point (86) before the cofactor (87). */
	put_domain(&w, spec->curve);
	assert_true(key.n > w.n);
	assert_memory_equal(key.p, domain, w.n - 3);
	assert_true(tlv_find(key, 0x86, &point));
	assert_int_equal(point.n, 1 + 2 * ((spec->bits + 7) / 8));
	assert_true(tlv_find(key, 0x87, &ignored));
	return ec_public(spec->curve, point);
}

EVP_PKEY *request_check(struct rd request, EVP_PKEY *device, const struct key_spec *spec)
{
	struct rd whole, cert, cert_whole, body, body_whole, inner, car, outer;
	uint16_t tag;
	EVP_PKEY *pkey;

	assert_true(tlv_get(&request, 0x67, &whole));
	assert_int_equal(request.n, 0);
	request = whole;
	assert_true(tlv_next(&request, &tag, &cert, &cert_whole) && tag == 0x7F21);
	assert_true(tlv_get(&request, 0x42, &car));
	whole = rd_of(whole.p, whole.n - request.n); /* 7F21 and 42 */
	assert_true(tlv_get(&request, 0x5F37, &outer));
	assert_int_equal(request.n, 0);
	assert_true(tlv_next(&cert, &tag, &body, &body_whole) && tag == 0x7F4E);
	assert_true(tlv_get(&cert, 0x5F37, &inner));
	assert_int_equal(cert.n, 0);
	pkey = body_key(body, spec);
	if (spec->curve == NULL) {
		assert_true(digest_verify(pkey, body_whole, inner));
	} else {
		assert_int_equal(inner.n, 2 * ((spec->bits + 7) / 8));
		assert_true(plain_ecdsa_ok(pkey, body_whole, inner));
	}
	assert_int_equal(outer.n, 64);
	assert_true(device == NULL || plain_ecdsa_ok(device, whole, outer));
	return pkey;
}

EVP_PKEY *device_public(struct emu_bench *b)
{
	struct rd chain, cert, body, key, point;

	assert_int_equal(
	        emu_cmd(b, 0x00B12F02, rd_of((const uint8_t[]){ 0x54, 2, 0, 0 }, 4), 0x10000),
	        0x6282);
	chain = emu_data(b);
	assert_true(tlv_get(&chain, 0x7F21, &cert));
	assert_true(tlv_get(&cert, 0x7F4E, &body));
	assert_true(tlv_find(body, 0x7F49, &key));
	assert_true(tlv_find(key, 0x86, &point));
	return ec_public("brainpoolP256r1", point);
}

EVP_PKEY *key_on_card_with(
        struct emu_bench *b, uint8_t kid, const struct key_spec *spec, const char *rules)
{
	uint8_t template[1024];
	const size_t n = key_template_put(
	        spec, "UTCA00001", "ZZTEST0100001", rules, template, sizeof(template));
	EVP_PKEY *device = device_public(b), *pkey;

	assert_int_equal(
	        emu_cmd(b, 0x00460000u | (uint32_t)kid << 8, rd_of(template, n), 0x10000), 0x9000);
	pkey = request_check(emu_data(b), device, spec);
	EVP_PKEY_free(device);
	return pkey;
}

EVP_PKEY *key_on_card(struct emu_bench *b, uint8_t kid, const struct key_spec *spec)
{
	return key_on_card_with(b, kid, spec, NULL);
}
