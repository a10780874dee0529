#include "base/tlv.h"
#include "p15/cvc.h"
#include "p15/cvc_tags.h"

static void put_rsa(struct wr *w, const struct cvc_key *key)
{
	size_t mark;

	if (key->modulus.n != 0)
		tlv_put(w, CVC_RSA_MODULUS, key->modulus);
	tlv_put(w, CVC_RSA_EXPONENT, key->exponent);
	if (key->modulus.n != 0)
		return;
	mark = tlv_open(w, CVC_RSA_BITS);
	wr_u16(w, key->modulus_bits);
	tlv_close(w, mark);
}

static void put_ec(struct wr *w, const struct cvc_key *key)
{
	const struct curve *c = key->curve;

	if (c != NULL) {
		tlv_put(w, CVC_EC_P, c->p);
		tlv_put(w, CVC_EC_A, c->a);
		tlv_put(w, CVC_EC_B, c->b);
		tlv_put(w, CVC_EC_G, c->g);
		tlv_put(w, CVC_EC_ORDER, c->order);
	}
	if (key->point.n != 0)
		tlv_put(w, CVC_EC_POINT, key->point);
	if (c != NULL)
		tlv_put(w, CVC_EC_COFACTOR, RD_LIT("\x01"));
}

void cvc_key_put(struct wr *w, const struct cvc_key *key)
{
	size_t mark = tlv_open(w, CVC_KEY);

	tlv_put(w, CVC_OID, key->oid);
	if (key->is_rsa)
		put_rsa(w, key);
	else
		put_ec(w, key);
	tlv_close(w, mark);
}

static void put_validity(struct wr *w, const struct cvc *c)
{
	size_t mark = tlv_open(w, CVC_HOLDER_AUTH);

	tlv_put(w, CVC_OID, c->role);
	tlv_put(w, CVC_ROLE_BITS, rd_of(&c->role_bits, 1));
	tlv_close(w, mark);
	tlv_put(w, CVC_EFFECTIVE, c->effective);
	tlv_put(w, CVC_EXPIRY, c->expiry);
}

void cvc_body_put(struct wr *w, const struct cvc *c)
{
	size_t mark = tlv_open(w, CVC_BODY);

	tlv_put(w, CVC_PROFILE, rd_of("", 1));
	if (c->car.n != 0)
		tlv_put(w, CVC_CAR, c->car);
	cvc_key_put(w, &c->key);
	tlv_put(w, CVC_CHR, c->chr);
	if (c->role.n != 0)
		put_validity(w, c);
	if (c->extensions.n != 0)
		tlv_put(w, CVC_EXTENSIONS, c->extensions);
	tlv_close(w, mark);
}
