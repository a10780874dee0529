/* ECDSA: the card signs a digest made by the application or here (PKCS#11: r and s, each as long
 * as the order; a longer digest counts with its leftmost bits, FIPS 186-4 section 6.4). */
#include "p11/op.h"
#include "p15/ecsig.h"

enum { SIG_DER_MAX = 2 * (CURVE_WIDTH_MAX + 3) + 3 };

static CK_RV begin(struct p11_op *op, const CK_MECHANISM *m)
{
	op->in_max = op->width;
	op->in_cut = true;
	op->out_max = 2 * op->width;
	return mech_no_param(m);
}

static CK_RV cut(const struct p11_op *op, struct rd *in)
{
	if (in->n > op->width)
		in->n = op->width;
	return in->n != 0 ? CKR_OK : CKR_DATA_LEN_RANGE;
}

static CK_RV sign(struct p11_op *op, struct rd in, struct wr *out)
{
	AUTO_LANE *lane = NULL;

	TRY_RV(cut(op, &in));
	TRY_RC(card_take(op->card, &lane));
	return op_key_rv(card_sign_ec(lane, op->key->nn, ALG_ECDSA, in, op->width, out));
}

static CK_RV verify(struct p11_op *op, struct rd in, struct rd signature)
{
	uint8_t der[SIG_DER_MAX];
	struct wr w = WR_ARRAY(der);
	EVP_PKEY_CTX *ctx;
	bool ok;

	if (signature.n != 2 * op->width)
		return CKR_SIGNATURE_LEN_RANGE;
	TRY_RV(cut(op, &in));
	TRY_RC(ecsig_to_der(signature, &w));
	ctx = EVP_PKEY_CTX_new_from_pkey(ossl_ctx(), op->pkey, NULL);
	if (ctx == NULL || EVP_PKEY_verify_init(ctx) != 1) {
		EVP_PKEY_CTX_free(ctx);
		return CKR_FUNCTION_FAILED;
	}
	ok = EVP_PKEY_verify(ctx, w.p, w.n, in.p, in.n) == 1;
	EVP_PKEY_CTX_free(ctx);
	return ok ? CKR_OK : CKR_SIGNATURE_INVALID;
}

const struct mech_ops mech_ecdsa = {
	.begin = begin,
	.work = { [OP_SIGN] = sign },
	.verify = verify,
};
