#include "base/tlv.h"
#include "cmd/change.h"
#include "cmd/cmd.h"
#include "key/key.h"

enum { TAG_OFFSET = 0x54, SW_END_OF_FILE = 0x6282 };

static hsm_rc read_allowed(const struct emu_lane *lane, uint16_t fid)
{
	if (fid_is_key(fid))
		return HSM_E_NOT_AUTH;
	if (fid_is_sealed(fid) && !lane_user(lane))
		return HSM_E_NOT_AUTH;
	return HSM_OK;
}

/* READ BINARY with an odd instruction: raw bytes, 6282 when fewer than asked for. */
hsm_rc cmd_read(struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	const uint16_t named = (uint16_t)(c->p1 << 8 | c->p2);
	const uint16_t fid = named != 0 ? named : lane->current_fid;
	const struct emu_file *file;
	AUTO_BUF room = { 0 };
	struct rd data = c->data, value, rest;
	uint16_t offset;

	if (!tlv_get(&data, TAG_OFFSET, &value) || !rd_u16(&value, &offset) || value.n != 0 ||
	        data.n != 0)
		return HSM_E_BAD_DATA;
	if (c->ne == 0)
		return HSM_E_BAD_LEN;
	TRY(read_allowed(lane, fid));
	file = image_file(lane->image, fid);
	if (file == NULL)
		return HSM_E_NO_FILE;
	TRY(file_content(lane, file, &room, &rest));
	if (!rd_take(&rest, offset, &value))
		return HSM_E_BAD_OFFSET;
	if (rest.n < c->ne)
		*sw = SW_END_OF_FILE;
	wr_put(rsp, rest.p, rest.n < c->ne ? rest.n : c->ne);
	return wr_done(rsp);
}
