#include "token/login.h"

#include "base/text.h"

enum { VERIFIES_MAX = 4 };

hsm_rc login_run(struct token *t, login_job *job, struct rd first, struct rd second)
{
	AUTO_LANE *lane = NULL;
	hsm_rc rc;

	lock(&t->login);
	rc = card_take(t->card, &lane);
	if (rc == HSM_OK)
		rc = job(t, lane, first, second);
	unlock(&t->login);
	return rc;
}

hsm_rc so_pin_decode(struct rd digits, struct secret *out)
{
	struct wr w = wr_of(out->p, SO_PIN_LEN);

	if (digits.n != 2 * SO_PIN_LEN)
		return HSM_E_PIN_LEN;
	if (hex_get(digits, &w) != HSM_OK)
		return HSM_E_PIN_FORMAT;
	out->n = w.n;
	return HSM_OK;
}

static hsm_rc security_now(struct token *t, uint64_t *out)
{
	struct tp_epoch epoch;

	TRY(card_look(t->card, &epoch));
	*out = epoch.security;
	return HSM_OK;
}

hsm_rc login_keep(struct token *t)
{
	uint64_t security;

	TRY(security_now(t, &security));
	atomic_store(&t->security, security);
	return HSM_OK;
}

void login_forget(struct token *t)
{
	atomic_store(&t->who, TOKEN_NOBODY);
	secret_wipe(&t->so_pin);
}

static void login_remember(struct token *t, enum token_user who, uint64_t security)
{
	atomic_store(&t->security, security);
	atomic_store(&t->who, who);
}

typedef hsm_rc verify_pin(struct card_lane *lane, struct rd pin);

/* Verifies, and again when the PIN was changed or the card reset meanwhile, a few times;
 * `*security` is that of the login. */
static hsm_rc verify(struct token *t, struct card_lane *lane, verify_pin *with, struct rd pin,
        uint64_t *security)
{
	uint64_t after;

	TRY(security_now(t, &after));
	for (unsigned i = 0; i < VERIFIES_MAX; i++) {
		*security = after;
		TRY(with(lane, pin));
		TRY(security_now(t, &after));
		if (after == *security)
			return HSM_OK;
	}
	return HSM_E_RESET;
}

static hsm_rc user_pin_verify(struct card_lane *lane, struct rd pin)
{
	return card_verify(lane, REF_USER_PIN, pin);
}

static hsm_rc login_user(struct token *t, struct card_lane *lane, struct rd pin, struct rd none)
{
	uint64_t security;

	(void)none;
	TRY(verify(t, lane, user_pin_verify, pin, &security));
	login_remember(t, TOKEN_USER, security);
	return HSM_OK;
}

/* Did the card answer that it does not take the SO-PIN here, rather than that it is wrong? */
static bool verify_unknown(hsm_rc rc)
{
	return rc == HSM_E_UNSUPPORTED || rc == HSM_E_BAD_CLASS || rc == HSM_E_BAD_PARAM ||
	       rc == HSM_E_NOT_ALLOWED || rc == HSM_E_KEY_REFUSED || rc == HSM_E_PIN_UNSET;
}

hsm_rc so_pin_verify(struct card_lane *lane, struct rd so_pin)
{
	hsm_rc rc = card_verify(lane, REF_SO_PIN, so_pin);
	struct pin_status status;

	if (!verify_unknown(rc))
		return rc;
	TRY(card_pin_status(lane, REF_SO_PIN, &status));
	return status.unset ? HSM_E_PIN_UNSET : HSM_OK;
}

static hsm_rc login_so(struct token *t, struct card_lane *lane, struct rd digits, struct rd none)
{
	AUTO_SECRET so_pin = { 0 };
	uint64_t security;

	(void)none;
	TRY(so_pin_decode(digits, &so_pin));
	TRY(verify(t, lane, so_pin_verify, secret_rd(&so_pin), &security));
	TRY(secret_set(&t->so_pin, secret_rd(&so_pin)));
	login_remember(t, TOKEN_SO, security);
	return HSM_OK;
}

hsm_rc token_login(struct token *t, enum token_user who, struct rd pin)
{
	return login_run(t, who == TOKEN_SO ? login_so : login_user, pin, (struct rd){ 0 });
}

static hsm_rc logout(struct token *t, struct card_lane *lane, struct rd none, struct rd nothing)
{
	(void)none;
	(void)nothing;
	login_forget(t);
	return card_logout(lane);
}

hsm_rc token_logout(struct token *t)
{
	return login_run(t, logout, (struct rd){ 0 }, (struct rd){ 0 });
}

/* Was the login earned before the PIN or the token was replaced? Unknown counts as yes. */
static bool voided(struct token *t)
{
	uint64_t security;

	return security_now(t, &security) != HSM_OK || security != atomic_load(&t->security);
}

enum token_user token_who(struct token *t)
{
	enum token_user who = atomic_load(&t->who);

	if (who == TOKEN_NOBODY || !voided(t))
		return who;
	lock(&t->login);
	if (voided(t)) /* still: nobody logged in again meanwhile */
		login_forget(t);
	who = atomic_load(&t->who);
	unlock(&t->login);
	return who;
}

enum token_user login_who(struct token *t, uint64_t security)
{
	return security == atomic_load(&t->security) ? atomic_load(&t->who) : token_who(t);
}

/* The user's login is the card's to know. The SO's is ours as well: the card may have refused what
 * only the user may do. */
static hsm_rc ask_card(struct token *t, struct card_lane *lane, struct rd none, struct rd nothing)
{
	struct pin_status status = { 0 };

	(void)none;
	(void)nothing;
	if (atomic_load(&t->who) == TOKEN_USER)
		TRY(card_pin_status(lane, REF_USER_PIN, &status));
	else
		status.verified = !voided(t);
	if (!status.verified)
		login_forget(t);
	return HSM_OK;
}

void token_login_lost(struct token *t)
{
	if (login_run(t, ask_card, (struct rd){ 0 }, (struct rd){ 0 }) == HSM_OK)
		return;
	lock(&t->login);
	login_forget(t);
	unlock(&t->login);
}
