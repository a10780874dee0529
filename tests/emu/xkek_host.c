#include "xkek_host.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>
#include <string.h>

#include "base/tlv.h"

#define OID_EC    "\x04\x00\x7F\x00\x07\x02\x02\x02\x02\x03"
#define OID_ROLE  "\x2B\x06\x01\x04\x01\x81\xC3\x1F\x03\x01\x01"
#define OID_GROUP "\x2B\x06\x01\x04\x01\x81\xC3\x1F\x03\x02\x02"

/* The private key of the issuer ZZTWINCA00001, public as firmware-emu/key/device.c has it. */
static const char issuer_scalar[] =
        "27956BE0ABCC4FDCAFC70A98CBF17204AF7E3978E558071C244B3651C582A40E";

static struct rd point_of(EVP_PKEY *pkey, uint8_t *room)
{
	size_t n = 0;

	assert_int_equal(
	        EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, room, POINT_MAX, &n),
	        1);
	return rd_of(room, n);
}

void host_uid(EVP_PKEY *pkey, uint8_t uid[64])
{
	uint8_t room[POINT_MAX];
	const struct rd point = point_of(pkey, room);

	assert_int_equal(point.n, 65);
	memcpy(uid, point.p + 1, 64);
}

void host_sign(struct wr *w, EVP_PKEY *pkey, struct rd data, int width)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[256], raw[2 * CURVE_WIDTH_MAX];
	const unsigned char *at = der;
	size_t n = sizeof(der);
	ECDSA_SIG *sig;

	assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, pkey), 1);
	assert_int_equal(EVP_DigestSign(ctx, der, &n, data.p, data.n), 1);
	EVP_MD_CTX_free(ctx);
	sig = d2i_ECDSA_SIG(NULL, &at, (long)n);
	assert_non_null(sig);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, width), width);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + width, width), width);
	ECDSA_SIG_free(sig);
	wr_put(w, raw, 2 * (size_t)width);
}

/* Body and signature. */
static void signed_put(struct wr *w, const struct cvc *c, EVP_PKEY *signer, int width)
{
	const size_t from = w->n;
	struct rd body;
	size_t mark;

	cvc_body_put(w, c);
	body = rd_of(w->p + from, w->n - from);
	mark = tlv_open(w, 0x5F37);
	host_sign(w, signer, body, width);
	tlv_close(w, mark);
	assert_false(w->bad);
}

void host_request_put(struct wr *w, EVP_PKEY *pkey, const char *curve, const uint8_t *uid)
{
	uint8_t room[POINT_MAX], extension[96];
	struct wr e = WR_ARRAY(extension);
	struct cvc c = { .chr = RD_LIT("ZZPEER0100001") };
	size_t mark;

	c.key = (struct cvc_key){ .oid = RD_LIT(OID_EC), .curve = curve_by_name(curve) };
	c.key.point = point_of(pkey, room);
	if (uid != NULL) {
		mark = tlv_open(&e, 0x73);
		tlv_put(&e, 0x06, RD_LIT(OID_GROUP));
		tlv_put(&e, 0x80, rd_of(uid, 64));
		tlv_close(&e, mark);
		c.extensions = wr_rd(&e);
	}
	signed_put(w, &c, pkey, c.key.curve->width);
}

void host_authenticate(struct wr *w, struct rd content, EVP_PKEY *device, const char *chr)
{
	const size_t whole = tlv_open(w, 0x67), from = w->n;
	struct rd covered;
	size_t mark;

	tlv_put(w, 0x7F21, content);
	tlv_put(w, 0x42, rd_str(chr));
	covered = rd_of(w->p + from, w->n - from);
	mark = tlv_open(w, 0x5F37);
	host_sign(w, device, covered, 32);
	tlv_close(w, mark);
	tlv_close(w, whole);
	assert_false(w->bad);
}

static EVP_PKEY *issuer_key(void)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	BIGNUM *d = NULL;
	OSSL_PARAM *params;
	EVP_PKEY *pkey = NULL;

	assert_int_equal(BN_hex2bn(&d, issuer_scalar), 64);
	OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, "brainpoolP256r1", 0);
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, d);
	params = OSSL_PARAM_BLD_to_param(bld);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params), 1);
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	BN_free(d);
	return pkey;
}

void host_device_make(struct host_device *d, const char *chr)
{
	uint8_t room[POINT_MAX];
	struct wr w = WR_ARRAY(d->cert);
	struct cvc c = {
		.car = RD_LIT("ZZTWINCA00001"), .chr = rd_str(chr), .role = RD_LIT(OID_ROLE)
	};
	EVP_PKEY *issuer = issuer_key();

	d->key = EVP_EC_gen("brainpoolP256r1");
	d->chr = chr;
	c.key = (struct cvc_key){ .oid = RD_LIT(OID_EC) };
	c.key.point = point_of(d->key, room);
	c.effective = RD_LIT("\x02\x06\x00\x01\x00\x01");
	c.expiry = RD_LIT("\x03\x06\x00\x01\x00\x01");
	signed_put(&w, &c, issuer, 32);
	d->cert_n = w.n;
	EVP_PKEY_free(issuer);
}

void host_membership_put(struct wr *w, EVP_PKEY *group, const char *curve, EVP_PKEY *device)
{
	uint8_t room[POINT_MAX], covered[33] = { 0x54 };
	size_t mark;

	memcpy(covered + 1, point_of(device, room).p + 1, 32);
	host_request_put(w, group, curve, NULL);
	mark = tlv_open(w, 0x54);
	host_sign(w, group, rd_of(covered, sizeof(covered)), curve_by_name(curve)->width);
	tlv_close(w, mark);
	assert_false(w->bad);
}

uint16_t host_choose(struct emu_bench *b, struct rd chr)
{
	uint8_t data[32];
	struct wr w = WR_ARRAY(data);

	tlv_put(&w, 0x83, chr);
	return emu_cmd(b, 0x002281B6, wr_rd(&w), 0);
}
