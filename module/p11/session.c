/* Sessions and the table of their handles; how calls enter and leave the library. */
#include <openssl/err.h>
#include <stdlib.h>

#include "base/ossl.h"
#include "p11/op.h"
#include "p11/p11.h"

enum { PLACE_BITS = 16, PLACES_MAX = (1 << PLACE_BITS) - 1 };

/* A handle is the number of its place, from 1, and above that how often the place was used. */
struct place {
	struct p11_session *session; /* NULL: free */
	CK_SESSION_HANDLE uses;
};

/* The lock is a leaf: nothing is taken and no card is asked under it. */
static struct {
	struct lock lock;
	pthread_cond_t idle; /* no call in flight */
	pthread_cond_t news; /* for calls that wait */
	bool running GUARDED_BY(lock);
	unsigned calls GUARDED_BY(lock); /* in flight */
	struct place *places GUARDED_BY(lock);
	size_t places_n GUARDED_BY(lock);
	size_t places_cap GUARDED_BY(lock);
} table = {
	.lock = LOCK_INIT,
	.idle = PTHREAD_COND_INITIALIZER,
	.news = PTHREAD_COND_INITIALIZER,
};

void sessions_start(void)
{
	lock(&table.lock);
	table.running = true;
	unlock(&table.lock);
}

bool sessions_running(void)
{
	bool running;

	lock(&table.lock);
	running = table.running;
	unlock(&table.lock);
	return running;
}

bool sessions_stop(void)
{
	bool was_running;

	lock(&table.lock);
	was_running = table.running;
	table.running = false;
	pthread_cond_broadcast(&table.news);
	while (table.calls != 0)
		pthread_cond_wait(&table.idle, &table.lock.m);
	unlock(&table.lock);
	return was_running;
}

void sessions_wake(void)
{
	lock(&table.lock);
	pthread_cond_broadcast(&table.news);
	unlock(&table.lock);
}

