#include "base/tlv.h"
#include "p15/cvc.h"
#include "p15/cvc_tags.h"
#include "p15/limits.h"

enum { DATE_LEN = 6 };

static bool get_date(struct rd *r, uint16_t tag, struct rd *date)
{
	return tlv_get(r, tag, date) && date->n == DATE_LEN;
}

/* Role and dates, which certificates have and requests have not. */
static bool get_validity(struct rd *r, struct cvc *c)
{
	struct rd holder, bits;

	if (!tlv_peek(*r, CVC_HOLDER_AUTH))
		return true;
	if (!tlv_get(r, CVC_HOLDER_AUTH, &holder) || !tlv_get(&holder, CVC_OID, &c->role) ||
	        !tlv_get(&holder, CVC_ROLE_BITS, &bits) || !rd_u8(&bits, &c->role_bits))
		return false;
	return get_date(r, CVC_EFFECTIVE, &c->effective) && get_date(r, CVC_EXPIRY, &c->expiry);
}

static hsm_rc parse_body(struct rd r, struct cvc *c)
{
	struct rd profile, key;

	if (!tlv_get(&r, CVC_PROFILE, &profile) || !rd_equal(profile, rd_of("", 1)) ||
	        !tlv_get_opt(&r, CVC_CAR, &c->car) || c->car.n > P15_CHR_MAX ||
	        !tlv_get(&r, CVC_KEY, &key))
		return HSM_E_CARD_DATA;
	TRY(cvc_key_parse(key, &c->key));
	if (!tlv_get(&r, CVC_CHR, &c->chr) || c->chr.n == 0 || c->chr.n > P15_CHR_MAX ||
	        !get_validity(&r, c) || !tlv_get_opt(&r, CVC_EXTENSIONS, &c->extensions))
		return HSM_E_CARD_DATA;
	return HSM_OK;
}

hsm_rc cvc_content_parse(struct rd content, struct cvc *out)
{
	struct cvc c = { 0 };
	struct rd body;
	uint16_t tag;

	if (!tlv_next(&content, &tag, &body, &c.body) || tag != CVC_BODY)
		return HSM_E_CARD_DATA;
	TRY(parse_body(body, &c));
	if (!tlv_get(&content, CVC_SIGNATURE, &c.signature) || c.signature.n == 0 || content.n != 0)
		return HSM_E_CARD_DATA;
	*out = c;
	return HSM_OK;
}

hsm_rc cvc_parse(struct rd *certs, struct cvc *out)
{
	struct rd at = *certs, cert;

	if (!tlv_get(&at, CVC_CERT, &cert))
		return HSM_E_CARD_DATA;
	TRY(cvc_content_parse(cert, out));
	*certs = at;
	return HSM_OK;
}
