#include <stdlib.h>

#include "actions.h"

static int ask(const char *what, const char *option, const char *prompt, const char *again,
        struct secret *out)
{
	switch (ui_secret_ask(prompt, again, out)) {
	case HSM_OK:
		return 0;
	case HSM_E_BAD_DATA:
		return ui_fail("the two entries differ; nothing was changed");
	case HSM_E_BAD_LEN:
		return ui_fail("the %s is too long; nothing was changed", what);
	default:
		return ui_fail("no %s was typed on a terminal; give it with %s or %s env:NAME",
		        what, option, option);
	}
}

static int ask_missing(struct setup *s)
{
	int status = 0;

	if (s->so_pin.n == 0)
		status = ask("SO-PIN", "--so-pin", "Enter SO-PIN (16 hexadecimal characters) : ",
		        "Enter SO-PIN again : ", &s->so_pin);
	if (status == 0 && s->pin.n == 0)
		status = ask("user PIN", "--pin", "Enter initial User-PIN (6 - 16 characters) : ",
		        "Enter initial User-PIN again : ", &s->pin);
	return status;
}

int act_initialize(struct session *s, struct request *r)
{
	const char *fault;

	if (ask_missing(&r->setup) != 0)
		return EXIT_FAILURE;
	fault = setup_fault(&r->setup);
	if (fault != NULL)
		return ui_fail("%s; nothing was changed", fault);
	return setup_apply(s->address, s->lane, &r->setup);
}
