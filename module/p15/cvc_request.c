#include "base/tlv.h"
#include "p15/cvc.h"
#include "p15/cvc_tags.h"
#include "p15/limits.h"

hsm_rc cvc_request_parse(struct rd bytes, struct cvc_request *out)
{
	struct cvc_request req = { 0 };
	struct rd r, start;

	if (!tlv_get(&bytes, CVC_REQUEST, &r))
		return HSM_E_CARD_DATA;
	start = r;
	TRY(cvc_parse(&r, &req.request));
	if (!tlv_get(&r, CVC_CAR, &req.car) || req.car.n == 0 || req.car.n > P15_CHR_MAX)
		return HSM_E_CARD_DATA;
	req.covered = rd_of(start.p, start.n - r.n);
	if (!tlv_get(&r, CVC_SIGNATURE, &req.signature) || req.signature.n == 0 || r.n != 0)
		return HSM_E_CARD_DATA;
	*out = req;
	return HSM_OK;
}
