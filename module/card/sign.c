#include "card/command.h"
#include "card/key_op.h"
#include "p15/ecsig.h"

hsm_rc card_sign_rsa(struct card_lane *lane, uint8_t kid, enum schsm_alg alg, struct rd input,
        size_t width, struct wr *out)
{
	struct rd signature;

	TRY(key_op(lane, INS_SIGN, kid, alg, input, &signature));
	if (signature.n != width)
		return HSM_E_CARD_DATA;
	wr_rd_put(out, signature);
	return wr_done(out);
}

hsm_rc card_sign_ec(struct card_lane *lane, uint8_t kid, enum schsm_alg alg, struct rd input,
        size_t width, struct wr *out)
{
	struct rd signature;

	TRY(key_op(lane, INS_SIGN, kid, alg, input, &signature));
	return ecsig_to_raw(signature, width, out);
}
