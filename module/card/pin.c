#include "base/secret.h"
#include "card/command.h"

/* A PIN or pair of PINs of unacceptable length is 6A80 or 6700, which one is not settled. */
static const struct sw_rule pin_rules[] = {
	{ 0x6700, HSM_E_PIN_LEN },
	{ 0x6A80, HSM_E_PIN_LEN },
	{ 0x6984, HSM_E_PIN_TRANSPORT },
	{ 0x6A88, HSM_E_PIN_UNSET },
	{ 0 },
};

/* Sends a command with PINs in it and wipes what the lane remembers of it. */
static hsm_rc run_secret(struct card_lane *lane, const struct capdu *c)
{
	hsm_rc rc = command_run(lane, c, pin_rules, NULL);

	command_wipe(lane);
	/* Before version 2.0 the word for that stood for a PIN never set. */
	if (rc == HSM_E_PIN_TRANSPORT && card_identity(lane->card).major < 2)
		rc = HSM_E_PIN_UNSET;
	return rc;
}

hsm_rc card_pin_status(struct card_lane *lane, enum schsm_ref ref, struct pin_status *out)
{
	struct capdu c = { .ins = INS_VERIFY, .p2 = (uint8_t)ref };
	struct pin_status status = { 0 };
	struct card_pka pka;
	struct rapdu answer;
	hsm_rc rc;

	TRY(command_send(lane, &c, &answer));
	rc = sw_to_rc(answer.sw, &status.tries);
	switch (rc) {
	case HSM_OK:
		status.verified = true;
		break;
	case HSM_E_PIN_WRONG:
		break;
	case HSM_E_PIN_LOCKED:
		status.locked = true;
		break;
	case HSM_E_NO_REF:
		status.unset = true;
		break;
	case HSM_E_USED_UP: /* 6984: before version 2.0 it stood for a PIN never set */
		status.transport = card_identity(lane->card).major >= 2;
		status.unset = !status.transport;
		break;
	case HSM_E_CARD_SW: /* which word stands for registered keys is not known: ask for them */
		if (ref != REF_USER_PIN || card_pka_status(lane, &pka) != HSM_OK)
			return rc;
		status.keys = status.unset = true;
		break;
	default:
		return rc;
	}
	*out = status;
	return HSM_OK;
}

hsm_rc card_verify(struct card_lane *lane, enum schsm_ref ref, struct rd pin)
{
	struct capdu c = { .ins = INS_VERIFY, .p2 = (uint8_t)ref, .data = pin };

	if (pin.n == 0 ||
	        pin.n > SECRET_MAX) /* without data the command only asks for the status */
		return HSM_E_PIN_LEN;
	return run_secret(lane, &c);
}

/* Two PINs, one after the other without a separator. */
static hsm_rc join(struct rd first, struct rd second, struct secret *out)
{
	if (first.n > SECRET_MAX || second.n > SECRET_MAX - first.n)
		return HSM_E_PIN_LEN;
	TRY(secret_set(out, first));
	if (second.n != 0)
		memcpy(out->p + out->n, second.p, second.n);
	out->n += second.n;
	return HSM_OK;
}

hsm_rc card_change_pin(
        struct card_lane *lane, enum schsm_ref ref, struct rd old_pin, struct rd new_pin)
{
	struct capdu c = { .ins = INS_CHANGE_REFERENCE_DATA, .p2 = (uint8_t)ref };
	AUTO_SECRET pins = { 0 };

	TRY(join(old_pin, new_pin, &pins));
	c.data = secret_rd(&pins);
	return run_secret(lane, &c);
}

hsm_rc card_reset_retry(struct card_lane *lane, struct rd so_pin, struct rd new_pin)
{
	struct capdu c = {
		.ins = INS_RESET_RETRY_COUNTER,
		.p1 = new_pin.n == 0 ? 0x01 : 0x00,
		.p2 = REF_USER_PIN,
	};
	AUTO_SECRET pins = { 0 };

	TRY(join(so_pin, new_pin, &pins));
	c.data = secret_rd(&pins);
	return run_secret(lane, &c);
}

hsm_rc card_logout(struct card_lane *lane)
{
	return applet_select(lane);
}
