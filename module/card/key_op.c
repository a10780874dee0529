#include "card/key_op.h"

enum { ANSWER_MAX = RSA_BYTES_MAX }; /* an RSA-4096 block */

hsm_rc key_op(struct card_lane *lane, enum schsm_ins ins, uint8_t kid, enum schsm_alg alg,
        struct rd input, struct rd *answer)
{
	static const struct sw_rule rules[] = {
		{ 0x6A82, HSM_E_NO_REF }, /* no such key */
		{ 0 },
	};
	struct capdu c = {
		.cla = 0x80,
		.ins = (uint8_t)ins,
		.p1 = kid,
		.p2 = (uint8_t)alg,
		.data = input,
		.ne = ANSWER_MAX,
		.extended = true,
	};

	return command_run(lane, &c, rules, answer);
}
