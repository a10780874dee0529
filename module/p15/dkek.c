#include <openssl/crypto.h>

#include "base/ossl.h"
#include "p15/keyblob.h"

enum { SHA256_LEN = 32 };

void dkek_wipe(struct dkek *d)
{
	OPENSSL_cleanse(d, sizeof(*d));
}

/* SHA-256 over the value and, when it is not 0, a counter of four bytes. */
static hsm_rc hash(struct rd value, uint32_t counter, uint8_t *out)
{
	uint8_t bytes[DKEK_LEN + 4];
	struct wr w = WR_ARRAY(bytes);
	int ok;

	wr_rd_put(&w, value);
	if (counter != 0)
		wr_u32(&w, counter);
	ok = EVP_Digest(bytes, w.n, out, NULL, ossl_md("SHA256"), NULL);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return ok == 1 ? HSM_OK : HSM_E_FAIL;
}

hsm_rc dkek_derive(struct rd value, struct dkek *out)
{
	uint8_t digest[SHA256_LEN];

	if (value.n != DKEK_LEN)
		return HSM_E_BAD_LEN;
	TRY(hash(value, 0, digest));
	TRY(hash(value, 1, out->enc.p));
	TRY(hash(value, 2, out->mac.p));
	memcpy(out->kcv, digest, KCV_LEN);
	out->enc.n = SHA256_LEN;
	out->mac.n = SHA256_LEN;
	return HSM_OK;
}
