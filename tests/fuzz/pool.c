#include "pool.h"

#include <sqlite3.h>
#include <string.h>

#include "fuzz.h"

#ifdef __has_feature
#define POOL_HAS_ASAN __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define POOL_HAS_ASAN 1
#else
#define POOL_HAS_ASAN 0
#endif

#if POOL_HAS_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

/* Sizes 32, 64, 128 and so on. */
enum { KINDS = 24, SMALLEST = 32, CHUNK = 1 << 20, CHUNKS = 256 };

/* In front of each piece. Sixteen bytes, as a piece is to be aligned. */
struct piece {
	struct piece *next; /* free one of the same kind */
	int kind, n;        /* n: as asked for */
};

static struct piece *unused[KINDS];
static uint8_t *chunks[CHUNKS]; /* all of them, so that LeakSanitizer sees that they are known */
static size_t chunks_n;
static uint8_t *chunk; /* what is left of the last one */
static size_t chunk_left;

static size_t room_of(int kind)
{
	return (size_t)SMALLEST << kind;
}

static int kind_of(int n)
{
	return n <= SMALLEST ? 0 : 27 - __builtin_clz((unsigned)n - 1);
}

/* A new piece; the pool never gives memory back. */
static struct piece *cut(int kind)
{
	const size_t n = sizeof(struct piece) + room_of(kind);
	struct piece *p;

	if (n > chunk_left) {
		chunk_left = n > CHUNK ? n : CHUNK;
		chunk = malloc(chunk_left);
		FUZZ_ASSERT(chunk != NULL && chunks_n < CHUNKS);
		chunks[chunks_n++] = chunk;
		ASAN_POISON_MEMORY_REGION(chunk, chunk_left);
	}
	p = (struct piece *)(void *)chunk;
	chunk += n;
	chunk_left -= n;
	ASAN_UNPOISON_MEMORY_REGION(p, sizeof(*p));
	p->kind = kind;
	return p;
}

static void *pool_malloc(int n)
{
	const int kind = kind_of(n);
	struct piece *p = unused[kind];

	if (p != NULL) {
		ASAN_UNPOISON_MEMORY_REGION(p, sizeof(*p));
		unused[kind] = p->next;
	} else {
		p = cut(kind);
	}
	p->n = n;
	ASAN_POISON_MEMORY_REGION(p, sizeof(*p));
	ASAN_UNPOISON_MEMORY_REGION(p + 1, (size_t)n);
	return p + 1;
}

static struct piece *piece_of(void *at)
{
	struct piece *p = (struct piece *)at - 1;

	ASAN_UNPOISON_MEMORY_REGION(p, sizeof(*p));
	return p;
}

static void pool_free(void *at)
{
	struct piece *p = piece_of(at);

	p->next = unused[p->kind];
	unused[p->kind] = p;
	ASAN_POISON_MEMORY_REGION(p, sizeof(*p) + room_of(p->kind));
}

static int pool_size(void *at)
{
	struct piece *p = piece_of(at);
	const int n = p->n;

	ASAN_POISON_MEMORY_REGION(p, sizeof(*p));
	return n;
}

static void *pool_realloc(void *at, int n)
{
	const int had = pool_size(at);
	void *to = pool_malloc(n);

	memcpy(to, at, (size_t)(had < n ? had : n));
	pool_free(at);
	return to;
}

static int pool_round(int n)
{
	return (n + 7) & ~7;
}

static int pool_init(void *arg)
{
	(void)arg;
	return SQLITE_OK;
}

static void pool_done(void *arg)
{
	(void)arg;
}

void pool_use(void)
{
	static const sqlite3_mem_methods methods = { pool_malloc, pool_free, pool_realloc,
		pool_size, pool_round, pool_init, pool_done, NULL };

	FUZZ_ASSERT(sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) == SQLITE_OK);
	FUZZ_ASSERT(sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK);
	FUZZ_ASSERT(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK);
}
