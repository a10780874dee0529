#include "base/ossl.h"

#include <openssl/provider.h>
#include <openssl/rand.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
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
	sem_t *ended;           /* counts those of them that have ended since */
	pthread_key_t thread;   /* holds `ended` in each */
} g = { .lock = LOCK_INIT };

static _Thread_local unsigned used_generation;

/* What runs when a thread ends must not be code that can be unloaded: it is libc's own. */
static hsm_rc watch_threads(void)
{
	void (*post)(void) = (void (*)(void))sem_post;

	g.generation++;
	g.threads = 0;
	g.ended = calloc(1, sizeof(*g.ended));
	if (g.ended == NULL || sem_init(g.ended, 0, 0) != 0 ||
	        pthread_key_create(&g.thread, (void (*)(void *))post) != 0) {
		free(g.ended);
		g.ended = NULL;
		return HSM_E_MEMORY;
	}
	return HSM_OK;
}

static void unwatch_threads(void)
{
	if (g.ended == NULL)
		return;
	pthread_key_delete(g.thread);
	sem_destroy(g.ended);
	free(g.ended);
	g.ended = NULL;
}

static void drop(void)
{
	unwatch_threads();
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
	TRY(watch_threads());
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
	if (pthread_setspecific(g.thread, g.ended) != 0)
		g.threads++; /* will not be seen to end: the context is kept */
}

static bool used_by_others(void)
{
	unsigned self = used_generation == g.generation ? 1 : 0;
	int ended = 0;

	sem_getvalue(g.ended, &ended);
	return g.threads != (unsigned)ended + self;
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
	unwatch_threads();
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
