#include "cmd/cmd.h"
#include "cmd/pin.h"

/* Old and new PIN, one after the other: only the card knows how long the old one is. */
static hsm_rc split(const struct emu_pin *pin, enum schsm_ref ref, struct rd both,
        struct rd *old_pin, struct rd *new_pin)
{
	if (pin->rev == 0)
		return HSM_E_PIN_UNSET;
	if (!rd_take(&both, pin->length, old_pin))
		return HSM_E_PIN_LEN;
	*new_pin = both;
	return pins_length(ref, new_pin->n);
}

/* Replaces the record, unless somebody else was faster. Durable also within a hold: a login must
 * not be earned against a revision that a failing commit would give to somebody else. */
static hsm_rc replace(
        struct emu_lane *lane, enum schsm_ref ref, uint64_t rev, const struct emu_pin *pin)
{
	struct store *store;

	TRY(txn_begin(lane, &store));
	if (image_pin(lane->image, ref)->rev != rev)
		return txn_end(lane, HSM_E_NOT_AUTH);
	TRY(txn_end(lane, store_put_pin(store, ref, pin)));
	return txn_flush(lane);
}

static hsm_rc change(struct emu_lane *lane, enum schsm_ref ref, const struct pin_opened *opened,
        struct rd new_pin)
{
	const uint8_t initial = image_pin(lane->image, ref)->initial;
	struct emu_pin pin = { 0 };
	hsm_rc rc;

	rc = pins_make(lane->image, ref, new_pin, initial, &opened->token_key, &pin);
	if (rc == HSM_OK)
		rc = replace(lane, ref, opened->rev, &pin);
	if (rc == HSM_OK) { /* a changed PIN counts as verified */
		if (ref == REF_USER_PIN)
			session_pin_clear(lane->card);
		card_login(lane->card, ref, image_pin(lane->image, ref)->rev, &opened->token_key);
		channel_login(lane, ref, false);
	}
	pins_done(&pin);
	return rc;
}

/* CHANGE REFERENCE DATA; also the way out of a transport PIN. */
hsm_rc cmd_change_pin(struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	AUTO_PIN_OPENED opened = { 0 };
	struct rd old_pin, new_pin;
	enum schsm_ref ref;
	unsigned tries = 0;
	hsm_rc rc;

	(void)rsp;
	if (c->p1 != 0)
		return HSM_E_BAD_PARAM;
	TRY(pin_reference(c->p2, &ref));
	TRY(split(image_pin(lane->image, ref), ref, c->data, &old_pin, &new_pin));
	rc = pins_check(lane, ref, old_pin, &opened, &tries);
	if (rc == HSM_E_PIN_WRONG)
		return pin_wrong(tries, sw);
	TRY(rc);
	return change(lane, ref, &opened, new_pin);
}
