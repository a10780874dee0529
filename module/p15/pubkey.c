#include "p15/pubkey.h"

#include "base/tlv.h"
#include "p15/cvc.h"
#include "p15/cvc_tags.h"

enum { X509_CERT = 0x30 };

static hsm_rc from_cvc_key(const struct cvc_key *key, struct pubkey *out)
{
	if (key->is_rsa && key->modulus.n != 0) {
		*out = (struct pubkey){ .type = PUBKEY_RSA,
			.bits = key->modulus_bits,
			.modulus = key->modulus,
			.exponent = key->exponent };
		return HSM_OK;
	}
	if (key->curve != NULL && key->point.n != 0) {
		*out = (struct pubkey){ .type = PUBKEY_EC,
			.bits = key->curve->bits,
			.curve = key->curve,
			.point = key->point };
		return HSM_OK;
	}
	return HSM_E_CARD_DATA;
}

static hsm_rc from_request(struct rd file, struct pubkey *out)
{
	struct cvc_request req;

	TRY(cvc_request_parse(file, &req));
	return from_cvc_key(&req.request.key, out);
}

static hsm_rc from_cvc(struct rd file, struct pubkey *out)
{
	struct cvc cert;

	TRY(cvc_parse(&file, &cert));
	return from_cvc_key(&cert.key, out);
}

static hsm_rc from_x509(struct rd file, struct pubkey *out)
{
	struct x509_fields cert;

	TRY(x509_parse(file, &cert));
	return pubkey_from_spki(cert.spki, out);
}

hsm_rc pubkey_from_cert_file(struct rd file, struct pubkey *out)
{
	static const struct {
		uint16_t tag;
		hsm_rc (*parse)(struct rd file, struct pubkey *out);
	} forms[] = {
		{ CVC_REQUEST, from_request },
		{ CVC_CERT, from_cvc },
		{ X509_CERT, from_x509 },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (tlv_peek(file, forms[i].tag))
			return forms[i].parse(file, out) == HSM_OK ? HSM_OK : HSM_E_CARD_DATA;
	}
	return HSM_E_CARD_DATA;
}
