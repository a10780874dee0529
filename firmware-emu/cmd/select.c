#include "base/tlv.h"
#include "cmd/change.h"
#include "cmd/cmd.h"

enum {
	P1_BY_FID = 0x00,
	P1_BY_NAME = 0x04,
	P2_FCI = 0x00,
	P2_FCP = 0x04,
	P2_NOTHING = 0x0C,
	TAG_FCI = 0x6F,
	TAG_FCP = 0x62,
	TAG_SIZE = 0x80,
	TAG_DESCRIPTOR = 0x82,
	TAG_FID = 0x83,
	TAG_PROPRIETARY = 0x85,
	TAG_KEY_INFO = 0xA5,
	TAG_USES_LEFT = 0x90,
	TAG_ALGS = 0x91,
	TAG_DOMAIN = 0x92,
	DESCRIPTOR_DF = 0x78,
	DESCRIPTOR_EF = 0x01,
	KEY_DEVICE = 0,
};

static void u16_put(struct wr *w, uint16_t tag, uint16_t v)
{
	const uint8_t bytes[] = { (uint8_t)(v >> 8), (uint8_t)v };

	tlv_put(w, tag, rd_of(bytes, sizeof(bytes)));
}

static void u8_put(struct wr *w, uint16_t tag, uint8_t v)
{
	tlv_put(w, tag, rd_of(&v, 1));
}

/* Options as given at INITIALIZE DEVICE, platform, version; before 2.0 only the version. */
static void applet_put(struct wr *w, const struct emu_image *image)
{
	const struct profile *p = image->profile;
	const uint8_t v[] = { (uint8_t)(image->options >> 8), (uint8_t)image->options, p->platform,
		p->major, p->minor };

	const struct rd all = rd_of(v, sizeof(v)), version = rd_of(v + 3, 2);

	u8_put(w, TAG_DESCRIPTOR, DESCRIPTOR_DF);
	tlv_put(w, TAG_PROPRIETARY, profile_since(p, APPLET(2, 0)) ? all : version);
}

/* The only logout there is; the answer is the last through the channel. */
static void select_applet(struct emu_lane *lane)
{
	card_logout_all(lane->card);
	atomic_store(&lane->card->selected, true);
	lane->current_fid = 0;
	lane->pka = (struct pka){ 0 };
	channel_last(lane);
}

static hsm_rc by_name(struct emu_lane *lane, const struct capdu *c, struct wr *rsp)
{
	size_t mark;

	if (!rd_equal(c->data, RD_LIT(SCHSM_AID)))
		return atomic_load(&lane->card->selected) ? HSM_E_NO_FILE : HSM_E_BAD_CLASS;
	if (c->p2 != P2_FCI && c->p2 != P2_FCP && c->p2 != P2_NOTHING)
		return HSM_E_BAD_PARAM;
	select_applet(lane);
	if (c->p2 == P2_NOTHING || c->ne == 0)
		return HSM_OK;
	mark = tlv_open(rsp, c->p2 == P2_FCP ? TAG_FCP : TAG_FCI);
	applet_put(rsp, lane->image);
	tlv_close(rsp, mark);
	return HSM_OK;
}

static void uses_put(struct wr *w, uint32_t left)
{
	const size_t mark = tlv_open(w, TAG_USES_LEFT);

	wr_u32(w, left);
	tlv_close(w, mark);
}

/* What was set when the key was made, and only that. */
static void key_info_put(struct wr *w, const struct emu_image *image, const struct emu_key *key)
{
	const size_t from = w->n, mark = tlv_open(w, TAG_KEY_INFO);

	if (key->meta.uses != 0)
		uses_put(w, uses_left(image, key));
	if (key->meta.algs_n != 0)
		tlv_put(w, TAG_ALGS, rd_of(key->meta.algs, key->meta.algs_n));
	if (image->domains > 1)
		u8_put(w, TAG_DOMAIN, key->meta.domain);
	if (w->n == mark)
		w->n = from;
	else
		tlv_close(w, mark);
}

static void key_put(
        struct wr *w, const struct emu_image *image, const struct emu_key *key, uint16_t fid)
{
	u8_put(w, TAG_DESCRIPTOR, DESCRIPTOR_EF);
	u16_put(w, TAG_FID, fid);
	if (key != NULL)
		key_info_put(w, image, key);
}

static void file_put(struct wr *w, const struct emu_file *file)
{
	u16_put(w, TAG_SIZE, (uint16_t)emu_file_size(file));
	u8_put(w, TAG_DESCRIPTOR, DESCRIPTOR_EF);
	u16_put(w, TAG_FID, file->fid);
}

static hsm_rc by_fid(struct emu_lane *lane, const struct capdu *c, struct wr *rsp)
{
	struct rd r = c->data;
	const struct emu_file *file;
	const struct emu_key *key;
	uint16_t fid;
	size_t mark;

	if (c->p2 != P2_FCI)
		return HSM_E_BAD_PARAM;
	if (!rd_u16(&r, &fid) || r.n != 0)
		return HSM_E_BAD_LEN;
	file = image_file(lane->image, fid);
	key = fid_is_key(fid) ? lane->image->keys[fid & 0xFF] : NULL;
	if (file == NULL && key == NULL && fid != FID(FID_KEY, KEY_DEVICE))
		return HSM_E_NO_FILE;
	lane->current_fid = fid;
	if (c->ne == 0)
		return HSM_OK;
	mark = tlv_open(rsp, TAG_FCI);
	if (file != NULL)
		file_put(rsp, file);
	else
		key_put(rsp, lane->image, key, fid);
	tlv_close(rsp, mark);
	return HSM_OK;
}

/* SELECT, by the name of the applet or by file identifier. */
hsm_rc cmd_select(struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	(void)sw;
	if (c->p1 == P1_BY_NAME)
		return by_name(lane, c, rsp);
	return c->p1 == P1_BY_FID ? by_fid(lane, c, rsp) : HSM_E_BAD_PARAM;
}
