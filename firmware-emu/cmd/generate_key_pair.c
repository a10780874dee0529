#include "cmd/change.h"
#include "cmd/cmd.h"
#include "key/key.h"
#include "key/template.h"

/* A new key on its way to the store. */
struct new_key {
	struct key_template template;
	EVP_PKEY *pkey;
	struct buf sealed;
	struct wr request;
	uint8_t request_bytes[KEY_REQUEST_MAX];
};

static void new_key_done(struct new_key *k)
{
	EVP_PKEY_free(k->pkey);
	buf_free(&k->sealed);
}

/* All that takes time, outside of any transaction. */
static hsm_rc make(struct emu_lane *lane, struct new_key *k)
{
	const struct key_template *t = &k->template;
	const struct rd device = rd_str(lane->image->chr);

	TRY(key_generate(&t->meta, &k->pkey));
	k->request = WR_ARRAY(k->request_bytes);
	TRY(request_build(lane->image, k->pkey, &t->meta, t->car, t->chr,
	        t->outer_car.n != 0 ? t->outer_car : device, &k->request));
	return keystore_seal(lane, &t->meta, k->pkey, &k->sealed);
}

static hsm_rc keep(
        struct emu_lane *lane, struct store *store, const struct new_key *k, bool with_request)
{
	const uint8_t kid = k->template.meta.kid;
	const uint16_t cert = FID(FID_CERT, kid);
	const bool new_file = with_request && image_file(lane->image, cert) == NULL;

	if (lane->image->keys[kid] != NULL)
		return HSM_E_EXISTS;
	TRY(change_room(lane->image, new_file ? 2 : 1));
	TRY(store_put_key(store, &k->template.meta, buf_rd(&k->sealed)));
	return with_request ? store_put_file(store, cert, wr_rd(&k->request)) : HSM_OK;
}

static hsm_rc generate(struct emu_lane *lane, struct new_key *k, bool with_request)
{
	const uint64_t login = atomic_load(&lane->card->user_rev);
	struct store *store = NULL;

	TRY(make(lane, k));
	TRY(change_begin_as(lane, login, &store));
	return txn_end(lane, keep(lane, store, k, with_request));
}

/* GENERATE ASYMMETRIC KEY PAIR: P1 is the new key, the device key (P2 00) vouches for it. With Le
 * the request is answered, without it the card keeps it in EF CEkk. */
hsm_rc cmd_generate_key_pair(
        struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	struct new_key k = { 0 };
	hsm_rc rc;

	(void)sw;
	if (c->p1 == 0 || c->p2 != 0)
		return HSM_E_BAD_PARAM;
	if (c->ne != 0 && c->ne != APDU_NE_MAX)
		return HSM_E_BAD_LEN;
	TRY(key_template_parse(c->data, &k.template));
	k.template.meta.kid = c->p1;
	if (lane->image->keys[c->p1] != NULL)
		return HSM_E_EXISTS;
	rc = generate(lane, &k, c->ne == 0);
	if (rc == HSM_OK && c->ne != 0) {
		wr_rd_put(rsp, wr_rd(&k.request));
		rc = wr_done(rsp);
	}
	new_key_done(&k);
	return rc;
}
