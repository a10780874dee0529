/* Short secrets (PINs, keys up to 64 bytes): wiped when they go out of scope, never logged. */
#ifndef TWINHSM_BASE_SECRET_H
#define TWINHSM_BASE_SECRET_H

#include "base/rd.h"

enum { SECRET_MAX = 64 };

struct secret {
	size_t n;
	uint8_t p[SECRET_MAX];
};

#define AUTO_SECRET __attribute__((cleanup(secret_wipe))) struct secret

static inline struct rd secret_rd(const struct secret *s)
{
	return (struct rd){ s->p, s->n };
}

/* Copies `bytes`; HSM_E_BAD_LEN when they are more than SECRET_MAX. */
HSM_MUST hsm_rc secret_set(struct secret *s, struct rd bytes);

/* Constant-time comparison of the contents; the lengths are not secret. */
bool secret_equal(struct rd a, struct rd b);

void secret_wipe(struct secret *s);

#endif
