#include "cmd/change.h"
#include "cmd/domain.h"
#include "key/kek.h"
#include "key/xkek.h"

/* Another process may have been there while the KEK was computed. */
static hsm_rc keep(struct emu_lane *lane, struct store *store, uint8_t domain,
        const struct emu_kek *agreed, const struct secret *value)
{
	struct emu_kek kek = lane->image->keks[domain];
	hsm_rc rc;

	if (memcmp(kek.public, agreed->public, sizeof(kek.public)) != 0)
		return HSM_E_NO_REF;
	if (kek.missing == 0)
		return HSM_E_NOT_ALLOWED;
	rc = kek_complete(lane->image, domain, secret_rd(value), &kek);
	return rc == HSM_OK ? store_put_kek(store, domain, &kek) : rc;
}

hsm_rc cmd_agree_kek(struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	const uint64_t token = lane_token(lane);
	AUTO_SECRET value = { .n = 0 };
	struct emu_key *key = NULL;
	struct store *store = NULL;
	struct emu_kek kek;
	uint8_t domain;
	hsm_rc rc;

	TRY(xkek_key(lane->image, c->p1, &key));
	domain = key->meta.domain;
	kek = lane->image->keks[domain];
	if (c->ne < DOMAIN_STATUS_LEN(kek.uid_n))
		return HSM_E_BAD_LEN;
	rc = xkek_agree(lane, key, c->data, &value);
	if (rc == HSM_E_UNTRUSTED)
		*sw = 0x6985;
	TRY(rc);
	TRY(change_begin_as(lane, token, &store));
	TRY(txn_end(lane, keep(lane, store, domain, &kek, &value)));
	return domain_status(lane->image, domain, rsp);
}
