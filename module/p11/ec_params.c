#include "base/der.h"
#include "p11/op.h"

enum { DER_PRINTABLE = 0x13 };

/* SEQUENCE { OID prime-field, INTEGER p } of X9.62. */
static bool field_prime(struct rd *r, struct rd *p)
{
	struct rd field, oid;

	return tlv_get(r, DER_SEQ, &field) && tlv_get(&field, DER_OID, &oid) &&
	       rd_equal(oid, RD_LIT("\x2A\x86\x48\xCE\x3D\x01\x01")) && der_get_uint(&field, p);
}

/* SpecifiedECDomain (SEC 1 section C.2); seed and cofactor do not matter. */
static const struct curve *explicit_curve(struct rd seq)
{
	struct rd p, ab, a, b, g, order;
	uint32_t version;

	if (!der_get_u32(&seq, &version) || !field_prime(&seq, &p) ||
	        !tlv_get(&seq, DER_SEQ, &ab) || !der_get_octets(&ab, &a) ||
	        !der_get_octets(&ab, &b) || !der_get_octets(&seq, &g) ||
	        !der_get_uint(&seq, &order))
		return NULL;
	return curve_by_params(p, a, b, g, order);
}

static const struct curve *named_curve(struct rd text)
{
	for (size_t i = 0; curve_at(i) != NULL; i++) {
		if (rd_equal(rd_str(curve_at(i)->name), text))
			return curve_at(i);
	}
	return NULL;
}

CK_RV ec_params_read(struct rd der, const struct curve **out)
{
	uint16_t tag;
	struct rd value;

	if (!tlv_next(&der, &tag, &value, NULL) || der.n != 0)
		return CKR_DOMAIN_PARAMS_INVALID;
	if (tag == DER_OID)
		*out = curve_by_oid(value);
	else if (tag == DER_SEQ)
		*out = explicit_curve(value);
	else if (tag == DER_PRINTABLE)
		*out = named_curve(value);
	else
		return CKR_DOMAIN_PARAMS_INVALID;
	return *out != NULL ? CKR_OK : CKR_CURVE_NOT_SUPPORTED;
}