static struct timespec time_in(unsigned ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

bool sessions_pause(unsigned ms)
{
	const struct timespec until = time_in(ms);
	bool running;

	lock(&table.lock);
	if (table.running)
		(void)pthread_cond_clockwait(&table.news, &table.lock.m, CLOCK_MONOTONIC, &until);
	running = table.running;
	unlock(&table.lock);
	return running;
}

void sessions_forget(void) TS(no_thread_safety_analysis)
{
	lock_init(&table.lock);
	pthread_cond_init(&table.idle, NULL);
	pthread_cond_init(&table.news, NULL);
	table.running = false;
	table.calls = 0;
	table.places = NULL;
	table.places_n = table.places_cap = 0;
}

/* ---- calls ---- */

static CK_RV call_begin(void) LOCK_REQUIRES(table.lock)
{
	if (!table.running)
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	table.calls++;
	return CKR_OK;
}

static void call_end(void) LOCK_REQUIRES(table.lock)
{
	table.calls--;
	if (table.calls == 0 && !table.running)
		pthread_cond_broadcast(&table.idle);
}

/* Our errors must not show in the host's queue. */
static void libcrypto_begin(void)
{
	ossl_thread();
	ERR_set_mark();
}

CK_RV p11_enter_library(void)
{
	CK_RV rv;

	lock(&table.lock);
	rv = call_begin();
	unlock(&table.lock);
	if (rv == CKR_OK)
		libcrypto_begin();
	return rv;
}

CK_RV p11_leave_library(CK_RV rv)
{
	if (rv == CKR_CRYPTOKI_NOT_INITIALIZED)
		return rv;
	ERR_pop_to_mark();
	lock(&table.lock);
	call_end();
	unlock(&table.lock);
	return rv;
}

/* The place of a handle, NULL when it is not that of an open session. */
static struct place *place_find(CK_SESSION_HANDLE handle) LOCK_REQUIRES(table.lock)
{
	CK_SESSION_HANDLE number = handle & PLACES_MAX;
	struct place *place;

	if (number == 0 || number > table.places_n)
		return NULL;
	place = &table.places[number - 1];
	return place->session != NULL && place->session->handle == handle ? place : NULL;
}

static CK_RV session_take(CK_SESSION_HANDLE handle, struct p11_session **out)
        LOCK_REQUIRES(table.lock)
{
	struct place *place;

	if (!table.running)
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	place = place_find(handle);
	if (place == NULL)
		return CKR_SESSION_HANDLE_INVALID;
	place->session->refs++;
	*out = place->session;
	return call_begin();
}

CK_RV p11_enter(CK_SESSION_HANDLE handle, struct p11_session **out) TS(no_thread_safety_analysis)
{
	CK_RV rv;

	*out = NULL;
	lock(&table.lock);
	rv = session_take(handle, out);
	unlock(&table.lock);
	if (rv != CKR_OK)
		return rv;
	lock(&(*out)->lock);
	libcrypto_begin();
	return CKR_OK;
}

static void session_free(struct p11_session *s)
{
	op_free_all(s);
	find_free(&s->find);
	lock_done(&s->lock);
	stay_free(s->stay);
	free(s);
}

/* The session was closed during the call. */
static void leave_last(struct p11_session *s)
{
	session_free(s);
	lock(&table.lock);
	call_end();
	unlock(&table.lock);
}

/* With a card that is gone, its login is; the former is what the application must hear. */
static CK_RV not_logged_in(struct p11_session *s)
{
	struct tp_epoch epoch;

	if (session_user(s))
		token_login_lost(s->token);
	return card_look(token_card(s->token), &epoch) == HSM_E_GONE ? CKR_DEVICE_REMOVED
	                                                             : CKR_USER_NOT_LOGGED_IN;
}

CK_RV p11_leave(struct p11_session *s, CK_RV rv) TS(no_thread_safety_analysis)
{
	bool last;

	if (s == NULL)
		return rv;
	if (rv == CKR_USER_NOT_LOGGED_IN)
		rv = not_logged_in(s);
	unlock(&s->lock);
	if (rv == CKR_DEVICE_REMOVED)
		slot_removed(s->slot, s->stay);
	ERR_pop_to_mark();
	lock(&table.lock);
	last = --s->refs == 0;
	if (!last)
		call_end();
	unlock(&table.lock);
	if (last)
		leave_last(s);
	return rv;
}

/* ---- open and close ---- */

struct session_count session_count(const struct p11_slot *slot)
{
	struct session_count count = { 0 };

	lock(&table.lock);
	for (size_t i = 0; i < table.places_n; i++) {
		const struct p11_session *s = table.places[i].session;

		if (s == NULL || s->slot != slot)
			continue;
		count.all++;
		count.rw += s->rw;
	}
	unlock(&table.lock);
	return count;
}

static CK_RV places_grow(void) LOCK_REQUIRES(table.lock)
{
	size_t cap = table.places_cap == 0 ? 16 : 2 * table.places_cap;
	struct place *places;

	if (table.places_n == PLACES_MAX)
		return CKR_SESSION_COUNT;
	if (table.places_n < table.places_cap)
		return CKR_OK;
	places = reallocarray(table.places, cap, sizeof(*places));
	if (places == NULL)
		return CKR_HOST_MEMORY;
	table.places = places;
	table.places_cap = cap;
	return CKR_OK;
}

static CK_RV table_add(struct p11_session *s) LOCK_REQUIRES(table.lock)
{
	size_t i = 0;

	while (i < table.places_n && table.places[i].session != NULL)
		i++;
	if (i == table.places_n) {
		TRY_RV(places_grow());
		table.places[table.places_n++] = (struct place){ 0 };
	}
	table.places[i].session = s;
	table.places[i].uses++;
	s->handle = table.places[i].uses << PLACE_BITS | (i + 1);
	return CKR_OK;
}

CK_RV session_open(struct p11_slot *slot, bool rw, CK_SESSION_HANDLE *out)
{
	struct p11_session *s = calloc(1, sizeof(*s));
	CK_RV rv;

	if (s == NULL)
		return CKR_HOST_MEMORY;
	s->slot = slot;
	s->stay = slot->stay;
	s->token = slot->stay->token;
	s->rw = rw;
	s->refs = 1;
	lock_init(&s->lock);
	atomic_fetch_add(&slot->stay->refs, 1);
	lock(&table.lock);
	rv = table_add(s);
	if (rv == CKR_OK)
		*out = s->handle;
	unlock(&table.lock);
	if (rv != CKR_OK)
		session_free(s);
	return rv;
}

/* The session is out of the table: drops the table's reference. */
static void session_drop(struct p11_session *s)
{
	bool last;

	store_end_session(&s->slot->store, s->handle);
	lock(&table.lock);
	last = --s->refs == 0;
	unlock(&table.lock);
	if (last)
		session_free(s);
}

CK_RV session_close(CK_SESSION_HANDLE handle, struct p11_slot **slot)
{
	struct p11_session *s = NULL;
	struct place *place;

	lock(&table.lock);
	place = place_find(handle);
	if (place != NULL) {
		s = place->session;
		place->session = NULL;
	}
	unlock(&table.lock);
	if (s == NULL)
		return CKR_SESSION_HANDLE_INVALID;
	*slot = s->slot;
	session_drop(s);
	return CKR_OK;
}

/* Takes one session out of the table, of any slot or stay when that is NULL; NULL: none is left. */
static struct p11_session *table_pop(const struct p11_slot *slot, const struct p11_stay *stay)
{
	struct p11_session *s = NULL;

	lock(&table.lock);
	for (size_t i = 0; i < table.places_n && s == NULL; i++) {
		struct place *place = &table.places[i];

		s = place->session;
		if (s == NULL || (slot != NULL && s->slot != slot) ||
		        (stay != NULL && s->stay != stay)) {
			s = NULL;
			continue;
		}
		place->session = NULL;
	}
	unlock(&table.lock);
	return s;
}

void session_close_all(struct p11_slot *slot)
{
	struct p11_session *s;

	while ((s = table_pop(slot, NULL)) != NULL)
		session_drop(s);
}

void session_close_stay(const struct p11_stay *stay)
{
	struct p11_session *s;

	while ((s = table_pop(NULL, stay)) != NULL)
		session_drop(s);
}

void sessions_free(void)
{
	session_close_all(NULL);
	lock(&table.lock);
	free(table.places);
	table.places = NULL;
	table.places_n = table.places_cap = 0;
	unlock(&table.lock);
}
