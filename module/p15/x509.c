#include "base/der.h"
#include "p15/pubkey.h"

enum {
	X509_VERSION = 0xA0,
	UTC_TIME = 0x17,
	UTC_TIME_LEN = 13, /* YYMMDDHHMMSSZ */
	GENERALIZED_TIME = 0x18,
	GENERALIZED_TIME_LEN = 15, /* YYYYMMDDHHMMSSZ */
};

/* Takes the next object with this tag, header included. */
static bool get_whole(struct rd *r, uint16_t tag, struct rd *whole)
{
	struct rd value;
	uint16_t t;

	return tlv_peek(*r, tag) && tlv_next(r, &t, &value, whole);
}

/* RFC 5280 section 4.1.2.5: seconds are always there, and the zone is always Z. */
static bool get_time(struct rd *r, struct rd *text)
{
	uint16_t tag;

	if (!tlv_next(r, &tag, text, NULL))
		return false;
	if (!(tag == UTC_TIME && text->n == UTC_TIME_LEN) &&
	        !(tag == GENERALIZED_TIME && text->n == GENERALIZED_TIME_LEN))
		return false;
	for (size_t i = 0; i + 1 < text->n; i++) {
		if (text->p[i] < '0' || text->p[i] > '9')
			return false;
	}
	return text->p[text->n - 1] == 'Z';
}

/* TBSCertificate up to the key; what follows (unique identifiers, extensions) is not needed. */
static bool get_fields(struct rd tbs, struct x509_fields *f)
{
	struct rd skipped, serial, validity;

	if (!tlv_get_opt(&tbs, X509_VERSION, &skipped))
		return false;
	serial = tbs;
	return tlv_get(&serial, DER_INT, &skipped) && skipped.n != 0 &&
	       get_whole(&tbs, DER_INT, &f->serial) && tlv_get(&tbs, DER_SEQ, &skipped) &&
	       get_whole(&tbs, DER_SEQ, &f->issuer) && tlv_get(&tbs, DER_SEQ, &validity) &&
	       get_time(&validity, &f->not_before) && get_time(&validity, &f->not_after) &&
	       validity.n == 0 && get_whole(&tbs, DER_SEQ, &f->subject) &&
	       get_whole(&tbs, DER_SEQ, &f->spki);
}

hsm_rc x509_parse(struct rd der, struct x509_fields *out)
{
	struct x509_fields f = { 0 };
	struct rd outer, cert, tbs, alg, signature;

	if (!get_whole(&der, DER_SEQ, &f.whole))
		return HSM_E_CARD_DATA;
	outer = f.whole;
	if (!tlv_get(&outer, DER_SEQ, &cert) || !tlv_get(&cert, DER_SEQ, &tbs) ||
	        !tlv_get(&cert, DER_SEQ, &alg) || !tlv_get(&cert, DER_BITS, &signature) ||
	        cert.n != 0 || !get_fields(tbs, &f))
		return HSM_E_CARD_DATA;
	*out = f;
	return HSM_OK;
}
