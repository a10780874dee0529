#include "cmd/cmd.h"
#include "key/kek.h"

enum { STATUS_LEN = 2 + KCV_LEN };

static hsm_rc import(struct emu_lane *lane, struct rd share)
{
	struct store *store = NULL;
	struct emu_kek kek;
	hsm_rc rc;

	TRY(txn_begin(lane, &store));
	kek = lane->image->keks[0];
	rc = kek.exists ? kek_import(lane->image, share, &kek) : HSM_E_NO_REF;
	if (rc == HSM_OK)
		rc = store_put_kek(store, 0, &kek);
	OPENSSL_cleanse(&kek, sizeof(kek));
	return txn_end(lane, rc);
}

/* Shares, those still missing, and the check value, which is zeros until then. */
static void status_put(const struct emu_kek *kek, struct wr *rsp)
{
	wr_u8(rsp, kek->shares);
	wr_u8(rsp, kek->missing);
	wr_put(rsp, kek->kcv, KCV_LEN);
}

/* IMPORT DKEK SHARE: with data a share, and always the state after it. Needs no PIN: nobody learns
 * anything from it, and the number of shares was set by who knew the SO-PIN. */
hsm_rc cmd_key_domain(struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	(void)sw;
	if (c->p1 != 0 || c->p2 != 0)
		return HSM_E_BAD_PARAM;
	if (!lane->image->keks[0].exists)
		return HSM_E_NO_REF;
	if (c->ne < STATUS_LEN)
		return HSM_E_BAD_LEN;
	if (c->data.n != 0)
		TRY(import(lane, c->data));
	if (!lane->image->keks[0].exists) /* initialised by another process meanwhile */
		return HSM_E_NO_REF;
	status_put(&lane->image->keks[0], rsp);
	return wr_done(rsp);
}
