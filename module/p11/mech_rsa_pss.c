/* RSASSA-PSS (RFC 8017 section 8.1). The card pads only with one digest for everything and a salt
 * as long as the digest; every other choice is padded here and signed raw. */
#include <openssl/rsa.h>

#include "p11/op.h"

/* Bytes of the encoded message: one less than the modulus when that has 8k+1 bits. */
static size_t encoded_length(const struct p11_op *op)
{
	return (op->key->key.bits - 1U + 7) / 8;
}

static CK_RV begin(struct p11_op *op, const CK_MECHANISM *m)
{
	struct rsa_params *p = &op->rsa;

	TRY_RV(rsa_read_pss(m, p));
	if (op->mech->hash != NULL && strcmp(op->mech->hash, p->hash->name) != 0)
		return CKR_MECHANISM_PARAM_INVALID;
	if (p->hash->size + p->salt + 2 > encoded_length(op))
		return CKR_MECHANISM_PARAM_INVALID;
	op->in_max = p->hash->size;
	op->out_max = op->width;
	op->card_pads = p->mgf == p->hash && p->salt == p->hash->size;
	return CKR_OK;
}

static CK_RV sign(struct p11_op *op, struct rd in, struct wr *out)
{
	uint8_t block[RSA_BYTES_MAX];

	if (in.n != op->rsa.hash->size)
		return CKR_DATA_LEN_RANGE;
	if (op->card_pads)
		return rsa_card_sign(op, ALG_RSA_PSS, in, out);
	TRY_RC(rsa_pad_pss(&op->rsa, in, op->key->key.bits, block));
	return rsa_card_sign(op, ALG_RSA_RAW, rd_of(block, op->width), out);
}

static CK_RV verify(struct p11_op *op, struct rd in, struct rd signature)
{
	if (in.n != op->rsa.hash->size)
		return CKR_DATA_LEN_RANGE;
	return rsa_host_verify(op, RSA_PKCS1_PSS_PADDING, in, signature);
}

const struct mech_ops mech_rsa_pss = {
	.begin = begin,
	.work = { [OP_SIGN] = sign },
	.verify = verify,
};
