#include "cmd/change.h"
#include "cmd/cmd.h"

static hsm_rc delete_one(struct emu_lane *lane, struct store *store, uint16_t fid)
{
	const uint8_t kid = (uint8_t)fid;

	if (fid_is_key(fid))
		return lane->image->keys[kid] == NULL ? HSM_E_NO_FILE
		                                      : store_delete_key(store, kid);
	return image_file(lane->image, fid) == NULL ? HSM_E_NO_FILE : store_delete_file(store, fid);
}

/* DELETE FILE: files and keys, each alone; files that belong to it stay. */
hsm_rc cmd_delete(struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	struct rd data = c->data;
	struct store *store = NULL;
	uint16_t fid;

	(void)rsp;
	(void)sw;
	if (c->p1 != 0x02 || c->p2 != 0x00)
		return HSM_E_BAD_PARAM;
	if (!rd_u16(&data, &fid) || data.n != 0)
		return HSM_E_BAD_LEN;
	if (fid == EF_DEVAUT || fid == FID(FID_KEY, 0))
		return HSM_E_NOT_AUTH;
	TRY(change_begin(lane, &store));
	TRY(txn_end(lane, delete_one(lane, store, fid)));
	if (lane->current_fid == fid)
		lane->current_fid = 0;
	return HSM_OK;
}
