#include "base/tlv.h"
#include "cmd/change.h"
#include "cmd/cmd.h"
#include "key/key.h"

enum { TAG_OFFSET = 0x54, TAG_DATA = 0x53 };

static hsm_rc write_allowed(uint16_t fid)
{
	if (fid == 0)
		return HSM_E_NO_FILE;
	return fid_is_key(fid) || fid == EF_DEVAUT ? HSM_E_NOT_AUTH : HSM_OK;
}

/* The file's new contents: offset 0 begins it anew, what lies behind a later piece stays. */
static hsm_rc merge(struct rd old, size_t offset, struct rd piece, struct buf *out)
{
	const size_t end = offset + piece.n;

	if (offset > old.n)
		return HSM_E_BAD_OFFSET;
	if (end > P15_FILE_MAX)
		return HSM_E_BAD_LEN;
	TRY(buf_append(out, rd_of(old.p, offset)));
	TRY(buf_append(out, piece));
	if (offset != 0 && end < old.n)
		TRY(buf_append(out, rd_of(old.p + end, old.n - end)));
	return HSM_OK;
}

static hsm_rc write_piece(
        struct emu_lane *lane, struct store *store, uint16_t fid, size_t offset, struct rd piece)
{
	const struct emu_file *file = image_file(lane->image, fid);
	AUTO_BUF room = { 0 };
	AUTO_BUF data = { 0 };
	struct rd old = { 0 };

	if (file == NULL)
		TRY(change_room(lane->image, 1));
	else
		TRY(file_content(lane, file, &room, &old));
	TRY(merge(old, offset, piece, &data));
	return file_store(lane, store, fid, buf_rd(&data));
}

/* UPDATE BINARY with an odd instruction; writing a file that is not there creates it. */
hsm_rc cmd_update(struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	const uint16_t named = (uint16_t)(c->p1 << 8 | c->p2);
	const uint16_t fid = named != 0 ? named : lane->current_fid;
	struct rd data = c->data, at, piece;
	struct store *store = NULL;
	uint16_t offset;

	(void)rsp;
	(void)sw;
	if (!tlv_get(&data, TAG_OFFSET, &at) || !rd_u16(&at, &offset) || at.n != 0 ||
	        !tlv_get(&data, TAG_DATA, &piece) || data.n != 0)
		return HSM_E_BAD_DATA;
	TRY(write_allowed(fid));
	TRY(change_begin(lane, &store));
	TRY(txn_end(lane, write_piece(lane, store, fid, offset, piece)));
	lane->current_fid = fid;
	return HSM_OK;
}
