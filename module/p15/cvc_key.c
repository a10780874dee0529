#include "base/tlv.h"
#include "p15/cvc.h"
#include "p15/cvc_tags.h"
#include "p15/point.h"

enum { FIRST = CVC_EC_P, LAST = CVC_EC_COFACTOR };

/* The numbers of a key by tag; p == NULL when absent. */
struct parts {
	struct rd bits;
	struct rd at[LAST - FIRST + 1];
};

static struct rd part(const struct parts *parts, unsigned tag)
{
	return parts->at[tag - FIRST];
}

/* Every object at most once, in any order; unknown ones are skipped. */
static bool collect(struct rd r, struct parts *parts)
{
	struct rd value, *at;
	uint16_t tag;

	while (r.n != 0) {
		if (!tlv_next(&r, &tag, &value, NULL))
			return false;
		if (tag == CVC_RSA_BITS)
			at = &parts->bits;
		else if (tag >= FIRST && tag <= LAST)
			at = &parts->at[tag - FIRST];
		else
			continue;
		if (at->p != NULL)
			return false;
		*at = value;
	}
	return true;
}

static bool oid_begins(struct rd oid, struct rd prefix)
{
	return oid.n == prefix.n + 1 && memcmp(oid.p, prefix.p, prefix.n) == 0;
}

static struct rd magnitude(struct rd v)
{
	while (v.n != 0 && v.p[0] == 0) {
		v.p++;
		v.n--;
	}
	return v;
}

static hsm_rc parse_rsa(const struct parts *parts, struct cvc_key *key)
{
	struct rd bits = parts->bits;

	key->is_rsa = true;
	key->modulus = magnitude(part(parts, CVC_RSA_MODULUS));
	key->exponent = magnitude(part(parts, CVC_RSA_EXPONENT));
	if (key->exponent.n == 0)
		return HSM_E_CARD_DATA;
	if (part(parts, CVC_RSA_MODULUS).p != NULL)
		return rsa_bits(key->modulus, key->exponent, &key->modulus_bits) ? HSM_OK
		                                                                 : HSM_E_CARD_DATA;
	return rd_u16(&bits, &key->modulus_bits) && bits.n == 0 ? HSM_OK : HSM_E_CARD_DATA;
}

static bool has_domain(const struct parts *parts)
{
	for (unsigned tag = CVC_EC_P; tag <= CVC_EC_ORDER; tag++) {
		if (part(parts, tag).p != NULL)
			return true;
	}
	return false;
}

static hsm_rc parse_ec(const struct parts *parts, struct cvc_key *key)
{
	struct rd cofactor = part(parts, CVC_EC_COFACTOR);

	key->point = part(parts, CVC_EC_POINT);
	if (cofactor.p != NULL && !rd_equal(cofactor, RD_LIT("\x01")))
		return HSM_E_CARD_DATA;
	if (has_domain(parts)) {
		key->curve = curve_by_params(part(parts, CVC_EC_P), part(parts, CVC_EC_A),
		        part(parts, CVC_EC_B), part(parts, CVC_EC_G), part(parts, CVC_EC_ORDER));
		if (key->curve == NULL)
			return HSM_E_BAD_ALG;
	}
	if (key->point.p == NULL)
		return key->curve != NULL ? HSM_OK : HSM_E_CARD_DATA;
	return point_fits(key->point, key->curve) ? HSM_OK : HSM_E_CARD_DATA;
}

hsm_rc cvc_key_parse(struct rd content, struct cvc_key *out)
{
	struct parts parts = { 0 };
	struct cvc_key key = { 0 };

	if (!tlv_get(&content, CVC_OID, &key.oid) || !collect(content, &parts))
		return HSM_E_CARD_DATA;
	if (oid_begins(key.oid, RD_LIT(CVC_ID_TA_RSA)))
		TRY(parse_rsa(&parts, &key));
	else if (oid_begins(key.oid, RD_LIT(CVC_ID_TA_ECDSA)))
		TRY(parse_ec(&parts, &key));
	else
		return HSM_E_BAD_ALG;
	*out = key;
	return HSM_OK;
}
