#include "key/derive.h"

#include "key/ec.h"
#include "key/prepare.h"

static hsm_rc derive(
        const struct curve *curve, EVP_PKEY *source, struct rd parameter, EVP_PKEY **out)
{
	uint8_t scalar[CURVE_WIDTH_MAX];
	hsm_rc rc = ec_key_scalar(curve, source, scalar);

	if (rc == HSM_OK)
		rc = ec_scalar_add(curve, scalar, parameter);
	if (rc == HSM_OK)
		rc = ec_key_open(curve, rd_of(scalar, curve->width), out);
	OPENSSL_cleanse(scalar, sizeof(scalar));
	return rc;
}

hsm_rc key_derive(struct emu_lane *lane, uint8_t kid, struct rd parameter,
        struct emu_key_meta *meta, EVP_PKEY **out)
{
	struct emu_key *key = lane->image->keys[kid];
	EVP_PKEY *source = NULL;

	if (key == NULL)
		return HSM_E_NO_REF;
	if (key->meta.type != EMU_KEY_EC)
		return HSM_E_BAD_ALG;
	if (!key_allows(&key->meta, ALG_EC_DERIVE))
		return HSM_E_KEY_REFUSED;
	if (parameter.n == 0 || parameter.n > key->meta.curve->width)
		return HSM_E_BAD_LEN;
	TRY(keystore_open(lane, key, &source));
	TRY(uses_count(lane, key));
	*meta = key->meta;
	meta->uses = 0;
	return derive(key->meta.curve, source, parameter, out);
}
