#include "base/ossl.h"
#include "key/key.h"
#include "key/prepare.h"

enum { PKCS1_OVERHEAD = 11 }; /* RFC 8017 section 8.2.1 */

/* What one kind of input becomes before it is signed; `hash` has room for any digest. */
static hsm_rc input_fit(
        const struct key_alg *row, const struct emu_key *key, struct rd *input, uint8_t *hash)
{
	const size_t modulus_n = key->meta.bits / 8u;
	const EVP_MD *md;
	unsigned n = 0;

	switch (row->input) {
	case INPUT_MODULUS:
		return input->n == modulus_n ? HSM_OK : HSM_E_BAD_LEN;
	case INPUT_PLAIN:
		if (input->n == 0 ||
		        (row->type == EMU_KEY_RSA && input->n + PKCS1_OVERHEAD > modulus_n))
			return HSM_E_BAD_LEN;
		return HSM_OK;
	case INPUT_HASH_BY_LEN:
		/* OpenSC 0.23 sends a DigestInfo where the bare value is meant. */
		(void)digest_info_parse(*input, input);
		return digest_by_size(input->n) != NULL ? HSM_OK : HSM_E_BAD_LEN;
	case INPUT_MESSAGE:
		md = ossl_md(row->md);
		if (EVP_Digest(input->p, input->n, hash, &n, md, NULL) != 1)
			return HSM_E_FAIL;
		*input = rd_of(hash, n);
		return HSM_OK;
	case INPUT_POINT:
		break;
	}
	return HSM_E_BAD_ALG;
}

hsm_rc key_sign(struct emu_lane *lane, uint8_t kid, uint8_t alg, struct rd input, struct wr *out)
{
	struct key_use use = { 0 };
	EVP_PKEY_CTX *ctx = NULL;
	uint8_t hash[DIGEST_MAX], sig[RSA_BYTES_MAX];
	size_t n = sizeof(sig);
	int ok;

	TRY(keystore_find(lane, kid, alg, false, &use));
	TRY(input_fit(use.row, use.key, &input, hash));
	TRY(keystore_ctx(lane, &use, use.row->input == INPUT_HASH_BY_LEN ? input.n : 0, &ctx));
	TRY(uses_count(lane, use.key));
	ok = EVP_PKEY_sign(ctx, sig, &n, input.p, input.n);
	/* A value not below the modulus, or a hash and salt that do not fit into it. */
	if (ok != 1)
		return use.row->type == EMU_KEY_RSA ? HSM_E_BAD_DATA : HSM_E_FAIL;
	wr_put(out, sig, n);
	return wr_done(out);
}
