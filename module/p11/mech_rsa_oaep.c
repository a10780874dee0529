/* RSAES-OAEP (RFC 8017 section 7.1): raw on the card, padding on the host. */
#include <openssl/rsa.h>

#include "p11/op.h"

static CK_RV begin(struct p11_op *op, const CK_MECHANISM *m)
{
	size_t overhead, room;

	TRY_RV(rsa_read_oaep(m, &op->rsa));
	overhead = 2 * op->rsa.hash->size + 2;
	if (overhead > op->width)
		return CKR_KEY_SIZE_RANGE;
	room = op->width - overhead;
	op->in_max = op->kind == OP_DECRYPT ? op->width : room;
	op->out_max = op->kind == OP_DECRYPT ? room : op->width;
	return CKR_OK;
}

static CK_RV encrypt(struct p11_op *op, struct rd in, struct wr *out)
{
	return rsa_host_encrypt(op, RSA_PKCS1_OAEP_PADDING, in, out);
}

static CK_RV decrypt(struct p11_op *op, struct rd in, struct wr *out)
{
	return rsa_decrypt(op, in, rsa_unpad_oaep, out);
}

const struct mech_ops mech_rsa_oaep = {
	.begin = begin,
	.work = { [OP_ENCRYPT] = encrypt, [OP_DECRYPT] = decrypt },
};
