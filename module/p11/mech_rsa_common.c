/* The RSA private operation on the card, the public one in libcrypto. */
#include <openssl/rsa.h>

#include "p11/op.h"

bool rsa_below_modulus(const struct p11_op *op, const uint8_t *block)
{
	struct rd n = op->key->key.modulus;

	return n.n != op->width || memcmp(block, n.p, n.n) < 0;
}

CK_RV rsa_card_sign(struct p11_op *op, enum schsm_alg alg, struct rd in, struct wr *out)
{
	AUTO_LANE *lane = NULL;

	TRY_RC(card_take(op->card, &lane));
	return op_key_rv(card_sign_rsa(lane, op->key->nn, alg, in, op->width, out));
}

static CK_RV decipher(struct p11_op *op, struct rd cryptogram, uint8_t *block)
{
	AUTO_LANE *lane = NULL;
	struct wr w = wr_of(block, op->width);
	hsm_rc rc;

	if (cryptogram.n != op->width)
		return CKR_ENCRYPTED_DATA_LEN_RANGE;
	if (!rsa_below_modulus(op, cryptogram.p))
		return CKR_ENCRYPTED_DATA_INVALID;
	TRY_RC(card_take(op->card, &lane));
	rc = card_decipher_rsa(lane, op->key->nn, cryptogram, op->width, &w);
	return rc == HSM_E_BAD_DATA ? CKR_ENCRYPTED_DATA_INVALID : op_key_rv(rc);
}

static CK_RV give(
        struct p11_op *op, rsa_unpad *unpad, const uint8_t *block, uint8_t *plain, struct wr *out)
{
	if (unpad(&op->rsa, block, op->width, plain, &op->out_max) != HSM_OK)
		return CKR_ENCRYPTED_DATA_INVALID;
	wr_put(out, plain, op->out_max);
	return rc_to_ckr(wr_done(out));
}

CK_RV rsa_decrypt(struct p11_op *op, struct rd cryptogram, rsa_unpad *unpad, struct wr *out)
{
	uint8_t block[RSA_BYTES_MAX], plain[RSA_BYTES_MAX];
	CK_RV rv = decipher(op, cryptogram, block);

	if (rv == CKR_OK)
		rv = give(op, unpad, block, plain, out);
	OPENSSL_cleanse(block, sizeof(block));
	OPENSSL_cleanse(plain, sizeof(plain));
	return rv;
}

static bool set_pss(EVP_PKEY_CTX *ctx, const struct rsa_params *p)
{
	return EVP_PKEY_CTX_set_signature_md(ctx, ossl_md(p->hash->name)) == 1 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, ossl_md(p->mgf->name)) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, (int)p->salt) == 1;
}

static bool set_oaep(EVP_PKEY_CTX *ctx, const struct rsa_params *p)
{
	void *label;

	if (EVP_PKEY_CTX_set_rsa_oaep_md(ctx, ossl_md(p->hash->name)) != 1 ||
	        EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, ossl_md(p->mgf->name)) != 1)
		return false;
	if (p->label.n == 0)
		return true;
	label = OPENSSL_memdup(p->label.p, p->label.n);
	if (label == NULL)
		return false;
	if (EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, label, (int)p->label.n) == 1)
		return true;
	OPENSSL_free(label);
	return false;
}

static EVP_PKEY_CTX *host_ctx(struct p11_op *op, int (*init)(EVP_PKEY_CTX *), int pad)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(ossl_ctx(), op->pkey, NULL);

	if (ctx != NULL && init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx, pad) == 1 &&
	        (pad != RSA_PKCS1_PSS_PADDING || set_pss(ctx, &op->rsa)) &&
	        (pad != RSA_PKCS1_OAEP_PADDING || set_oaep(ctx, &op->rsa)))
		return ctx;
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

CK_RV rsa_host_verify(struct p11_op *op, int pad, struct rd in, struct rd signature)
{
	EVP_PKEY_CTX *ctx;
	int ok;

	if (signature.n != op->width)
		return CKR_SIGNATURE_LEN_RANGE;
	ctx = host_ctx(op, EVP_PKEY_verify_init, pad);
	if (ctx == NULL)
		return CKR_FUNCTION_FAILED;
	ok = EVP_PKEY_verify(ctx, signature.p, signature.n, in.p, in.n);
	EVP_PKEY_CTX_free(ctx);
	return ok == 1 ? CKR_OK : CKR_SIGNATURE_INVALID;
}

CK_RV rsa_host_encrypt(struct p11_op *op, int pad, struct rd in, struct wr *out)
{
	EVP_PKEY_CTX *ctx = host_ctx(op, EVP_PKEY_encrypt_init, pad);
	uint8_t *room = wr_room(out, op->width);
	size_t n = op->width;
	int ok;

	if (ctx == NULL || room == NULL) {
		EVP_PKEY_CTX_free(ctx);
		return CKR_FUNCTION_FAILED;
	}
	ok = EVP_PKEY_encrypt(ctx, room, &n, in.p, in.n);
	EVP_PKEY_CTX_free(ctx);
	return ok == 1 && n == op->width ? CKR_OK : CKR_FUNCTION_FAILED;
}
