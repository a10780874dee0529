#include "p11/op.h"

static CK_RV too_long(const struct p11_op *op)
{
	return op->kind == OP_DECRYPT ? CKR_ENCRYPTED_DATA_LEN_RANGE : CKR_DATA_LEN_RANGE;
}

static CK_RV hash_more(struct p11_op *op, struct rd part)
{
	if (op->md == NULL) {
		op->md = EVP_MD_CTX_new();
		if (op->md == NULL)
			return CKR_HOST_MEMORY;
		if (EVP_DigestInit_ex2(op->md, ossl_md(op->mech->hash), NULL) != 1)
			return CKR_FUNCTION_FAILED;
	}
	return EVP_DigestUpdate(op->md, part.p, part.n) == 1 ? CKR_OK : CKR_FUNCTION_FAILED;
}

static CK_RV collect(struct p11_op *op, struct rd part)
{
	size_t room = op->in_max - op->in_n;

	if (part.n > room && !op->in_cut)
		return too_long(op);
	if (part.n > room)
		part.n = room;
	if (part.n != 0)
		memcpy(op->in + op->in_n, part.p, part.n);
	op->in_n += part.n;
	return CKR_OK;
}

CK_RV op_update(struct p11_op *op, struct rd part)
{
	op->parts = true;
	TRY_RV(op->mech->hash != NULL ? hash_more(op, part) : collect(op, part));
	op->stays = true;
	return CKR_OK;
}

static CK_RV hash_whole(const struct p11_op *op, struct rd whole, uint8_t *hash, unsigned *n)
{
	const EVP_MD *md = ossl_md(op->mech->hash);

	return EVP_Digest(whole.p, whole.n, hash, n, md, NULL) == 1 ? CKR_OK : CKR_FUNCTION_FAILED;
}

/* What the mechanism works on; `hash` is room for a digest. */
static CK_RV input(
        struct p11_op *op, const struct rd *whole, uint8_t hash[DIGEST_MAX], struct rd *in)
{
	unsigned n = 0;

	if (op->mech->hash == NULL) {
		*in = whole != NULL ? *whole : rd_of(op->in, op->in_n);
		if (in->n > op->in_max && !op->in_cut)
			return too_long(op);
		if (in->n > op->in_max)
			in->n = op->in_max;
		return CKR_OK;
	}
	if (op->md == NULL)
		TRY_RV(hash_whole(op, whole != NULL ? *whole : rd_of(NULL, 0), hash, &n));
	else if (EVP_DigestFinal_ex(op->md, hash, &n) != 1)
		return CKR_FUNCTION_FAILED;
	*in = rd_of(hash, n);
	return CKR_OK;
}

/* Only decryption does not know the length beforehand. */
static bool room_known(const struct p11_op *op, CK_BYTE_PTR out, CK_ULONG n)
{
	return out != NULL && (n >= op->out_max || op->kind == OP_DECRYPT);
}

CK_RV op_run(struct p11_op *op, const struct rd *whole, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	uint8_t hash[DIGEST_MAX];
	struct rd in;
	struct wr w;
	CK_RV rv = out == NULL ? CKR_OK : CKR_BUFFER_TOO_SMALL;

	if (whole != NULL && op->parts)
		return CKR_OPERATION_ACTIVE;
	if (out_n == NULL)
		return CKR_ARGUMENTS_BAD;
	if (room_known(op, out, *out_n)) {
		TRY_RV(input(op, whole, hash, &in));
		w = wr_of(out, *out_n);
		rv = op->mech->ops->work[op->kind](op, in, &w);
		if (rv == CKR_OK)
			*out_n = w.n;
		if (rv != CKR_BUFFER_TOO_SMALL)
			return rv;
	}
	*out_n = op->out_max;
	op->stays = true;
	return rv;
}

CK_RV op_verify(struct p11_op *op, const struct rd *whole, struct rd signature)
{
	uint8_t hash[DIGEST_MAX];
	struct rd in;

	if (whole != NULL && op->parts)
		return CKR_OPERATION_ACTIVE;
	TRY_RV(input(op, whole, hash, &in));
	return op->mech->ops->verify(op, in, signature);
}
