#include "base/tlv.h"
#include "p15/cvc.h"
#include "p15/cvc_tags.h"
#include "p15/limits.h"

hsm_rc cvc_request_content_parse(struct rd r, struct cvc_request *out)
{
	const struct rd start = r;
	struct cvc_request req = { 0 };

	TRY(cvc_parse(&r, &req.request));
	if (!tlv_get(&r, CVC_CAR, &req.car) || req.car.n == 0 || req.car.n > P15_CHR_MAX)
		return HSM_E_CARD_DATA;
	req.covered = rd_of(start.p, start.n - r.n);
	if (!tlv_get(&r, CVC_SIGNATURE, &req.signature) || req.signature.n == 0 || r.n != 0)
		return HSM_E_CARD_DATA;
	*out = req;
	return HSM_OK;
}

hsm_rc cvc_request_parse(struct rd bytes, struct cvc_request *out)
{
	struct rd content;

	return tlv_get(&bytes, CVC_REQUEST, &content) ? cvc_request_content_parse(content, out)
	                                              : HSM_E_CARD_DATA;
}
