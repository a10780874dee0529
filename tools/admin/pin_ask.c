#include "pin_ask.h"

#include <stdio.h>

#include "base/text.h"

enum { SO_PIN_DIGITS = 2 * SO_PIN_LEN };

static const char *name_of(enum schsm_ref ref)
{
	return ref == REF_SO_PIN ? "SO-PIN" : "user PIN";
}

/* ---- asking ---- */

static int ask(enum schsm_ref ref, bool is_new, const char *option, struct secret *out)
{
	char prompt[64], again[64];
	hsm_rc rc;

	snprintf(prompt, sizeof(prompt), "Enter %s%s%s : ", is_new ? "new " : "", name_of(ref),
	        ref == REF_SO_PIN ? " (16 hexadecimal digits)" : "");
	snprintf(again, sizeof(again), "Enter new %s again : ", name_of(ref));
	rc = ui_secret_ask(prompt, is_new ? again : NULL, out);
	if (rc == HSM_E_NOT_ALLOWED)
		return ui_fail("no %s%s was typed on a terminal; give it with %s or %s env:NAME",
		        is_new ? "new " : "", name_of(ref), option, option);
	if (rc == HSM_E_BAD_DATA)
		return ui_fail("the two differ; nothing was changed");
	return rc == HSM_OK ? 0 : ui_fail("the %s is too long; nothing was changed", name_of(ref));
}

/* ---- the form of a PIN ---- */

static int so_pin_bytes(struct secret *pin)
{
	AUTO_SECRET bytes = { .n = SO_PIN_LEN };
	struct wr w = wr_of(bytes.p, SO_PIN_LEN);

	if (pin->n != SO_PIN_DIGITS || hex_get(secret_rd(pin), &w) != HSM_OK)
		return ui_fail("the SO-PIN must be a hexadecimal string of 16 characters; nothing "
		               "was changed");
	*pin = bytes;
	return 0;
}

static int check(enum schsm_ref ref, struct secret *pin)
{
	if (ref == REF_SO_PIN)
		return so_pin_bytes(pin);
	if (pin->n < USER_PIN_MIN || pin->n > USER_PIN_MAX)
		return ui_fail("a user PIN has 6 to 16 characters; nothing was changed");
	return 0;
}

static int obtain(enum schsm_ref ref, bool is_new, const char *option, const struct secret *given,
        struct secret *out)
{
	int status = 0;

	*out = *given;
	if (out->n == 0)
		status = ask(ref, is_new, option, out);
	return status == 0 ? check(ref, out) : status;
}

int pin_current(
        enum schsm_ref ref, const char *option, const struct secret *given, struct secret *out)
{
	return obtain(ref, false, option, given, out);
}

int pin_new(enum schsm_ref ref, const struct secret *given, struct secret *out)
{
	return obtain(ref, true, "--new-pin", given, out);
}

/* ---- refusals ---- */

static int wrong(struct session *s, enum schsm_ref ref)
{
	struct pin_status status = { 0 };

	if (card_pin_status(s->lane, ref, &status) != HSM_OK || status.locked)
		return ui_fail("%s: wrong %s, which is locked now; nothing was changed", s->address,
		        name_of(ref));
	return ui_fail("%s: wrong %s, tries left: %u; nothing was changed", s->address,
	        name_of(ref), status.tries);
}

int pin_refused(struct session *s, enum schsm_ref ref, hsm_rc rc)
{
	switch (rc) {
	case HSM_E_PIN_WRONG:
		return wrong(s, ref);
	case HSM_E_PIN_LOCKED:
		return ref == REF_SO_PIN ? ui_fail("%s: the SO-PIN is locked for ever", s->address)
		                         : ui_fail("%s: the user PIN is locked; unblock it with "
		                                   "'twinhsm-tool pin unblock'",
		                                   s->address);
	case HSM_E_PIN_UNSET:
		return ui_fail("%s: the card has no user PIN; initialise it with 'twinhsm-tool "
		               "--initialize'",
		        s->address);
	case HSM_E_PIN_LEN:
		return ui_fail("%s: the card does not take a PIN of this length; nothing was "
		               "changed",
		        s->address);
	case HSM_E_NOT_ALLOWED:
	case HSM_E_UNSUPPORTED:
		return ui_fail("%s: the card was not initialised so that its SO-PIN may do this",
		        s->address);
	default:
		return session_fail(s, "the PIN was not changed", rc);
	}
}
