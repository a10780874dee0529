#include "cmd/cmd.h"
#include "key/key.h"

/* SIGN: P1 names the key, P2 the algorithm. */
hsm_rc cmd_sign(struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	(void)sw;
	return key_sign(lane, c->p1, c->p2, c->data, rsp);
}
