#include "base/secret.h"

#include <openssl/crypto.h>

hsm_rc secret_set(struct secret *s, struct rd bytes)
{
	if (bytes.n > SECRET_MAX)
		return HSM_E_BAD_LEN;
	secret_wipe(s);
	if (bytes.n != 0)
		memcpy(s->p, bytes.p, bytes.n);
	s->n = bytes.n;
	return HSM_OK;
}

bool secret_equal(struct rd a, struct rd b)
{
	return a.n == b.n && CRYPTO_memcmp(a.p, b.p, a.n) == 0;
}

void secret_wipe(struct secret *s)
{
	OPENSSL_cleanse(s, sizeof(*s));
}
