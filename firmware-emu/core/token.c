#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base/log.h"
#include "core/core.h"

enum { ENTER_TIMEOUT_S = 15 };

struct emu_token {
	struct emu_token *next; /* in the registry */
	bool in_memory;
	dev_t dev;
	ino_t ino;
	unsigned refs; /* guarded by the registry's lock */

	struct store *store; /* used by who has entered; its generation by anybody */
	struct lock lock;
	pthread_cond_t left;
	bool entered GUARDED_BY(lock);
	struct emu_image *image GUARDED_BY(lock); /* published */
};

/* One token, and so one SQLite connection, for each file. SQLite is called by who holds this lock
 * or has entered a token, by nobody else. */
static struct {
	struct lock lock;
	struct emu_token *tokens GUARDED_BY(lock);
	bool watching GUARDED_BY(lock); /* for forks */
} registry = { .lock = LOCK_INIT };

/* ---- opening and closing ---- */

static void token_free(struct emu_token *t)
{
	struct emu_image *image;

	lock(&t->lock);
	image = t->image;
	unlock(&t->lock);
	image_free(image);
	store_close(t->store);
	pthread_cond_destroy(&t->left);
	lock_done(&t->lock);
	free(t);
}

static struct emu_token *token_alloc(void)
{
	struct emu_token *t = calloc(1, sizeof(*t));
	pthread_condattr_t attr;

	if (t == NULL)
		return NULL;
	t->refs = 1;
	lock_init(&t->lock);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&t->left, &attr);
	pthread_condattr_destroy(&attr);
	return t;
}

/* Takes over the store, also when it fails. */
static hsm_rc token_new(struct store *store, struct emu_token **out)
{
	struct emu_token *t = token_alloc();
	struct emu_image *image;
	hsm_rc rc;

	if (t == NULL) {
		store_close(store);
		return HSM_E_MEMORY;
	}
	t->store = store;
	rc = token_reload(t, NULL, &image);
	if (rc != HSM_OK) {
		token_free(t);
		return rc;
	}
	image_free(image);
	*out = t;
	return HSM_OK;
}

static hsm_rc token_new_file(const char *path, const struct stat *st, struct emu_token **out)
{
	struct store *store;

	TRY(store_open(path, &store));
	TRY(token_new(store, out));
	(*out)->dev = st->st_dev;
	(*out)->ino = st->st_ino;
	return HSM_OK;
}

/* ---- forking ---- */

/* A child gets SQLite as it was at that moment. So nobody may be inside, or the child would find
 * its mutexes taken for ever and would think it had locks on files that its parent has. */
static void before_fork(void) TS(acquire_capability(registry.lock))
{
	struct store *store;

	lock(&registry.lock);
	for (struct emu_token *t = registry.tokens; t != NULL; t = t->next) {
		if (token_enter(t, &store) != HSM_OK)
			log_say(LOG_ERROR, "a process forks in the middle of a change of a card");
	}
}

static void after_fork(void) TS(release_capability(registry.lock))
{
	for (struct emu_token *t = registry.tokens; t != NULL; t = t->next)
		token_leave(t);
	unlock(&registry.lock);
}

/* The child has one thread, the one that took the lock before the fork or needs none. */
void token_forget_all(void) TS(no_thread_safety_analysis)
{
	registry.tokens = NULL;
}

static void in_child(void) TS(release_capability(registry.lock))
{
	registry.tokens = NULL;
	unlock(&registry.lock);
}

static hsm_rc watch_forks(void) LOCK_REQUIRES(registry.lock)
{
	if (!registry.watching && pthread_atfork(before_fork, after_fork, in_child) != 0)
		return HSM_E_MEMORY;
	registry.watching = true;
	return HSM_OK;
}

/* ---- the registry ---- */

static void registry_add(struct emu_token *t) LOCK_REQUIRES(registry.lock)
{
	t->next = registry.tokens;
	registry.tokens = t;
}

static hsm_rc registry_get(const char *path, const struct stat *st, struct emu_token **out)
        LOCK_REQUIRES(registry.lock)
{
	struct emu_token *t = registry.tokens;

	while (t != NULL && (t->in_memory || t->dev != st->st_dev || t->ino != st->st_ino))
		t = t->next;
	if (t != NULL) {
		t->refs++;
	} else {
		TRY(watch_forks());
		TRY(token_new_file(path, st, &t));
		registry_add(t);
	}
	*out = t;
	return HSM_OK;
}

/* Takes over the store, also when it fails. */
static hsm_rc registry_memory(struct store *store, struct emu_token **out)
        LOCK_REQUIRES(registry.lock)
{
	const hsm_rc rc = watch_forks();

	if (rc != HSM_OK) {
		store_close(store);
		return rc;
	}
	TRY(token_new(store, out));
	(*out)->in_memory = true;
	registry_add(*out);
	return HSM_OK;
}

hsm_rc token_memory(const struct store_factory *f, struct emu_token **out)
{
	struct store *store = NULL;
	hsm_rc rc;

	lock(&registry.lock);
	rc = store_memory(f, &store);
	if (rc == HSM_OK)
		rc = registry_memory(store, out);
	unlock(&registry.lock);
	return rc;
}

hsm_rc token_open_bytes(struct rd bytes, struct emu_token **out)
{
	struct store *store = NULL;
	hsm_rc rc;

	lock(&registry.lock);
	rc = store_open_bytes(bytes, &store);
	if (rc == HSM_OK)
		rc = registry_memory(store, out);
	unlock(&registry.lock);
	return rc;
}

