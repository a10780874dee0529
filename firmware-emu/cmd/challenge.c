#include "base/ossl.h"
#include "cmd/cmd.h"

enum { CHALLENGE_MAX = 1024 };

/* GET CHALLENGE: random bytes, which may be there to be signed. */
hsm_rc cmd_challenge(struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	uint8_t *room;

	(void)sw;
	if (c->p1 != 0 || c->p2 != 0)
		return HSM_E_BAD_PARAM;
	if (c->ne < 1 || c->ne > CHALLENGE_MAX)
		return HSM_E_BAD_LEN;
	room = wr_room(rsp, c->ne);
	if (room == NULL)
		return HSM_E_SMALL;
	TRY(ossl_random(room, c->ne));
	pka_challenge(lane, rd_of(room, c->ne));
	return HSM_OK;
}
