#include "base/der.h"
#include "p15/point.h"
#include "p15/pubkey.h"

#define OID_RSA         "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01"
#define OID_EC          "\x2A\x86\x48\xCE\x3D\x02\x01"
#define OID_PRIME_FIELD "\x2A\x86\x48\xCE\x3D\x01\x01"

enum { DER_NULL = 0x05 };

/* A BIT STRING of whole bytes. */
static bool get_bytes(struct rd *r, struct rd *v)
{
	uint8_t unused;

	return tlv_get(r, DER_BITS, v) && rd_u8(v, &unused) && unused == 0;
}

/* RSAPublicKey (RFC 8017 appendix A.1.1); the parameters are NULL, or left out. */
static bool get_rsa(struct rd params, struct rd key, struct pubkey *out)
{
	struct rd null, seq;

	if (!tlv_get_opt(&params, DER_NULL, &null) || null.n != 0 || params.n != 0)
		return false;
	if (!tlv_get(&key, DER_SEQ, &seq) || key.n != 0 || !der_get_uint(&seq, &out->modulus) ||
	        !der_get_uint(&seq, &out->exponent) || seq.n != 0)
		return false;
	out->type = PUBKEY_RSA;
	return rsa_bits(out->modulus, out->exponent, &out->bits);
}

/* SpecifiedECDomain over a prime field (SEC 1 appendix C.2) that spells out a known curve. */
static const struct curve *explicit_curve(struct rd r)
{
	struct rd field, oid, p, curve, a, b, g, order;
	uint32_t version;

	if (!der_get_u32(&r, &version) || version == 0 || version > 3 ||
	        !tlv_get(&r, DER_SEQ, &field) || !tlv_get(&field, DER_OID, &oid) ||
	        !rd_equal(oid, RD_LIT(OID_PRIME_FIELD)) || !der_get_uint(&field, &p) ||
	        !tlv_get(&r, DER_SEQ, &curve) || !der_get_octets(&curve, &a) ||
	        !der_get_octets(&curve, &b) || !der_get_octets(&r, &g) || !der_get_uint(&r, &order))
		return NULL;
	return curve_by_params(p, a, b, g, order);
}

static bool get_ec(struct rd params, struct rd key, struct pubkey *out)
{
	struct rd v;

	if (tlv_get(&params, DER_OID, &v))
		out->curve = curve_by_oid(v);
	else if (tlv_get(&params, DER_SEQ, &v))
		out->curve = explicit_curve(v);
	if (out->curve == NULL || params.n != 0)
		return false;
	out->type = PUBKEY_EC;
	out->bits = out->curve->bits;
	out->point = key;
	return point_fits(key, out->curve);
}

hsm_rc pubkey_from_spki(struct rd spki, struct pubkey *out)
{
	struct pubkey key = { 0 };
	struct rd seq, alg, oid, bytes;
	bool good = false;

	if (!tlv_get(&spki, DER_SEQ, &seq) || spki.n != 0 || !tlv_get(&seq, DER_SEQ, &alg) ||
	        !tlv_get(&alg, DER_OID, &oid) || !get_bytes(&seq, &bytes) || seq.n != 0)
		return HSM_E_CARD_DATA;
	if (rd_equal(oid, RD_LIT(OID_RSA)))
		good = get_rsa(alg, bytes, &key);
	else if (rd_equal(oid, RD_LIT(OID_EC)))
		good = get_ec(alg, bytes, &key);
	if (!good)
		return HSM_E_CARD_DATA;
	*out = key;
	return HSM_OK;
}

static void put_alg(struct wr *w, const struct pubkey *key)
{
	size_t mark = tlv_open(w, DER_SEQ);

	if (key->type == PUBKEY_RSA) {
		tlv_put(w, DER_OID, RD_LIT(OID_RSA));
		tlv_put(w, DER_NULL, RD_LIT(""));
	} else {
		tlv_put(w, DER_OID, RD_LIT(OID_EC));
		tlv_put(w, DER_OID, key->curve->oid);
	}
	tlv_close(w, mark);
}

static void put_rsa(struct wr *w, const struct pubkey *key)
{
	size_t mark = tlv_open(w, DER_SEQ);

	der_put_uint(w, key->modulus);
	der_put_uint(w, key->exponent);
	tlv_close(w, mark);
}

void pubkey_put_spki(struct wr *w, const struct pubkey *key)
{
	size_t spki = tlv_open(w, DER_SEQ), bits;

	put_alg(w, key);
	bits = tlv_open(w, DER_BITS);
	wr_u8(w, 0);
	if (key->type == PUBKEY_RSA)
		put_rsa(w, key);
	else
		wr_rd_put(w, key->point);
	tlv_close(w, bits);
	tlv_close(w, spki);
}
