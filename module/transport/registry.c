#include <string.h>

#include "base/log.h"
#include "base/ossl.h"
#include "transport/transport.h"

static const struct tp_ops *const carriers[] = { &tp_emu, &tp_unix, &tp_pcsc };

enum { CARRIERS_N = sizeof(carriers) / sizeof(carriers[0]) };

/* The part of the address after "scheme:"; NULL when the scheme is another one. */
static const char *after_scheme(const char *address, const char *scheme)
{
	size_t n = strlen(scheme);

	if (strncmp(address, scheme, n) != 0 || address[n] != ':')
		return NULL;
	return address + n + 1;
}

hsm_rc tp_open(const char *address, struct tp **out)
{
	for (size_t i = 0; i < CARRIERS_N; i++) {
		const char *where = after_scheme(address, carriers[i]->scheme);

		if (where != NULL)
			return carriers[i]->open(where, out);
	}
	log_say(LOG_ERROR, "%s: no such kind of card", address);
	return HSM_E_BAD_CONFIG;
}

hsm_rc tp_list(const char *scheme, bool wake, tp_found *found, void *arg)
{
	for (size_t i = 0; i < CARRIERS_N; i++) {
		if (strcmp(carriers[i]->scheme, scheme) == 0 && carriers[i]->list != NULL)
			return carriers[i]->list(wake, found, arg);
	}
	return HSM_E_BAD_CONFIG;
}

void tp_forget(void)
{
	for (size_t i = 0; i < CARRIERS_N; i++)
		carriers[i]->forget();
	ossl_forget();
}
