#include "cmd/cmd.h"
#include "cmd/domain.h"
#include "key/key.h"

/* DECIPHER, ECDH included: P1 names the key, P2 the algorithm. */
hsm_rc cmd_decipher(struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	if (c->p2 == ALG_XKEK)
		return cmd_agree_kek(lane, c, rsp, sw);
	return key_decipher(lane, c->p1, c->p2, c->data, rsp);
}
