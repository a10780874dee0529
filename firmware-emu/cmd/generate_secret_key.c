#include "cmd/change.h"
#include "cmd/cmd.h"
#include "key/key.h"
#include "key/template.h"

enum { P2_AES_128 = 0xB0, P2_AES_192 = 0xB1, P2_AES_256 = 0xB2 };

static uint16_t bits_of(uint8_t p2)
{
	return (uint16_t)(128 + 64 * (p2 - P2_AES_128));
}

static hsm_rc make(struct emu_lane *lane, const struct emu_key_meta *meta, struct buf *sealed)
{
	EVP_PKEY *pkey = NULL;
	hsm_rc rc;

	TRY(key_generate(meta, &pkey));
	rc = keystore_seal(lane, meta, pkey, sealed);
	EVP_PKEY_free(pkey);
	return rc;
}

static hsm_rc keep(
        struct emu_lane *lane, struct store *store, const struct emu_key_meta *meta, struct rd key)
{
	if (lane->image->keys[meta->kid] != NULL)
		return HSM_E_EXISTS;
	TRY(change_room(lane->image, 1));
	return store_put_key(store, meta, key);
}

/* GENERATE SECRET KEY: P1 is the new key, P2 its size, the data are its rules. */
hsm_rc cmd_generate_secret_key(
        struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	const uint64_t token = lane_token(lane);
	struct emu_key_meta meta = { .kid = c->p1, .type = EMU_KEY_AES };
	struct store *store = NULL;
	AUTO_BUF sealed = { 0 };

	(void)rsp;
	(void)sw;
	if (c->p1 == 0)
		return HSM_E_BAD_PARAM;
	if (c->p2 < P2_AES_128 || c->p2 > P2_AES_256)
		return HSM_E_BAD_ALG;
	meta.bits = bits_of(c->p2);
	TRY(key_rules_parse(lane->image, c->data, &meta));
	if (lane->image->keys[c->p1] != NULL)
		return HSM_E_EXISTS;
	TRY(make(lane, &meta, &sealed));
	TRY(change_begin_as(lane, token, &store));
	return txn_end(lane, keep(lane, store, &meta, buf_rd(&sealed)));
}
