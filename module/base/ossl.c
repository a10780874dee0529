#include "base/ossl.h"

#include <openssl/provider.h>
#include <openssl/rand.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "base/lock.h"

enum { MD_COUNT = 5 };

static const char *const md_names[MD_COUNT] = { "SHA1", "SHA224", "SHA256", "SHA384", "SHA512" };

static struct {
	struct lock lock;
	unsigned users;
	OSSL_LIB_CTX *ctx;
	OSSL_PROVIDER *provider;
	EVP_MD *md[MD_COUNT];
	atomic_uint generation; /* of the context: grows with each that is made */
	atomic_uint threads;    /* that have used this one */
} g = { .lock = LOCK_INIT };

static _Thread_local unsigned used_generation;

static void drop(void)
{
	for (size_t i = 0; i < MD_COUNT; i++) {
		EVP_MD_free(g.md[i]);
		g.md[i] = NULL;
	}
	OSSL_PROVIDER_unload(g.provider);
	OSSL_LIB_CTX_free(g.ctx);
	g.provider = NULL;
	g.ctx = NULL;
}

static hsm_rc make(void)
{
	g.generation++;
	g.threads = 0;
	g.ctx = OSSL_LIB_CTX_new();
	if (g.ctx == NULL)
		return HSM_E_MEMORY;
	g.provider = OSSL_PROVIDER_load(g.ctx, "default");
	if (g.provider == NULL)
		return HSM_E_FAIL;
	for (size_t i = 0; i < MD_COUNT; i++) {
		g.md[i] = EVP_MD_fetch(g.ctx, md_names[i], NULL);
		if (g.md[i] == NULL)
			return HSM_E_FAIL;
	}
	return HSM_OK;
}

hsm_rc ossl_acquire(void)
{
	hsm_rc rc = HSM_OK;

	lock(&g.lock);
	if (g.ctx == NULL)
		rc = make();
	if (rc == HSM_OK)
		g.users++;
	else
		drop();
	unlock(&g.lock);
	if (rc == HSM_OK)
		ossl_thread();
	return rc;
}

void ossl_thread(void)
{
	if (used_generation == g.generation)
		return;
	used_generation = g.generation;
	g.threads++;
}

static bool used_by_others(void)
{
	return g.threads != (used_generation == g.generation ? 1u : 0u);
}

void ossl_release(void)
{
	lock(&g.lock);
	if (g.users != 0 && --g.users == 0 && !used_by_others())
		drop();
	unlock(&g.lock);
}

void ossl_forget(void)
{
	lock_init(&g.lock);
	g.users = 0;
	g.ctx = NULL;
	g.provider = NULL;
	memset(g.md, 0, sizeof(g.md));
}

OSSL_LIB_CTX *ossl_ctx(void)
{
	return g.ctx;
}

const EVP_MD *ossl_md(const char *name)
{
	for (size_t i = 0; i < MD_COUNT; i++) {
		if (strcmp(name, md_names[i]) == 0)
			return g.md[i];
	}
	return NULL;
}

hsm_rc ossl_random(void *out, size_t n)
{
	return RAND_priv_bytes_ex(g.ctx, out, n, 0) == 1 ? HSM_OK : HSM_E_FAIL;
}
