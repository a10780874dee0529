/* MD5 through libcrypto's own interface for it, which 3.0 deprecates: there are ten million rounds
 * of it for each block of key, and through EVP they take almost twice the time. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/md5.h>

#include "backup/rounds.h"

enum {
	BLOCKS = (STRETCH_KEY + STRETCH_IV) / MD5_DIGEST_LENGTH,
	TELL_EVERY = 100000,
};

struct work {
	const struct stretch *how;
	MD5_CTX md5;
	uint32_t done;
};

static bool digest(MD5_CTX *md5, const struct rd *parts, size_t n, uint8_t *out)
{
	if (MD5_Init(md5) != 1)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (MD5_Update(md5, parts[i].p, parts[i].n) != 1)
			return false;
	}
	return MD5_Final(out, md5) == 1;
}

static hsm_rc repeat(MD5_CTX *md5, uint32_t times, uint8_t *out)
{
	const struct rd itself = { out, MD5_DIGEST_LENGTH };

	while (times-- != 0) {
		if (!digest(md5, &itself, 1, out))
			return HSM_E_FAIL;
	}
	return HSM_OK;
}

static hsm_rc advance(struct work *w, uint32_t rounds)
{
	const struct progress *p = w->how->progress;

	w->done += rounds;
	if (p != NULL && !p->tell(p->arg, w->done, BLOCKS * w->how->rounds))
		return HSM_E_CANCELLED;
	return HSM_OK;
}

/* One block of key: MD5 over the block before it, password and salt, then over itself. */
static hsm_rc block(
        struct work *w, struct rd before, struct rd password, struct rd salt, uint8_t *out)
{
	const struct rd first[] = { before, password, salt };
	uint32_t n = 1;

	if (!digest(&w->md5, first, sizeof(first) / sizeof(first[0]), out))
		return HSM_E_FAIL;
	TRY(advance(w, n));
	for (uint32_t left = w->how->rounds - 1; left != 0; left -= n) {
		n = left < TELL_EVERY ? left : TELL_EVERY;
		TRY(repeat(&w->md5, n, out));
		TRY(advance(w, n));
	}
	return HSM_OK;
}

static hsm_rc blocks(struct work *w, struct rd password, struct rd salt, struct secret *out)
{
	struct rd before = { out->p, 0 };

	for (out->n = 0; out->n < BLOCKS * MD5_DIGEST_LENGTH; out->n += MD5_DIGEST_LENGTH) {
		TRY(block(w, before, password, salt, out->p + out->n));
		before = rd_of(out->p + out->n, MD5_DIGEST_LENGTH);
	}
	return HSM_OK;
}

hsm_rc stretch(const struct stretch *how, struct rd password, struct rd salt, struct secret *out)
{
	struct work w = { .how = how };
	hsm_rc rc = blocks(&w, password, salt, out);

	OPENSSL_cleanse(&w.md5, sizeof(w.md5));
	if (rc != HSM_OK)
		secret_wipe(out);
	return rc;
}
