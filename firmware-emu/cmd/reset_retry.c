#include "cmd/cmd.h"
#include "cmd/pin.h"

/* The forms of the command, by P1. */
static const struct form {
	bool so_inside; /* the SO-PIN comes with the command; otherwise the SO is logged in */
	bool new_pin;   /* a new PIN comes with it; otherwise it stays */
} forms[] = {
	{ true, true },
	{ true, false },
	{ false, true },
	{ false, false },
};

struct reset {
	const struct form *form;
	struct rd so_pin, new_pin;
};

static hsm_rc parse(const struct emu_image *image, const struct capdu *c, struct reset *out)
{
	enum schsm_ref ref;

	if (c->p1 >= sizeof(forms) / sizeof(forms[0]))
		return HSM_E_BAD_PARAM;
	TRY(pin_reference(c->p2, &ref));
	if (ref != REF_USER_PIN)
		return HSM_E_NO_REF;
	out->form = &forms[c->p1];
	if ((image->options & OPT_RESET_RETRY) == 0 ||
	        (out->form->new_pin && (image->options & OPT_RESET_ONLY) != 0))
		return HSM_E_NOT_ALLOWED;
	out->new_pin = c->data;
	if (out->form->so_inside && !rd_take(&out->new_pin, SO_PIN_LEN, &out->so_pin))
		return HSM_E_PIN_LEN;
	if (out->form->new_pin)
		return pins_length(REF_USER_PIN, out->new_pin.n);
	return out->new_pin.n == 0 ? HSM_OK : HSM_E_PIN_LEN;
}

/* Whose word it is: the SO-PIN in the command, or the SO's login. */
static hsm_rc authorise(
        struct emu_lane *lane, const struct reset *r, struct pin_opened *opened, uint16_t *sw)
{
	unsigned tries = 0;
	hsm_rc rc;

	if (!r->form->so_inside) {
		if (!lane_so(lane))
			return HSM_E_NOT_AUTH;
		opened->rev = lane->image->so.rev;
		return card_token_key(lane->card, &opened->token_key);
	}
	rc = pins_check(lane, REF_SO_PIN, r->so_pin, opened, &tries);
	return rc == HSM_E_PIN_WRONG ? pin_wrong(tries, sw) : rc;
}

static hsm_rc apply(struct emu_lane *lane, uint64_t so_rev, const struct emu_pin *pin)
{
	const struct emu_pin *user;
	struct store *store;

	TRY(txn_begin(lane, &store));
	user = &lane->image->user;
	if (lane->image->so.rev != so_rev)
		return txn_end(lane, HSM_E_NOT_AUTH);
	if (user->rev == 0)
		return txn_end(lane, HSM_E_PIN_UNSET);
	return txn_end(lane, pin != NULL ? store_put_pin(store, REF_USER_PIN, pin)
	                                 : store_put_tries(store, REF_USER_PIN, user->initial, 0));
}

static hsm_rc set_pin(struct emu_lane *lane, const struct pin_opened *opened, struct rd new_pin)
{
	const uint8_t initial = lane->image->user.initial;
	struct emu_pin pin = { .transport = lane->image->user.transport };
	hsm_rc rc;

	rc = pins_make(lane->image, REF_USER_PIN, new_pin, initial, &opened->token_key, &pin);
	if (rc == HSM_OK)
		rc = apply(lane, opened->rev, &pin);
	if (rc == HSM_OK)
		session_pin_clear(lane->card);
	pins_done(&pin);
	return rc;
}

/* RESET RETRY COUNTER of the user PIN, with or without a new PIN. */
hsm_rc cmd_reset_retry(struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	AUTO_PIN_OPENED opened = { 0 };
	struct reset r = { 0 };

	(void)rsp;
	TRY(parse(lane->image, c, &r));
	if (lane->image->user.rev == 0)
		return HSM_E_PIN_UNSET;
	TRY(authorise(lane, &r, &opened, sw));
	return r.form->new_pin ? set_pin(lane, &opened, r.new_pin) : apply(lane, opened.rev, NULL);
}
