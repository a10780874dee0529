/* Locks with clang's thread-safety annotations; gcc sees plain pthread locks. */
#ifndef TWINHSM_BASE_LOCK_H
#define TWINHSM_BASE_LOCK_H

#include <pthread.h>

#if defined(__clang__)
#define TS(x) __attribute__((x))
#else
#define TS(x)
#endif

/* On a member of a struct: for the reader, because clang cannot name the lock beside it in C. */
#define GUARDED_BY(l)
/* On a variable: checked. */
#define VAR_GUARDED_BY(l)  TS(guarded_by(l))
#define LOCK_REQUIRES(...) TS(requires_capability(__VA_ARGS__))
#define LOCK_EXCLUDES(...) TS(locks_excluded(__VA_ARGS__))

struct TS(capability("mutex")) lock {
	pthread_mutex_t m;
};

#define LOCK_INIT                                                                                  \
	{                                                                                          \
		PTHREAD_MUTEX_INITIALIZER                                                          \
	}

static inline void lock_init(struct lock *l)
{
	pthread_mutex_init(&l->m, NULL);
}

static inline void lock_done(struct lock *l)
{
	pthread_mutex_destroy(&l->m);
}

static inline void lock(struct lock *l) TS(acquire_capability(*l));
static inline void unlock(struct lock *l) TS(release_capability(*l));

static inline void lock(struct lock *l) TS(no_thread_safety_analysis)
{
	pthread_mutex_lock(&l->m);
}

static inline void unlock(struct lock *l) TS(no_thread_safety_analysis)
{
	pthread_mutex_unlock(&l->m);
}

#endif
