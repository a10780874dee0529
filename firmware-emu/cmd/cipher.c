#include "cmd/cmd.h"
#include "key/key.h"

/* CIPHER: P1 names the AES key, P2 the algorithm. */
hsm_rc cmd_cipher(struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	(void)sw;
	return key_cipher(lane, c->p1, c->p2, c->data, rsp);
}
