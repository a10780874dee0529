#include <openssl/core_names.h>

#include "base/tlv.h"
#include "key/cvsign.h"
#include "key/ec.h"
#include "key/key.h"
#include "key/xkek.h"

#define OID_RSA_SHA256   "\x04\x00\x7F\x00\x07\x02\x02\x02\x01\x02"
#define OID_ECDSA_SHA256 "\x04\x00\x7F\x00\x07\x02\x02\x02\x02\x03"

enum {
	TAG_REQUEST = 0x67,
	TAG_CERT = 0x7F21,
	TAG_CAR = 0x42,
	EXPONENT_MAX = 8,
	EXTENSION_MAX = 96
};

static hsm_rc bn_param(EVP_PKEY *pkey, const char *name, struct wr *out)
{
	BIGNUM *bn = NULL;
	uint8_t *room;
	hsm_rc rc = HSM_OK;

	if (EVP_PKEY_get_bn_param(pkey, name, &bn) != 1)
		return HSM_E_FAIL;
	room = wr_room(out, (size_t)BN_num_bytes(bn));
	if (room == NULL)
		rc = HSM_E_SMALL;
	else
		BN_bn2bin(bn, room);
	BN_free(bn);
	return rc;
}

static hsm_rc body_rsa(struct cvc *body, EVP_PKEY *pkey, struct wr *out)
{
	uint8_t modulus[RSA_BYTES_MAX], exponent[EXPONENT_MAX];
	struct wr n = WR_ARRAY(modulus), e = WR_ARRAY(exponent);

	TRY(bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n));
	TRY(bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e));
	body->key = (struct cvc_key){
		.oid = RD_LIT(OID_RSA_SHA256),
		.is_rsa = true,
		.modulus = wr_rd(&n),
		.exponent = wr_rd(&e),
		.modulus_bits = (uint16_t)EVP_PKEY_get_bits(pkey),
	};
	cvc_body_put(out, body);
	return wr_done(out);
}

static hsm_rc body_ec(struct cvc *body, EVP_PKEY *pkey, const struct curve *curve, struct wr *out)
{
	uint8_t point[POINT_MAX];
	struct wr w = WR_ARRAY(point);

	TRY(ec_key_point(curve, pkey, &w));
	body->key = (struct cvc_key){
		.oid = RD_LIT(OID_ECDSA_SHA256),
		.curve = curve,
		.point = wr_rd(&w),
	};
	cvc_body_put(out, body);
	return wr_done(out);
}

/* 7F21: the body, signed by the new key itself. */
static hsm_rc inner_put(const struct emu_image *image, EVP_PKEY *pkey,
        const struct emu_key_meta *meta, struct rd car, struct rd chr, struct wr *out)
{
	struct cvc body = { .car = car, .chr = chr };
	uint8_t extension[EXTENSION_MAX];
	struct wr w = WR_ARRAY(extension);
	const size_t mark = tlv_open(out, TAG_CERT);
	const size_t from = out->n;

	xkek_extension_put(image, meta, &w);
	TRY(wr_done(&w));
	body.extensions = wr_rd(&w);
	if (meta->type == EMU_KEY_RSA)
		TRY(body_rsa(&body, pkey, out));
	else
		TRY(body_ec(&body, pkey, meta->curve, out));
	TRY(cvsign_put(pkey, meta->curve, rd_of(out->p + from, out->n - from), out));
	tlv_close(out, mark);
	return wr_done(out);
}

hsm_rc request_build(const struct emu_image *image, EVP_PKEY *pkey, const struct emu_key_meta *meta,
        struct rd car, struct rd chr, struct rd outer_car, struct wr *out)
{
	uint8_t bytes[KEY_REQUEST_MAX];
	struct wr w = WR_ARRAY(bytes);
	const struct curve *device_curve = curve_by_name("brainpoolP256r1");
	EVP_PKEY *device;
	hsm_rc rc;

	TRY(inner_put(image, pkey, meta, car, chr, &w));
	tlv_put(&w, TAG_CAR, outer_car);
	TRY(device_key_open(rd_of(image->device_scalar, DEVICE_SCALAR_LEN), &device));
	rc = cvsign_put(device, device_curve, wr_rd(&w), &w);
	EVP_PKEY_free(device);
	TRY(rc);
	tlv_put(out, TAG_REQUEST, wr_rd(&w));
	return wr_done(out);
}
