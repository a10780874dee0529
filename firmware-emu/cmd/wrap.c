#include "key/wrap.h"
#include "cmd/change.h"
#include "cmd/cmd.h"
#include "key/key.h"

/* WRAP KEY: P1 names the key. */
hsm_rc cmd_wrap(struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	(void)sw;
	return c->p2 == ALG_WRAP ? key_wrap(lane, c->p1, rsp) : HSM_E_BAD_PARAM;
}

/* A key on its way into the store. */
struct incoming {
	struct emu_key_meta meta;
	EVP_PKEY *pkey;
	struct buf sealed;
	bool from_file;
};

static hsm_rc blob_of(struct emu_lane *lane, const struct capdu *c, struct incoming *in)
{
	const struct emu_file *file = image_file(lane->image, EF_UNWRAP_INPUT);
	struct rd blob = c->data;

	in->from_file = blob.n == 0;
	if (in->from_file) {
		if (file == NULL)
			return HSM_E_NO_FILE;
		blob = buf_rd(&file->data);
	}
	TRY(key_unwrap(lane, blob, &in->meta, &in->pkey));
	if (!image_takes_key(lane->image, &in->meta))
		return HSM_E_BAD_ALG;
	return keystore_seal(lane, &in->meta, in->pkey, &in->sealed);
}

static hsm_rc keep(struct emu_lane *lane, struct store *store, const struct incoming *in)
{
	if (lane->image->keys[in->meta.kid] != NULL)
		return HSM_E_EXISTS;
	TRY(change_room(lane->image, 1));
	TRY(store_put_key(store, &in->meta, buf_rd(&in->sealed)));
	if (in->from_file && image_file(lane->image, EF_UNWRAP_INPUT) != NULL)
		return store_delete_file(store, EF_UNWRAP_INPUT);
	return HSM_OK;
}

static hsm_rc unwrap(struct emu_lane *lane, const struct capdu *c, struct incoming *in)
{
	const uint64_t token = lane_token(lane);
	struct store *store = NULL;

	TRY(blob_of(lane, c, in));
	TRY(change_begin_as(lane, token, &store));
	return txn_end(lane, keep(lane, store, in));
}

/* UNWRAP KEY: P1 is the new key; without data its blob is in EF 2F10, which is used up. */
hsm_rc cmd_unwrap(struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	struct incoming in = { .meta = { .kid = c->p1 } };
	hsm_rc rc;

	(void)rsp;
	(void)sw;
	if (c->p1 == 0 || c->p2 != ALG_UNWRAP)
		return HSM_E_BAD_PARAM;
	if (c->data.n == 0 && !profile_since(lane->image->profile, APPLET(3, 0)))
		return HSM_E_BAD_LEN;
	if (lane->image->keys[c->p1] != NULL)
		return HSM_E_EXISTS;
	rc = unwrap(lane, c, &in);
	EVP_PKEY_free(in.pkey);
	buf_free(&in.sealed);
	return rc;
}
