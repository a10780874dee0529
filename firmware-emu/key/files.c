#include "base/tlv.h"
#include "key/key.h"
#include "store/seal.h"

enum { AAD_MAX = 64 };

/* A sealed file opens under no other identifier and on no other card. */
static hsm_rc aad_put(const struct emu_image *image, uint16_t fid, struct wr *w)
{
	wr_rd_put(w, RD_LIT("twinhsm file 1"));
	wr_u16(w, fid);
	tlv_put(w, 0x5F20, rd_str(image->chr));
	return wr_done(w);
}

hsm_rc file_content(
        struct emu_lane *lane, const struct emu_file *file, struct buf *room, struct rd *out)
{
	AUTO_SECRET token_key = { .n = 0 };
	uint8_t aad[AAD_MAX];
	struct wr w = WR_ARRAY(aad);

	*out = buf_rd(&file->data);
	if (!fid_is_sealed(file->fid))
		return HSM_OK;
	TRY(card_token_key(lane->card, &token_key));
	TRY(aad_put(lane->image, file->fid, &w));
	TRY(unseal(secret_rd(&token_key), wr_rd(&w), *out, room));
	*out = buf_rd(room);
	return HSM_OK;
}

hsm_rc file_store(struct emu_lane *lane, struct store *store, uint16_t fid, struct rd content)
{
	AUTO_SECRET token_key = { .n = 0 };
	AUTO_BUF sealed = { 0 };
	uint8_t aad[AAD_MAX];
	struct wr w = WR_ARRAY(aad);

	if (!fid_is_sealed(fid))
		return store_put_file(store, fid, content);
	TRY(card_token_key(lane->card, &token_key));
	TRY(aad_put(lane->image, fid, &w));
	TRY(seal(secret_rd(&token_key), wr_rd(&w), content, &sealed));
	return store_put_file(store, fid, buf_rd(&sealed));
}
