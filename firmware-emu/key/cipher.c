#include "base/aes.h"
#include "key/key.h"
#include "key/prepare.h"
#include "key/secret_key.h"

static hsm_rc cmac(struct rd key, struct rd input, struct wr *out)
{
	uint8_t mac[AES_BLOCK];

	TRY(aes_cmac(key, input, mac));
	wr_put(out, mac, sizeof(mac));
	return wr_done(out);
}

static const struct {
	uint8_t alg;
	bool blocks; /* takes whole blocks only */
	hsm_rc (*run)(struct rd key, struct rd input, struct wr *out);
} rows[] = {
	{ ALG_AES_CBC_ENCRYPT, true, aes_cbc_encrypt },
	{ ALG_AES_CBC_DECRYPT, true, aes_cbc_decrypt },
	{ ALG_AES_CMAC, false, cmac },
};

static hsm_rc run(
        struct emu_lane *lane, struct emu_key *key, size_t row, struct rd input, struct wr *out)
{
	AUTO_SECRET bytes = { .n = 0 };
	EVP_PKEY *pkey = NULL;

	if (rows[row].blocks && (input.n == 0 || input.n % AES_BLOCK != 0))
		return HSM_E_BAD_DATA;
	TRY(keystore_open(lane, key, &pkey));
	TRY(secret_key_bytes(pkey, &bytes));
	TRY(uses_count(lane, key));
	return rows[row].run(secret_rd(&bytes), input, out);
}

hsm_rc key_cipher(struct emu_lane *lane, uint8_t kid, uint8_t alg, struct rd input, struct wr *out)
{
	struct emu_key *key = lane->image->keys[kid];

	if (key == NULL)
		return HSM_E_NO_REF;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].alg != alg || key->meta.type != EMU_KEY_AES)
			continue;
		return key_allows(&key->meta, alg) ? run(lane, key, i, input, out)
		                                   : HSM_E_KEY_REFUSED;
	}
	return HSM_E_BAD_ALG;
}
