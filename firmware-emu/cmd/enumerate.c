#include "cmd/cmd.h"

/* ENUMERATE OBJECTS: files, then the device key and the keys, each in order of creation. */
hsm_rc cmd_enumerate(struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	const struct emu_image *image = lane->image;

	(void)sw;
	if (c->p1 != 0 || c->p2 != 0)
		return HSM_E_BAD_PARAM;
	/* Half a list would make hosts take numbers that are in use. */
	if (c->ne < 2 * (image->files_n + 1 + image->keys_n))
		return HSM_E_BAD_LEN;
	for (size_t i = 0; i < image->files_n; i++)
		wr_u16(rsp, image->files[i]->fid);
	wr_u16(rsp, FID(FID_KEY, 0));
	for (size_t i = 0; i < image->keys_n; i++)
		wr_u16(rsp, FID(FID_KEY, image->key_order[i]));
	return wr_done(rsp);
}
