#include "cmd/cmd.h"
#include "key/key.h"

/* DECIPHER, ECDH included: P1 names the key, P2 the algorithm. */
hsm_rc cmd_decipher(struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	(void)sw;
	return key_decipher(lane, c->p1, c->p2, c->data, rsp);
}
