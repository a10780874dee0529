#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench.h"

enum { THREADS_MAX = 8 };

double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- rates ---- */

struct slice {
	pthread_barrier_t start;
	atomic_bool stop;
	void (*sign)(void *worker);
};

struct signer {
	struct slice *slice;
	void *worker;
	double begin, end;
	int n;
	pthread_t id;
};

static void *sign_until_stopped(void *arg)
{
	struct signer *me = arg;

	pthread_barrier_wait(&me->slice->start);
	me->begin = now();
	do {
		me->slice->sign(me->worker);
		me->n++;
	} while (!atomic_load_explicit(&me->slice->stop, memory_order_relaxed));
	me->end = now();
	return NULL;
}

/* All signatures over the time from the first one's begin to the last one's end. */
static double rate_of_all(const struct signer *signers, int threads)
{
	double begin = signers[0].begin, end = signers[0].end;
	int n = 0;

	for (int i = 0; i < threads; i++) {
		begin = signers[i].begin < begin ? signers[i].begin : begin;
		end = signers[i].end > end ? signers[i].end : end;
		n += signers[i].n;
	}
	return n / (end - begin);
}

static double rate_of(const struct subject *s, void *const *workers, int threads, int slice_ms)
{
	struct slice slice = { .sign = s->ops->sign };
	struct signer signers[THREADS_MAX];

	pthread_barrier_init(&slice.start, NULL, (unsigned)threads + 1);
	for (int i = 0; i < threads; i++) {
		signers[i] = (struct signer){ .slice = &slice, .worker = workers[i] };
		if (pthread_create(&signers[i].id, NULL, sign_until_stopped, &signers[i]) != 0)
			client_die("no thread");
	}
	pthread_barrier_wait(&slice.start);
	nanosleep(&(struct timespec){ slice_ms / 1000, slice_ms % 1000 * 1000000L }, NULL);
	atomic_store(&slice.stop, true);
	for (int i = 0; i < threads; i++)
		pthread_join(signers[i].id, NULL);
	pthread_barrier_destroy(&slice.start);
	return rate_of_all(signers, threads);
}

void measure_sign(struct subject *const s[SUBJECTS], CK_KEY_TYPE type, int threads,
        const struct plan *plan, struct row *out)
{
	void *workers[SUBJECTS][THREADS_MAX] = { { NULL } };

	for (int i = 0; i < SUBJECTS; i++) {
		for (int t = 0; s[i] != NULL && t < threads; t++)
			workers[i][t] = s[i]->ops->worker_new(s[i], type);
		if (s[i] != NULL)
			rate_of(s[i], workers[i], threads, plan->slice_ms);
	}
	for (out->n = 0; out->n < plan->rounds; out->n++) {
		for (int i = 0; i < SUBJECTS; i++) {
			int who = (i + out->n) % SUBJECTS;

			if (s[who] != NULL)
				out->rounds[out->n].value[who] =
				        rate_of(s[who], workers[who], threads, plan->slice_ms);
		}
	}
	for (int i = 0; i < SUBJECTS; i++) {
		for (int t = 0; s[i] != NULL && t < threads; t++)
			s[i]->ops->worker_free(workers[i][t]);
	}
}

/* ---- single calls ---- */

void measure_generate(struct subject *const s[SUBJECTS], CK_KEY_TYPE type, const struct plan *plan,
        struct row *out)
{
	for (out->n = 0; out->n < plan->rounds; out->n++) {
		for (int i = 0; i < SUBJECTS; i++) {
			double begin = now();

			if (s[i] == NULL)
				continue;
			s[i]->ops->generate(s[i], type);
			out->rounds[out->n].value[i] = (now() - begin) * 1e3;
			s[i]->ops->forget(s[i]);
		}
	}
}

static double find_once(const struct subject *s, CK_SESSION_HANDLE session, int objects, int finds)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	char label[16];
	CK_ATTRIBUTE t[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_LABEL, label, 0 } };
	CK_OBJECT_HANDLE found[2];
	CK_ULONG n;
	double begin = now();

	for (int i = 0; i < finds; i++) {
		t[1].ulValueLen =
		        (CK_ULONG)snprintf(label, sizeof(label), "key-%d", i * 7 % (objects / 2));
		client_must(client_find(&s->client, session, t, 2, found, 2, &n), "find");
		if (n != 1)
			client_die("%lu keys %s", n, label);
	}
	return (now() - begin) * 1e6 / finds;
}

void measure_find(
        struct subject *const s[SUBJECTS], int objects, const struct plan *plan, struct row *out)
{
	CK_SESSION_HANDLE session[SUBJECTS] = { 0 };
	char token[16];

	snprintf(token, sizeof(token), "find-%d", objects);
	for (int i = SUBJECT_TWIN; i < SUBJECTS; i++) {
		if (s[i] == NULL)
			continue;
		session[i] =
		        client_session(&s[i]->client, client_slot(&s[i]->client, token), false);
		find_once(s[i], session[i], objects, 1);
	}
	for (out->n = 0; out->n < plan->rounds; out->n++) {
		for (int i = SUBJECT_TWIN; i < SUBJECTS; i++) {
			if (s[i] != NULL)
				out->rounds[out->n].value[i] =
				        find_once(s[i], session[i], objects, plan->finds);
		}
	}
}

static double login_once(const struct subject *s, CK_SESSION_HANDLE session)
{
	CK_UTF8CHAR pin[] = CLIENT_PIN;
	double begin, took;

	begin = now();
	client_must(s->client.f->C_Login(session, CKU_USER, pin, sizeof(pin) - 1), "C_Login");
	took = (now() - begin) * 1e3;
	client_must(s->client.f->C_Logout(session), "C_Logout");
	return took;
}

void measure_login(struct subject *const s[SUBJECTS], const char *label, int only,
        const struct plan *plan, struct row *out)
{
	CK_SESSION_HANDLE session[SUBJECTS] = { 0 };

	for (int i = SUBJECT_TWIN; i < SUBJECTS; i++) {
		if (s[i] != NULL)
			session[i] = client_session(
			        &s[i]->client, client_slot(&s[i]->client, label), false);
	}
	for (out->n = 0; out->n < plan->rounds; out->n++) {
		for (int i = SUBJECT_TWIN; i < SUBJECTS; i++) {
			if (s[i] != NULL && (only == SUBJECTS || only == i))
				out->rounds[out->n].value[i] = login_once(s[i], session[i]);
		}
	}
}
