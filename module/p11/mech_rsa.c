/* RSA with PKCS#1 v1.5 padding and without padding: padded here, raw on the card, which works with
 * every list of allowed algorithms that a key may have. */
#include <openssl/rsa.h>

#include "p11/op.h"

enum { PKCS1_OVERHEAD = 11, INFO_MAX = 19 + DIGEST_MAX };

/* ---- PKCS#1 v1.5 (RFC 8017 sections 7.2 and 8.2) ---- */

static CK_RV pkcs1_begin(struct p11_op *op, const CK_MECHANISM *m)
{
	size_t room = op->width - PKCS1_OVERHEAD;

	op->in_max = op->kind == OP_DECRYPT ? op->width : room;
	op->out_max = op->kind == OP_DECRYPT ? room : op->width;
	return mech_no_param(m);
}

/* The DigestInfo of a digest made here; anything else is the application's and signed as it is. */
static struct rd digest_info(const struct p11_op *op, struct rd in, uint8_t room[INFO_MAX])
{
	struct wr w = wr_of(room, INFO_MAX);

	if (op->mech->hash == NULL)
		return in;
	wr_rd_put(&w, digest_by_name(op->mech->hash)->info);
	wr_rd_put(&w, in);
	return wr_rd(&w);
}

static CK_RV pkcs1_sign(struct p11_op *op, struct rd in, struct wr *out)
{
	uint8_t info[INFO_MAX], block[RSA_BYTES_MAX];

	TRY_RC(rsa_pad_pkcs1(digest_info(op, in, info), op->width, block));
	return rsa_card_sign(op, ALG_RSA_RAW, rd_of(block, op->width), out);
}

static CK_RV pkcs1_verify(struct p11_op *op, struct rd in, struct rd signature)
{
	uint8_t info[INFO_MAX];

	return rsa_host_verify(op, RSA_PKCS1_PADDING, digest_info(op, in, info), signature);
}

static CK_RV pkcs1_encrypt(struct p11_op *op, struct rd in, struct wr *out)
{
	return rsa_host_encrypt(op, RSA_PKCS1_PADDING, in, out);
}

static CK_RV pkcs1_decrypt(struct p11_op *op, struct rd in, struct wr *out)
{
	return rsa_decrypt(op, in, rsa_unpad_pkcs1, out);
}

const struct mech_ops mech_rsa_pkcs1 = {
	.begin = pkcs1_begin,
	.work = { [OP_SIGN] = pkcs1_sign,
	        [OP_ENCRYPT] = pkcs1_encrypt,
	        [OP_DECRYPT] = pkcs1_decrypt },
	.verify = pkcs1_verify,
};

/* ---- raw: a number below the modulus, zeros in front ---- */

static CK_RV x509_begin(struct p11_op *op, const CK_MECHANISM *m)
{
	op->in_max = op->width;
	op->out_max = op->width;
	return mech_no_param(m);
}

static CK_RV x509_block(const struct p11_op *op, struct rd in, uint8_t *block)
{
	struct wr w = wr_of(block, op->width);

	wr_be_pad(&w, in, op->width);
	TRY_RC(wr_done(&w));
	return rsa_below_modulus(op, block) ? CKR_OK : CKR_DATA_INVALID;
}

static CK_RV x509_sign(struct p11_op *op, struct rd in, struct wr *out)
{
	uint8_t block[RSA_BYTES_MAX];

	TRY_RV(x509_block(op, in, block));
	return rsa_card_sign(op, ALG_RSA_RAW, rd_of(block, op->width), out);
}

static CK_RV x509_verify(struct p11_op *op, struct rd in, struct rd signature)
{
	uint8_t block[RSA_BYTES_MAX];

	TRY_RV(x509_block(op, in, block));
	return rsa_host_verify(op, RSA_NO_PADDING, rd_of(block, op->width), signature);
}

static CK_RV x509_encrypt(struct p11_op *op, struct rd in, struct wr *out)
{
	uint8_t block[RSA_BYTES_MAX];

	TRY_RV(x509_block(op, in, block));
	return rsa_host_encrypt(op, RSA_NO_PADDING, rd_of(block, op->width), out);
}

static hsm_rc keep_block(
        const struct rsa_params *p, const uint8_t *block, size_t width, uint8_t *out, size_t *out_n)
{
	(void)p;
	memcpy(out, block, width);
	*out_n = width;
	return HSM_OK;
}

static CK_RV x509_decrypt(struct p11_op *op, struct rd in, struct wr *out)
{
	return rsa_decrypt(op, in, keep_block, out);
}

const struct mech_ops mech_rsa_x509 = {
	.begin = x509_begin,
	.work = { [OP_SIGN] = x509_sign, [OP_ENCRYPT] = x509_encrypt, [OP_DECRYPT] = x509_decrypt },
	.verify = x509_verify,
};
