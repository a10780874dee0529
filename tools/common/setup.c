#include "setup.h"

#include <stdlib.h>

#include "base/text.h"
#include "card/card.h"
#include "p15/p15.h"
#include "ui.h"

enum {
	SO_PIN_DIGITS = 2 * SO_PIN_LEN,
	PIN_TRIES_MAX = 10,
	DKEK_SHARES_MAX = 255,
	DOMAINS_MAX = 255,
	PKA_MAX = 90,   /* as sc-hsm-tool */
	LABEL_MAX = 32, /* PKCS#11 shows no more of a token's label */
};

/* Short PINs must not have many tries. */
static const struct tries_rule {
	size_t pin_n; /* up to this many characters */
	long tries;
	const char *fault;
} tries_rules[] = {
	{ 6, 3, "--pin-retry must not exceed 3 for a PIN of 6 characters; use a longer PIN" },
	{ 7, 5, "--pin-retry must not exceed 5 for a PIN of 7 characters; use a longer PIN" },
	{ SECRET_MAX, PIN_TRIES_MAX, "--pin-retry must not exceed 10" },
};

int setup_option(struct setup *s, int code, char *arg)
{
	switch (code) {
	case SETUP_LABEL:
		s->label = arg;
		return 0;
	case SETUP_PIN:
		return ui_secret_option("--pin", arg, &s->pin);
	case SETUP_SO_PIN:
		return ui_secret_option("--so-pin", arg, &s->so_pin);
	case SETUP_RETRY:
		return ui_number_option("--pin-retry", arg, 1, 255, &s->pin_tries);
	case SETUP_DKEK:
		return ui_number_option("--dkek-shares", arg, 0, DKEK_SHARES_MAX, &s->dkek_shares);
	case SETUP_DOMAINS:
		return ui_number_option("--key-domains", arg, 1, DOMAINS_MAX, &s->domains);
	case SETUP_PKA_TOTAL:
		return ui_number_option("--public-key-auth", arg, 1, PKA_MAX, &s->pka_total);
	case SETUP_PKA_NEEDED:
		return ui_number_option("--required-pub-keys", arg, 1, PKA_MAX, &s->pka_needed);
	case SETUP_BIO:
		return ui_fail("biometric servers are on no card that this program knows; nothing "
		               "was changed");
	default:
		return EXIT_USAGE;
	}
}

bool setup_given(const struct setup *s)
{
	return s->label != NULL || s->pin.n != 0 || s->so_pin.n != 0 || s->pin_tries != 0 ||
	       s->dkek_shares >= 0 || s->domains != 0;
}

static long tries_of(const struct setup *s)
{
	return s->pin_tries != 0 ? s->pin_tries : USER_PIN_TRIES;
}

static hsm_rc so_pin_bytes(const struct setup *s, struct secret *out)
{
	struct wr w = wr_of(out->p, SO_PIN_LEN);

	if (s->so_pin.n != SO_PIN_DIGITS)
		return HSM_E_PIN_LEN;
	TRY(hex_get(secret_rd(&s->so_pin), &w));
	out->n = w.n;
	return HSM_OK;
}

const char *setup_fault(const struct setup *s)
{
	AUTO_SECRET so_pin = { 0 };
	const struct tries_rule *rule = tries_rules;

	if (so_pin_bytes(s, &so_pin) != HSM_OK)
		return "the SO-PIN must be a hexadecimal string of 16 characters";
	if (s->domains != 0 && s->dkek_shares >= 0)
		return "--key-domains goes without --dkek-shares: each domain gets shares of its "
		       "own";
	if (s->pka_needed > s->pka_total)
		return "more public keys are required than there are";
	if (s->pin.n < USER_PIN_MIN)
		return "the PIN must be at least 6 characters long";
	if (s->pin.n > USER_PIN_MAX)
		return "the PIN must not be longer than 16 characters";
	while (s->pin.n > rule->pin_n)
		rule++;
	if (tries_of(s) > rule->tries)
		return rule->fault;
	if (s->label != NULL && (s->label[0] == '\0' || strlen(s->label) > LABEL_MAX))
		return "the label must have 1 to 32 bytes";
	return NULL;
}

static hsm_rc initialize(struct card_lane *lane, const struct setup *s)
{
	AUTO_SECRET so_pin = { 0 };
	struct card_init init = {
		.options = OPT_RESET_RETRY,
		.pin = secret_rd(&s->pin),
		.pin_tries = (uint8_t)tries_of(s),
		.has_dkek = s->dkek_shares >= 0,
		.dkek_shares = (uint8_t)(s->dkek_shares < 0 ? 0 : s->dkek_shares),
		.domains = (uint8_t)s->domains,
		.pka_n = (uint8_t)s->pka_total,
		.pka_m = (uint8_t)(s->pka_needed == 0 ? 1 : s->pka_needed),
	};

	TRY(so_pin_bytes(s, &so_pin));
	init.so_pin = secret_rd(&so_pin);
	return card_initialize(lane, &init);
}

static hsm_rc write_label(struct card_lane *lane, const struct setup *s)
{
	uint8_t record[P15_RECORD_MAX];
	struct wr w = WR_ARRAY(record);

	if (s->label == NULL)
		return HSM_OK;
	TRY(card_verify(lane, REF_USER_PIN, secret_rd(&s->pin)));
	TRY(p15_tokeninfo_build(rd_str(s->label), &w));
	return card_write_file(lane, EF_TOKENINFO, wr_rd(&w));
}

static int refused(const char *address, struct card_lane *lane, hsm_rc rc)
{
	struct pin_status so = { 0 };

	if (rc == HSM_E_SO_REFUSED && card_pin_status(lane, REF_SO_PIN, &so) == HSM_OK)
		return ui_fail(
		        "%s: wrong SO-PIN, tries left: %u; nothing was changed", address, so.tries);
	if (rc == HSM_E_PIN_LOCKED)
		return ui_fail("%s: the SO-PIN is locked for ever; this card can no longer be "
		               "initialised",
		        address);
	return ui_fail("%s: initialisation failed: %s", address, rc_text(rc));
}

int setup_apply(const char *address, struct card_lane *lane, const struct setup *s)
{
	hsm_rc rc = initialize(lane, s);

	if (rc != HSM_OK)
		return refused(address, lane, rc);
	rc = write_label(lane, s);
	if (rc != HSM_OK)
		return ui_fail("%s: initialised, but the label could not be written: %s", address,
		        rc_text(rc));
	return 0;
}

static int apply(const char *address, struct card *card, const struct setup *s)
{
	AUTO_LANE *lane = NULL;
	const hsm_rc rc = card_take(card, &lane);

	return rc == HSM_OK ? setup_apply(address, lane, s)
	                    : ui_fail("%s: %s", address, rc_text(rc));
}

int setup_apply_to(const char *address, const struct setup *s)
{
	struct card *card;
	hsm_rc rc = card_open_secure(address, s->secure, &card);
	int status;

	if (rc != HSM_OK)
		return ui_fail("%s: %s", address, rc_text(rc));
	status = apply(address, card, s);
	card_close(card);
	return status;
}

void setup_wipe(struct setup *s)
{
	secret_wipe(&s->pin);
	secret_wipe(&s->so_pin);
}
