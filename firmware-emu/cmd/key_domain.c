#include "cmd/change.h"
#include "cmd/cmd.h"
#include "cmd/domain.h"
#include "key/kek.h"
#include "key/xkek.h"

hsm_rc domain_status(const struct emu_image *image, uint8_t domain, struct wr *rsp)
{
	const struct emu_kek *kek = &image->keks[domain];

	if (!kek->exists)
		return HSM_E_NO_REF;
	wr_u8(rsp, kek->shares);
	wr_u8(rsp, kek->missing);
	wr_put(rsp, kek->kcv, KCV_LEN);
	wr_put(rsp, kek->uid, kek->uid_n);
	return wr_done(rsp);
}

/* ---- what a form does to its domain, inside a transaction ---- */

/* Needs no PIN: nobody learns anything from it, and the number of shares was set by who had one. */
static hsm_rc import(struct emu_lane *lane, const struct capdu *c, struct emu_kek *kek)
{
	return kek->exists ? kek_import(lane->image, c->p2, c->data, kek) : HSM_E_NO_REF;
}

static hsm_rc make(struct emu_lane *lane, const struct capdu *c, struct emu_kek *kek)
{
	AUTO_SECRET token_key = { .n = 0 };

	if (c->data.n != 1)
		return HSM_E_BAD_LEN;
	if (kek->exists)
		return HSM_E_EXISTS;
	TRY(card_token_key(lane->card, &token_key));
	return kek_make(lane->image, &token_key, c->p2, c->data.p[0], kek);
}

static hsm_rc make_xkek(struct emu_lane *lane, const struct capdu *c, struct emu_kek *kek)
{
	AUTO_SECRET token_key = { .n = 0 };
	struct xkek_membership member;

	TRY(xkek_membership_parse(c->data, &member));
	if (c->ne < DOMAIN_STATUS_LEN(member.uid.n))
		return HSM_E_BAD_LEN;
	if (kek->exists)
		return HSM_E_EXISTS;
	TRY(xkek_membership_verify(lane->image, &member));
	TRY(card_token_key(lane->card, &token_key));
	return kek_make_xkek(lane->image, &token_key, c->p2, member.uid, kek);
}

static hsm_rc empty(struct emu_lane *lane, const struct capdu *c, struct emu_kek *kek)
{
	if (c->data.n != 0)
		return HSM_E_BAD_LEN;
	for (size_t i = 0; i < lane->image->keys_n; i++) {
		if (lane->image->keys[lane->image->key_order[i]]->meta.domain == c->p2)
			return HSM_E_EXISTS;
	}
	if (!kek->exists)
		return HSM_E_NO_REF;
	kek->exists = false;
	return HSM_OK;
}

static hsm_rc forget(struct emu_lane *lane, const struct capdu *c, struct emu_kek *kek)
{
	if (c->data.n != 0)
		return HSM_E_BAD_LEN;
	return kek->exists ? kek_forget(lane->image, c->p2, kek) : HSM_E_NO_REF;
}

/* ---- the command ---- */

/* A form of the command, by P1. */
struct form {
	hsm_rc (*run)(struct emu_lane *lane, const struct capdu *c, struct emu_kek *kek);
	bool user;     /* needs the user PIN */
	bool answered; /* with the state of the domain */
};

static const struct form forms[] = {
	[0x00] = { import, .user = false, .answered = true },
	[0x01] = { make, .user = true, .answered = true },
	[0x02] = { make_xkek, .user = true, .answered = true },
	[0x03] = { empty, .user = true, .answered = false },
	[0x04] = { forget, .user = true, .answered = true },
};

static hsm_rc put(struct store *store, uint8_t domain, const struct emu_kek *kek)
{
	return kek->exists ? store_put_kek(store, domain, kek) : store_delete_kek(store, domain);
}

static hsm_rc change(
        struct emu_lane *lane, const struct capdu *c, const struct form *form, uint16_t *sw)
{
	const uint64_t token = lane_token(lane);
	struct store *store = NULL;
	struct emu_kek kek;
	hsm_rc rc;

	TRY(form->user ? change_begin_as(lane, token, &store) : txn_begin(lane, &store));
	kek = lane->image->keks[c->p2];
	rc = form->run(lane, c, &kek);
	if (rc == HSM_OK)
		rc = put(store, c->p2, &kek);
	if (rc == HSM_E_UNTRUSTED)
		*sw = 0x6985;
	OPENSSL_cleanse(&kek, sizeof(kek));
	return txn_end(lane, rc);
}

static hsm_rc check(const struct emu_lane *lane, const struct capdu *c, uint16_t *sw)
{
	if (c->p1 >= sizeof(forms) / sizeof(forms[0]))
		return HSM_E_BAD_PARAM;
	if (lane->image->domains == 0)
		return HSM_E_NO_REF;
	if (c->p2 >= lane->image->domains)
		return HSM_E_BAD_PARAM;
	if (forms[c->p1].user && !lane_user(lane)) {
		*sw = 0x6985;
		return HSM_E_NOT_AUTH;
	}
	return HSM_OK;
}

/* MANAGE KEY DOMAIN, and with P1 00 IMPORT DKEK SHARE: P2 is the domain. A removed domain is
 * answered as an empty one is. */
hsm_rc cmd_key_domain(struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	const struct form *form;

	TRY(check(lane, c, sw));
	form = &forms[c->p1];
	if (form->run == import && !lane->image->keks[c->p2].exists)
		return HSM_E_NO_REF;
	if (form->answered && c->ne < DOMAIN_STATUS_LEN(0))
		return HSM_E_BAD_LEN;
	if (form->run != import || c->data.n != 0)
		TRY(change(lane, c, form, sw));
	return domain_status(lane->image, c->p2, rsp);
}
