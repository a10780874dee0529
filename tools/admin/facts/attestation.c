#include "attestation.h"

#include "base/tlv.h"
#include "p15/cvc_tags.h"
#include "verify.h"

static const char rsa_sha256[] = CVC_ID_TA_RSA "\x02";

static bool signed_by_key(const struct attestation *a)
{
	const struct cvc *c = &a->request.request;

	if (a->key.type == PUBKEY_EC)
		return cvc_verify(c, c->key.oid, a->key.curve, a->key.point) == HSM_OK;
	return rd_equal(c->key.oid, rd_of(rsa_sha256, sizeof(rsa_sha256) - 1)) &&
	       public_verify(&a->key, SCHEME_PKCS1, c->body, c->signature);
}

static bool signed_by_device(const struct attestation *a, const struct cvc *device)
{
	return device->chr.n != 0 && rd_equal(a->request.car, device->chr) && !device->key.is_rsa &&
	       cvc_verify_data(a->request.covered, a->request.signature, device->key.oid,
	               cvc_chain_curve(), device->key.point) == HSM_OK;
}

hsm_rc attestation_check(struct rd file, const struct maker *maker, struct attestation *out)
{
	struct rd rest = file, content;
	uint16_t tag;

	*out = (struct attestation){ 0 };
	TRY(cvc_request_parse(file, &out->request));
	TRY(pubkey_from_cert_file(file, &out->key));
	if (!tlv_next(&rest, &tag, &content, &out->whole))
		return HSM_E_CARD_DATA;
	out->signed_by_key = signed_by_key(out);
	out->signed_by_device = signed_by_device(out, &maker->cert);
	out->device_certified = maker->rc == HSM_OK;
	return HSM_OK;
}

bool attestation_good(const struct attestation *a)
{
	return a->signed_by_key && a->signed_by_device && a->device_certified;
}
