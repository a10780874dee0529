/* Setting PINs. */
#include "token/login.h"

enum {
	RESET_PIN_LEN = 6
}; /* user PIN after token_init: the first bytes of the SO-PIN, as OpenSC */

static hsm_rc write_label(struct card_lane *lane, struct rd label)
{
	uint8_t record[P15_RECORD_MAX];
	struct wr w = WR_ARRAY(record);

	TRY(p15_tokeninfo_build(label, &w));
	return card_write_file(lane, EF_TOKENINFO, wr_rd(&w));
}

/* The commands that OpenSC's C_InitToken sends. */
static hsm_rc initialize(struct card_lane *lane, struct rd so_pin, struct rd label)
{
	struct card_init init = {
		.options = OPT_RESET_RETRY,
		.pin = rd_of(so_pin.p, RESET_PIN_LEN),
		.so_pin = so_pin,
		.pin_tries = USER_PIN_TRIES,
	};
	hsm_rc rc;

	TRY(card_initialize(lane, &init));
	TRY(card_verify(lane, REF_USER_PIN, init.pin));
	rc = write_label(lane, label);
	TRY(card_logout(lane));
	return rc;
}

static hsm_rc init_token(struct token *t, struct card_lane *lane, struct rd digits, struct rd label)
{
	AUTO_SECRET so_pin = { 0 };
	hsm_rc rc;

	TRY(so_pin_decode(digits, &so_pin));
	login_forget(t);
	rc = initialize(lane, secret_rd(&so_pin), label);
	token_changed(t, TOUCHED_ALL);
	return rc;
}

hsm_rc token_init(struct token *t, struct rd so_pin, struct rd label)
{
	if (label.n > P15_LABEL_MAX)
		return HSM_E_BAD_LEN;
	return login_run(t, init_token, so_pin, label);
}

static bool user_pin_fits(struct rd pin)
{
	return pin.n >= USER_PIN_MIN && pin.n <= USER_PIN_MAX;
}

/* Applets before 1.0 cannot reset the PIN, but a token fresh from token_init has a known one. */
static hsm_rc init_pin(struct token *t, struct card_lane *lane, struct rd pin, struct rd none)
{
	struct rd so_pin = secret_rd(&t->so_pin);
	hsm_rc rc;

	(void)none;
	if (atomic_load(&t->who) != TOKEN_SO)
		return HSM_E_NOT_AUTH;
	rc = card_reset_retry(lane, so_pin, pin);
	if (rc == HSM_E_UNSUPPORTED)
		rc = card_change_pin(lane, REF_USER_PIN, rd_of(so_pin.p, RESET_PIN_LEN), pin);
	TRY(rc);
	return login_keep(t);
}

hsm_rc token_init_pin(struct token *t, struct rd pin)
{
	if (!user_pin_fits(pin))
		return HSM_E_PIN_LEN;
	return login_run(t, init_pin, pin, (struct rd){ 0 });
}

/* The card joins old and new PIN without a separator, so a wrong old one of another length could be
 * taken for a right one: it is checked alone first. */
static hsm_rc replace_user(struct card_lane *lane, struct rd old_pin, struct rd new_pin)
{
	hsm_rc rc = card_verify(lane, REF_USER_PIN, old_pin);

	if (rc != HSM_OK && rc != HSM_E_PIN_TRANSPORT)
		return rc;
	return card_change_pin(lane, REF_USER_PIN, old_pin, new_pin);
}

static hsm_rc change_user(
        struct token *t, struct card_lane *lane, struct rd old_pin, struct rd new_pin)
{
	hsm_rc rc;

	if (!user_pin_fits(old_pin) || !user_pin_fits(new_pin))
		return HSM_E_PIN_LEN;
	rc = replace_user(lane, old_pin, new_pin);
	if (rc == HSM_E_PIN_WRONG || rc == HSM_E_PIN_LOCKED)
		login_forget(t); /* as the card did */
	if (atomic_load(&t->who) == TOKEN_NOBODY) {
		TRY(card_logout(lane));
		return rc;
	}
	TRY(rc);
	TRY(card_verify(lane, REF_USER_PIN, new_pin));
	return login_keep(t);
}

static hsm_rc change_so(
        struct token *t, struct card_lane *lane, struct rd old_pin, struct rd new_pin)
{
	AUTO_SECRET old_so = { 0 };
	AUTO_SECRET so = { 0 };

	TRY(so_pin_decode(old_pin, &old_so));
	TRY(so_pin_decode(new_pin, &so));
	TRY(card_change_pin(lane, REF_SO_PIN, secret_rd(&old_so), secret_rd(&so)));
	TRY(secret_set(&t->so_pin, secret_rd(&so)));
	TRY(so_pin_verify(lane, secret_rd(&so)));
	return login_keep(t);
}

static hsm_rc set_pin(struct token *t, struct card_lane *lane, struct rd old_pin, struct rd new_pin)
{
	if (atomic_load(&t->who) == TOKEN_SO)
		return change_so(t, lane, old_pin, new_pin);
	return change_user(t, lane, old_pin, new_pin);
}

hsm_rc token_set_pin(struct token *t, struct rd old_pin, struct rd new_pin)
{
	return login_run(t, set_pin, old_pin, new_pin);
}
