#include <openssl/core_names.h>

#include "foreign.h"

hsm_rc foreign_number(EVP_PKEY *pkey, const char *name, size_t width, struct wr *out)
{
	BIGNUM *bn = NULL;
	uint8_t *room;
	size_t n;

	if (EVP_PKEY_get_bn_param(pkey, name, &bn) != 1)
		return HSM_E_NO_REF;
	n = width != 0 ? width : (size_t)BN_num_bytes(bn);
	room = wr_room(out, n);
	if (room != NULL && BN_bn2binpad(bn, room, (int)n) < 0)
		out->bad = true;
	BN_clear_free(bn);
	return wr_done(out);
}

hsm_rc foreign_point(const struct foreign_key *k, struct wr *out)
{
	wr_u8(out, 0x04);
	TRY(foreign_number(k->pkey, OSSL_PKEY_PARAM_EC_PUB_X, k->curve->width, out));
	return foreign_number(k->pkey, OSSL_PKEY_PARAM_EC_PUB_Y, k->curve->width, out);
}
