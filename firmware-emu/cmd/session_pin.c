#include "cmd/cmd.h"

enum { P1_CLEAR = 0x00, P1_GENERATE = 0x01 };

static hsm_rc generate(struct emu_lane *lane, bool stays, struct wr *rsp)
{
	AUTO_SECRET pin = { .n = 0 };

	TRY(session_pin_make(lane, stays, &pin));
	wr_rd_put(rsp, secret_rd(&pin));
	return wr_done(rsp);
}

/* GENERATE SESSION PIN, through secure messaging only: another value that logs the user in, P1 01,
 * or none any more, P1 00, where it does not end with a reset. */
hsm_rc cmd_session_pin(struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	const uint16_t options = lane->image->options;
	const bool stays = (options & OPT_SESSION_STAYS) == OPT_SESSION_STAYS;

	(void)sw;
	if ((options & OPT_SESSION_PIN) == 0)
		return HSM_E_UNSUPPORTED;
	if (c->p2 != REF_USER_PIN || c->p1 > P1_GENERATE || (c->p1 == P1_CLEAR && !stays))
		return HSM_E_BAD_PARAM;
	if (!lane->channel.protected || !lane_user(lane))
		return HSM_E_NOT_AUTH;
	if (c->p1 == P1_CLEAR) {
		session_pin_clear(lane->card);
		return HSM_OK;
	}
	return c->ne < SESSION_PIN_LEN ? HSM_E_BAD_LEN : generate(lane, stays, rsp);
}
