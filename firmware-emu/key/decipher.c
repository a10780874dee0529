#include "key/ec.h"
#include "key/key.h"
#include "key/prepare.h"

static hsm_rc decrypt(
        struct emu_lane *lane, const struct key_use *use, struct rd input, struct wr *out)
{
	EVP_PKEY_CTX *ctx = NULL;
	uint8_t plain[RSA_BYTES_MAX];
	size_t n = sizeof(plain);
	int ok;

	if (input.n != use->key->meta.bits / 8u)
		return HSM_E_BAD_LEN;
	TRY(keystore_ctx(lane, use, 0, &ctx));
	TRY(uses_count(lane, use->key));
	ok = EVP_PKEY_decrypt(ctx, plain, &n, input.p, input.n);
	if (ok == 1)
		wr_put(out, plain, n);
	OPENSSL_cleanse(plain, sizeof(plain));
	return ok == 1 ? wr_done(out) : HSM_E_BAD_DATA; /* no word about what was wrong */
}

/* The whole shared point, as the card gives it; EVP_PKEY_derive has only its X. */
static hsm_rc agree(
        struct emu_lane *lane, const struct key_use *use, struct rd point, struct wr *out)
{
	const struct curve *curve = use->key->meta.curve;
	uint8_t scalar[CURVE_WIDTH_MAX];
	EVP_PKEY *pkey = NULL;
	hsm_rc rc;

	if (point.n != 1 + 2 * (size_t)curve->width)
		return HSM_E_BAD_LEN;
	TRY(keystore_open(lane, use->key, &pkey));
	TRY(uses_count(lane, use->key));
	rc = ec_key_scalar(curve, pkey, scalar);
	if (rc == HSM_OK)
		rc = ec_multiply(curve, rd_of(scalar, curve->width), point, out);
	OPENSSL_cleanse(scalar, sizeof(scalar));
	return rc;
}

hsm_rc key_decipher(
        struct emu_lane *lane, uint8_t kid, uint8_t alg, struct rd input, struct wr *out)
{
	struct key_use use = { 0 };

	TRY(keystore_find(lane, kid, alg, true, &use));
	return use.row->op == KEY_AGREE ? agree(lane, &use, input, out)
	                                : decrypt(lane, &use, input, out);
}
