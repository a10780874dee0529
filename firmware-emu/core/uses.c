#include "base/log.h"
#include "core/core.h"

/* A lease is so much of what is left: few uses are lost when a process dies with it. */
enum { LEASE_PART = 8, LEASE_MAX = 64 };

static uint32_t lease_size(uint32_t left)
{
	const uint32_t n = left / LEASE_PART;

	return n == 0 ? 1 : n > LEASE_MAX ? LEASE_MAX : n;
}

static bool take(struct emu_key *key)
{
	uint32_t n = atomic_load(&key->leased);

	while (n != 0) {
		if (atomic_compare_exchange_weak(&key->leased, &n, n - 1))
			return true;
	}
	return false;
}

/* Everything may have changed before the transaction began; another lane may have leased. */
static hsm_rc lease(
        struct emu_lane *lane, struct store *store, const struct emu_key *key, uint32_t *n)
{
	const uint8_t kid = key->meta.kid;
	const uint32_t left = lane->image->uses_left[kid];

	if (!lane_user(lane))
		return HSM_E_NOT_AUTH;
	if (lane->image->keys[kid] != key)
		return HSM_E_NO_REF;
	if (atomic_load(&key->leased) != 0)
		return HSM_OK;
	if (left == 0)
		return HSM_E_USED_UP;
	*n = lease_size(left);
	return store_put_uses(store, kid, left - *n);
}

/* Durable before any of it is used, also within a hold. */
static hsm_rc refill(struct emu_lane *lane, struct emu_key *key)
{
	struct store *store;
	uint32_t n = 0;

	if (lane->image->uses_left[key->meta.kid] == 0)
		return HSM_E_USED_UP;
	TRY(txn_flush(lane));
	TRY(txn_begin(lane, &store));
	TRY(txn_end(lane, lease(lane, store, key, &n)));
	TRY(txn_flush(lane));
	atomic_fetch_add(&key->leased, n);
	return lane->image->keys[key->meta.kid] == key ? HSM_OK : HSM_E_NO_REF;
}

hsm_rc uses_take(struct emu_lane *lane, struct emu_key *key)
{
	hsm_rc rc = HSM_OK;

	emu_key_ref(key); /* the image that it comes from may go */
	while (rc == HSM_OK && !take(key))
		rc = refill(lane, key);
	emu_key_free(key);
	return rc;
}

uint32_t uses_left(const struct emu_image *image, const struct emu_key *key)
{
	const uint64_t n = (uint64_t)image->uses_left[key->meta.kid] + atomic_load(&key->leased);

	/* The owner of the file may have set the counter back. */
	return n < key->meta.uses ? (uint32_t)n : key->meta.uses;
}

/* ---- giving back ---- */

static bool any_leased(struct emu_token *t)
{
	struct emu_image *image = token_published(t);
	bool any = false;

	for (size_t i = 0; image != NULL && i < image->keys_n; i++)
		any = any || atomic_load(&image->keys[image->key_order[i]]->leased) != 0;
	image_free(image);
	return any;
}

static hsm_rc put_back(struct store *store, const struct emu_image *image)
{
	for (size_t i = 0; i < image->keys_n; i++) {
		const struct emu_key *key = image->keys[image->key_order[i]];

		if (atomic_load(&key->leased) != 0)
			TRY(store_put_uses(store, key->meta.kid, uses_left(image, key)));
	}
	return HSM_OK;
}

static hsm_rc give_back(struct emu_token *t, struct store *store)
{
	struct emu_image *image;
	hsm_rc rc;

	TRY(store_begin(store));
	rc = token_load(t, NULL, &image);
	if (rc == HSM_OK) {
		rc = put_back(store, image);
		image_free(image);
	}
	if (rc == HSM_OK)
		return store_commit(store);
	store_rollback(store);
	return rc;
}

void uses_give_back(struct emu_token *t)
{
	struct store *store;
	hsm_rc rc;

	if (!any_leased(t))
		return;
	rc = token_enter(t, &store);
	if (rc == HSM_OK) {
		rc = give_back(t, store);
		token_leave(t);
	}
	if (rc != HSM_OK)
		log_say(LOG_ERROR, "uses of a key are lost: %s", rc_text(rc));
}
