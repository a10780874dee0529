#include <string.h>

#include "base/log.h"
#include "base/ossl.h"
#include "transport/transport.h"

static const struct tp_ops *const carriers[] = { &tp_emu, &tp_unix, &tp_usb, &tp_pcsc };

enum { CARRIERS_N = sizeof(carriers) / sizeof(carriers[0]) };

/* The part of the address after "scheme:"; NULL when the scheme is another one. */
static const char *after_scheme(const char *address, const char *scheme)
{
	size_t n = strlen(scheme);

	if (strncmp(address, scheme, n) != 0 || address[n] != ':')
		return NULL;
	return address + n + 1;
}

/* The carrier of an address, NULL: none; `*where` is what stands after its scheme. */
static const struct tp_ops *carrier_of(const char *address, const char **where)
{
	for (size_t i = 0; i < CARRIERS_N; i++) {
		*where = after_scheme(address, carriers[i]->scheme);
		if (*where != NULL)
			return carriers[i];
	}
	return NULL;
}

static const struct tp_ops *carrier_named(const char *scheme)
{
	for (size_t i = 0; i < CARRIERS_N; i++) {
		if (strcmp(carriers[i]->scheme, scheme) == 0)
			return carriers[i];
	}
	return NULL;
}

hsm_rc tp_open(const char *address, struct tp **out)
{
	const char *where;
	const struct tp_ops *ops = carrier_of(address, &where);

	if (ops != NULL)
		return ops->open(where, out);
	log_say(LOG_ERROR, "%s: no such kind of card", address);
	return HSM_E_BAD_CONFIG;
}

hsm_rc tp_list(const char *scheme, bool wake, tp_found *found, void *arg)
{
	const struct tp_ops *ops = carrier_named(scheme);

	return ops == NULL || ops->list == NULL ? HSM_E_BAD_CONFIG : ops->list(wake, found, arg);
}

hsm_rc tp_sight(const char *address, uint64_t *stamp)
{
	const char *where;
	const struct tp_ops *ops = carrier_of(address, &where);

	*stamp = 0;
	if (ops == NULL)
		return HSM_E_BAD_CONFIG;
	return ops->sight == NULL ? HSM_OK : ops->sight(where, stamp);
}

hsm_rc tp_present(struct tp *tp)
{
	struct tp_epoch epoch;

	return tp->ops->present == NULL ? tp->ops->look(tp, &epoch) : tp->ops->present(tp);
}

hsm_rc tp_usb_id(const char *address, struct tp_usb_id *out)
{
	const char *where;
	const struct tp_ops *ops = carrier_of(address, &where);

	*out = (struct tp_usb_id){ 0 };
	return ops == NULL || ops->usb_id == NULL ? HSM_E_UNSUPPORTED : ops->usb_id(where, out);
}

hsm_rc tp_watch(const char *scheme, bool wake, struct tp_watch **out)
{
	const struct tp_ops *ops = carrier_named(scheme);

	*out = NULL;
	return ops == NULL || ops->watch == NULL ? HSM_OK : ops->watch(wake, out);
}

void tp_forget(void)
{
	for (size_t i = 0; i < CARRIERS_N; i++)
		carriers[i]->forget();
	ossl_forget();
}
