#include <stdio.h>
#include <stdlib.h>

#include "actions.h"

static int status_of(const char *address, bool wait)
{
	AUTO_SESSION s = { 0 };
	const int status = session_open(&s, address, wait);
	hsm_rc rc;

	if (status != 0)
		return status;
	rc = describe_card(&s);
	return rc == HSM_OK ? 0 : session_fail(&s, "no status", rc);
}

static int status_of_all(const struct config *c)
{
	int status = 0;

	for (size_t i = 0; i < c->cards_n; i++) {
		if (i > 0)
			putchar('\n');
		if (status_of(c->cards[i], false) != 0)
			status = EXIT_FAILURE;
	}
	return status;
}

int act_status(const struct request *r)
{
	AUTO_SESSION all = { 0 };

	if (r->reader != NULL || r->wait)
		return status_of(r->reader, r->wait);
	if (session_config(&all) != 0)
		return EXIT_FAILURE;
	return all.config.cards_n == 0 ? select_none() : status_of_all(&all.config);
}
