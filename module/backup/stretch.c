#include "backup/rounds.h"
#include "base/ossl.h"

enum { MD5_LEN = 16, BLOCKS = (STRETCH_KEY + STRETCH_IV) / MD5_LEN, TELL_EVERY = 100000 };

struct work {
	const struct stretch *how;
	EVP_MD_CTX *ctx; /* set up for MD5: to be begun again without naming the digest */
	uint32_t done;
};

static bool add(EVP_MD_CTX *ctx, struct rd bytes)
{
	return EVP_DigestUpdate(ctx, bytes.p, bytes.n) == 1;
}

/* Millions of these are what takes the time: nothing is fetched or allocated here. */
static hsm_rc repeat(EVP_MD_CTX *ctx, uint32_t times, uint8_t *digest)
{
	while (times-- != 0) {
		if (EVP_DigestInit_ex2(ctx, NULL, NULL) != 1 ||
		        EVP_DigestUpdate(ctx, digest, MD5_LEN) != 1 ||
		        EVP_DigestFinal_ex(ctx, digest, NULL) != 1)
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
	uint32_t n = 1;

	if (EVP_DigestInit_ex2(w->ctx, NULL, NULL) != 1 || !add(w->ctx, before) ||
	        !add(w->ctx, password) || !add(w->ctx, salt) ||
	        EVP_DigestFinal_ex(w->ctx, out, NULL) != 1)
		return HSM_E_FAIL;
	TRY(advance(w, n));
	for (uint32_t left = w->how->rounds - 1; left != 0; left -= n) {
		n = left < TELL_EVERY ? left : TELL_EVERY;
		TRY(repeat(w->ctx, n, out));
		TRY(advance(w, n));
	}
	return HSM_OK;
}

static hsm_rc blocks(struct work *w, struct rd password, struct rd salt, struct secret *out)
{
	struct rd before = { out->p, 0 };

	for (out->n = 0; out->n < BLOCKS * MD5_LEN; out->n += MD5_LEN) {
		TRY(block(w, before, password, salt, out->p + out->n));
		before = rd_of(out->p + out->n, MD5_LEN);
	}
	return HSM_OK;
}

static hsm_rc with_md5(struct work *w, struct rd password, struct rd salt, struct secret *out)
{
	EVP_MD *md5 = EVP_MD_fetch(ossl_ctx(), "MD5", NULL);
	hsm_rc rc = HSM_E_FAIL;

	if (md5 != NULL && EVP_DigestInit_ex2(w->ctx, md5, NULL) == 1)
		rc = blocks(w, password, salt, out);
	EVP_MD_free(md5);
	return rc;
}

hsm_rc stretch(const struct stretch *how, struct rd password, struct rd salt, struct secret *out)
{
	struct work w = { .how = how, .ctx = EVP_MD_CTX_new() };
	hsm_rc rc;

	if (w.ctx == NULL)
		return HSM_E_MEMORY;
	rc = with_md5(&w, password, salt, out);
	EVP_MD_CTX_free(w.ctx);
	if (rc != HSM_OK)
		secret_wipe(out);
	return rc;
}