hsm_rc emu_token_open(const char *path, struct emu_token **out)
{
	struct stat st;
	hsm_rc rc;

	if (stat(path, &st) != 0)
		return errno == EACCES ? HSM_E_TOKEN_ACCESS : HSM_E_TOKEN_MISSING;
	lock(&registry.lock);
	rc = registry_get(path, &st, out);
	unlock(&registry.lock);
	return rc;
}

void emu_token_close(struct emu_token *t)
{
	struct emu_token **at;

	if (t == NULL)
		return;
	lock(&registry.lock);
	if (--t->refs == 0) {
		for (at = &registry.tokens; *at != NULL; at = &(*at)->next) {
			if (*at == t) {
				uses_give_back(t);
				*at = t->next;
				break;
			}
		}
		token_free(t);
	}
	unlock(&registry.lock);
}

/* ---- the right to use the store ---- */

hsm_rc token_enter(struct emu_token *t, struct store **out)
{
	struct timespec until;
	bool ok;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ENTER_TIMEOUT_S;
	lock(&t->lock);
	while (t->entered) {
		if (pthread_cond_timedwait(&t->left, &t->lock.m, &until) == ETIMEDOUT)
			break;
	}
	ok = !t->entered;
	t->entered = true;
	unlock(&t->lock);
	*out = t->store;
	return ok ? HSM_OK : HSM_E_TOKEN_BUSY;
}

void token_leave(struct emu_token *t)
{
	lock(&t->lock);
	t->entered = false;
	pthread_cond_signal(&t->left);
	unlock(&t->lock);
}

hsm_rc token_bytes(struct emu_token *t, struct buf *out)
{
	struct store *store;
	hsm_rc rc;

	TRY(token_enter(t, &store));
	rc = store_bytes(store, out);
	token_leave(t);
	return rc;
}

/* ---- the published image ---- */

struct emu_image *token_published(struct emu_token *t)
{
	struct emu_image *image;

	lock(&t->lock);
	image = t->image == NULL ? NULL : image_ref(t->image);
	unlock(&t->lock);
	return image;
}

/* Records that stayed the same are shared, so another record is another place in memory. */
static bool same_content(const struct emu_image *a, const struct emu_image *b)
{
	return a->options == b->options && a->files_n == b->files_n && a->keys_n == b->keys_n &&
	       (a->files_n == 0 ||
	               memcmp(a->files, b->files, a->files_n * sizeof(a->files[0])) == 0) &&
	       memcmp(a->keys, b->keys, sizeof(a->keys)) == 0;
}

/* Is a registered key gone, and with it what its holder has signed? */
static bool lost_pka_key(const struct emu_image *old, const struct emu_image *image)
{
	for (size_t i = 0; i < PKA_KEYS_MAX; i++) {
		if (old->pka.keys[i] != NULL && old->pka.keys[i] != image->pka.keys[i])
			return true;
	}
	return false;
}

static void count_changes(struct emu_image *image, const struct emu_image *old)
{
	image->content = 1;
	image->security = 1;
	if (old == NULL)
		return;
	image->content = old->content + (same_content(old, image) ? 0 : 1);
	image->security = old->security +
	                  (old->user.rev != image->user.rev || lost_pka_key(old, image) ? 1 : 0);
}

hsm_rc token_load(struct emu_token *t, const struct emu_image *base, struct emu_image **out)
{
	struct emu_image *old = token_published(t);
	const hsm_rc rc = store_load(t->store, base == NULL ? old : base, out);

	if (rc == HSM_OK)
		count_changes(*out, old);
	image_free(old);
	return rc;
}

hsm_rc token_reload(struct emu_token *t, const struct emu_image *base, struct emu_image **out)
{
	struct emu_image *old;

	TRY(token_load(t, base, out));
	lock(&t->lock);
	old = t->image;
	t->image = image_ref(*out);
	unlock(&t->lock);
	image_free(old);
	return HSM_OK;
}

hsm_rc token_current(struct emu_token *t, uint32_t generation, bool *out)
{
	uint32_t now;

	TRY(store_generation(t->store, &now));
	*out = now == generation;
	return HSM_OK;
}

/* The published image if it is current, counted; otherwise NULL. */
static hsm_rc published_current(struct emu_token *t, struct emu_image **out)
{
	struct emu_image *image = token_published(t);
	bool current = false;
	const hsm_rc rc = token_current(t, image->generation, &current);

	if (!current) {
		image_free(image);
		image = NULL;
	}
	*out = image;
	return rc;
}

hsm_rc token_image(struct emu_token *t, struct emu_image **out)
{
	struct store *store;
	hsm_rc rc;

	TRY(published_current(t, out));
	if (*out != NULL)
		return HSM_OK;
	TRY(token_enter(t, &store));
	rc = published_current(t, out); /* somebody else may have been here first */
	if (rc == HSM_OK && *out == NULL)
		rc = token_reload(t, NULL, out);
	token_leave(t);
	return rc;
}

static uint32_t published_epoch(struct emu_token *t, uint64_t *content, uint64_t *security)
{
	uint32_t generation;

	lock(&t->lock);
	generation = t->image->generation;
	*content = t->image->content;
	*security = t->image->security;
	unlock(&t->lock);
	return generation;
}

hsm_rc token_epoch(struct emu_token *t, uint64_t *content, uint64_t *security)
{
	struct emu_image *image;
	bool current;

	TRY(token_current(t, published_epoch(t, content, security), &current));
	if (current)
		return HSM_OK;
	TRY(token_image(t, &image));
	*content = image->content;
	*security = image->security;
	image_free(image);
	return HSM_OK;
}
