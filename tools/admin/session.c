#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "card/places.h"

enum { POLL_MS = 200 };

int session_config(struct session *s)
{
	hsm_rc rc = config_load(NULL, &s->config);

	if (rc == HSM_OK)
		rc = places_expand(&s->config);
	if (rc == HSM_OK && !log_on(s->config.log)) /* more than --verbose asks for */
		log_set(s->config.log);
	return rc == HSM_OK ? 0 : ui_fail("which cards there are is not clear: %s", rc_text(rc));
}

void session_close(struct session *s)
{
	if (s->lane != NULL)
		card_give(s->lane);
	card_close(s->card);
	config_done(&s->config);
	*s = (struct session){ 0 };
}

int session_fail(const struct session *s, const char *what, hsm_rc rc)
{
	return ui_fail("%s: %s: %s", s->address, what, rc_text(rc));
}

/* ---- waiting for a card ---- */

static void pause_a_little(void)
{
	const struct timespec t = { .tv_nsec = POLL_MS * 1000000L };

	nanosleep(&t, NULL);
}

static bool may_come(hsm_rc rc)
{
	return rc == HSM_E_TOKEN_MISSING || rc == HSM_E_NO_CARD || rc == HSM_E_NO_READER ||
	       rc == HSM_E_GONE || rc == HSM_E_IO;
}

/* Until a card is configured or made. */
static int wait_for_any(struct session *s)
{
	int status = 0;

	while (status == 0 && s->config.cards_n == 0) {
		pause_a_little();
		config_done(&s->config);
		status = session_config(s);
	}
	return status;
}

static hsm_rc open_card(struct session *s, bool wait)
{
	hsm_rc rc = card_open_secure(s->address, s->config.secure, &s->card);

	while (wait && may_come(rc)) {
		pause_a_little();
		rc = card_open_secure(s->address, s->config.secure, &s->card);
	}
	return rc == HSM_OK ? card_take(s->card, &s->lane) : rc;
}

int session_open(struct session *s, const char *reader, bool wait)
{
	hsm_rc rc;

	if (session_config(s) != 0)
		return EXIT_FAILURE;
	if (wait && reader == NULL && s->config.cards_n == 0) {
		fputs("Waiting for a card to be inserted...\n", stderr);
		if (wait_for_any(s) != 0)
			return EXIT_FAILURE;
	}
	s->address = select_card(&s->config, reader);
	if (s->address == NULL)
		return EXIT_FAILURE;
	rc = open_card(s, wait);
	return rc == HSM_OK ? 0 : ui_fail("%s: %s", s->address, rc_text(rc));
}

/* ---- login ---- */

static int login_failed(struct session *s, hsm_rc rc)
{
	struct pin_status status = { 0 };

	if (rc == HSM_E_PIN_WRONG && card_pin_status(s->lane, REF_USER_PIN, &status) == HSM_OK &&
	        !status.locked)
		return ui_fail("%s: wrong user PIN, tries left: %u", s->address, status.tries);
	return session_fail(s, "login failed", rc);
}

int session_login(struct session *s, struct secret *pin)
{
	hsm_rc rc = HSM_OK;

	if (pin->n == 0)
		rc = ui_secret_ask("Enter User PIN : ", NULL, pin);
	if (rc != HSM_OK)
		return ui_fail("no user PIN was typed on a terminal; give it with --pin or --pin "
		               "env:NAME");
	rc = card_verify(s->lane, REF_USER_PIN, secret_rd(pin));
	return rc == HSM_OK ? 0 : login_failed(s, rc);
}
