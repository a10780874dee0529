#include "cmd/cmd.h"
#include "cmd/pin.h"

enum { P1_STAY = 0x01, SW_PKA = 0x6300 };

/* The user has no PIN; there may be registered keys instead. */
static hsm_rc status_without_pin(const struct emu_lane *lane, uint16_t *sw)
{
	if (lane->image->pka.total == 0)
		return HSM_E_PIN_UNSET;
	if (lane_user(lane))
		return HSM_OK;
	*sw = SW_PKA;
	return HSM_E_PIN_WRONG;
}

/* What a PIN's state is, without a try. */
static hsm_rc status(struct emu_lane *lane, enum schsm_ref ref, uint16_t *sw)
{
	const struct emu_pin *pin;

	TRY(pins_settle(lane, ref));
	pin = image_pin(lane->image, ref);
	if (pin->rev == 0)
		return ref == REF_USER_PIN ? status_without_pin(lane, sw) : HSM_E_PIN_UNSET;
	if (pin->tries == 0)
		return HSM_E_PIN_LOCKED;
	if (pin->transport)
		return HSM_E_PIN_TRANSPORT;
	if (ref == REF_SO_PIN ? lane_so(lane) : lane_user(lane))
		return HSM_OK;
	return pin_wrong(pin->tries, sw);
}

static hsm_rc verify(
        struct emu_lane *lane, enum schsm_ref ref, struct rd pin, bool stay, uint16_t *sw)
{
	AUTO_PIN_OPENED opened = { 0 };
	unsigned tries = 0;
	hsm_rc rc;

	if (image_pin(lane->image, ref)->transport)
		return HSM_E_PIN_TRANSPORT;
	rc = pins_check_login(lane, ref, pin, &opened, &tries);
	if (rc == HSM_OK) {
		card_login(lane->card, ref, opened.rev, &opened.token_key);
		channel_login(lane, ref, stay);
	}
	return rc == HSM_E_PIN_WRONG ? pin_wrong(tries, sw) : rc;
}

/* VERIFY: a PIN to check, or no data to ask for its state. P1 01 keeps the login at the end of
 * secure messaging. */
hsm_rc cmd_verify(struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	enum schsm_ref ref;

	(void)rsp;
	if (c->p1 > P1_STAY ||
	        (c->p1 == P1_STAY && !profile_since(lane->image->profile, APPLET(2, 1))))
		return HSM_E_BAD_PARAM;
	TRY(pin_reference(c->p2, &ref));
	return c->data.n == 0 ? status(lane, ref, sw)
	                      : verify(lane, ref, c->data, c->p1 == P1_STAY, sw);
}
