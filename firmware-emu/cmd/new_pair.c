#include "cmd/new_pair.h"

#include "cmd/change.h"

void new_pair_done(struct new_pair *k)
{
	EVP_PKEY_free(k->pkey);
	buf_free(&k->sealed);
}

hsm_rc new_pair_finish(struct emu_lane *lane, struct new_pair *k, struct rd car, struct rd chr,
        struct rd outer_car)
{
	const struct rd device = rd_str(lane->image->chr);

	k->request = WR_ARRAY(k->request_bytes);
	TRY(request_build(lane->image, k->pkey, &k->meta, car, chr,
	        outer_car.n != 0 ? outer_car : device, &k->request));
	return keystore_seal(lane, &k->meta, k->pkey, &k->sealed);
}

static hsm_rc put(
        struct emu_lane *lane, struct store *store, const struct new_pair *k, bool with_request)
{
	const uint8_t kid = k->meta.kid;
	const uint16_t cert = FID(FID_CERT, kid);
	const bool new_file = with_request && image_file(lane->image, cert) == NULL;

	if (lane->image->keys[kid] != NULL)
		return HSM_E_EXISTS;
	TRY(change_room(lane->image, new_file ? 2 : 1));
	TRY(store_put_key(store, &k->meta, buf_rd(&k->sealed)));
	return with_request ? store_put_file(store, cert, wr_rd(&k->request)) : HSM_OK;
}

hsm_rc new_pair_keep(
        struct emu_lane *lane, const struct new_pair *k, uint64_t token, bool with_request)
{
	struct store *store = NULL;

	TRY(change_begin_as(lane, token, &store));
	return txn_end(lane, put(lane, store, k, with_request));
}
