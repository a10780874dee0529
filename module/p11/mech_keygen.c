/* What the public template of a key pair must say. */
#include "p11/op.h"

/* The card always takes 65537. */
static CK_RV check_exponent(const struct tmpl *pub)
{
	struct rd e = RD_LIT("\x01\x00\x01");

	TRY_RV(tmpl_bytes(pub, CKA_PUBLIC_EXPONENT, &e));
	while (e.n != 0 && e.p[0] == 0)
		e = rd_of(e.p + 1, e.n - 1);
	return rd_equal(e, RD_LIT("\x01\x00\x01")) ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
}

static CK_RV rsa(const struct tmpl *pub, struct new_key *out)
{
	static const uint16_t sizes[] = { 1024, 1536, 2048, 3072, 4096 };
	CK_ULONG bits = 0;

	if (tmpl_find(pub, CKA_EC_PARAMS) != NULL)
		return CKR_TEMPLATE_INCONSISTENT;
	if (tmpl_find(pub, CKA_MODULUS_BITS) == NULL)
		return CKR_TEMPLATE_INCOMPLETE;
	TRY_RV(tmpl_ulong(pub, CKA_MODULUS_BITS, &bits));
	TRY_RV(check_exponent(pub));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		if (sizes[i] == bits) {
			out->rsa_bits = sizes[i];
			return CKR_OK;
		}
	}
	return CKR_KEY_SIZE_RANGE;
}

static CK_RV ec(const struct tmpl *pub, struct new_key *out)
{
	struct rd params = { 0 };

	if (tmpl_find(pub, CKA_MODULUS_BITS) != NULL || tmpl_find(pub, CKA_PUBLIC_EXPONENT) != NULL)
		return CKR_TEMPLATE_INCONSISTENT;
	if (tmpl_find(pub, CKA_EC_PARAMS) == NULL)
		return CKR_TEMPLATE_INCOMPLETE;
	TRY_RV(tmpl_bytes(pub, CKA_EC_PARAMS, &params));
	return ec_params_read(params, &out->curve);
}

const struct mech_ops mech_rsa_keygen = { .keygen = rsa };
const struct mech_ops mech_ec_keygen = { .keygen = ec };
