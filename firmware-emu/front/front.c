#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "front/internal.h"

struct worker {
	struct worker *next;
	pthread_t thread;
	atomic_bool ended;
	struct front *front;
	void (*run)(struct front *, void *);
	void *arg;
};

hsm_rc front_new(const char *token, const char *trace, struct front **out)
{
	struct front *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return HSM_E_MEMORY;
	f->token = token;
	if (pipe2(f->stop, O_CLOEXEC) != 0) {
		free(f);
		return HSM_E_IO;
	}
	lock_init(&f->lock);
	if (trace != NULL && trace_open(trace, &f->trace) != HSM_OK) {
		log_say(LOG_ERROR, "%s: %s", trace, strerror(errno));
		front_stop(f);
		return HSM_E_IO;
	}
	*out = f;
	return HSM_OK;
}

bool front_poll(const struct front *f, struct pollfd *polls, unsigned n, int ms)
{
	polls[0] = (struct pollfd){ f->stop[0], POLLIN, 0 };
	while (poll(polls, n, ms) < 0 && errno == EINTR)
		;
	return polls[0].revents == 0;
}

bool front_wait(const struct front *f, int fd, short events, int ms)
{
	struct pollfd polls[] = { { 0 }, { fd, events, 0 } };

	return front_poll(f, polls, 2, ms);
}

/* ---- threads ---- */

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	w->run(w->front, w->arg);
	atomic_store(&w->ended, true);
	return NULL;
}

/* Takes a worker off the list: an ended one, or any. */
static struct worker *worker_take(struct front *f, bool any)
{
	struct worker **at, *w;

	lock(&f->lock);
	at = &f->workers;
	while (*at != NULL && !any && !atomic_load(&(*at)->ended))
		at = &(*at)->next;
	w = *at;
	if (w != NULL)
		*at = w->next;
	unlock(&f->lock);
	return w;
}

static void workers_join(struct front *f, bool all)
{
	struct worker *w;

	while ((w = worker_take(f, all)) != NULL) {
		pthread_join(w->thread, NULL);
		free(w);
	}
}

hsm_rc front_spawn(struct front *f, void (*run)(struct front *, void *), void *arg)
{
	struct worker *w = calloc(1, sizeof(*w));
	int failed;

	workers_join(f, false);
	if (w == NULL)
		return HSM_E_MEMORY;
	*w = (struct worker){ .front = f, .run = run, .arg = arg };
	lock(&f->lock);
	failed = pthread_create(&w->thread, NULL, worker_main, w);
	if (failed == 0) {
		w->next = f->workers;
		f->workers = w;
	}
	unlock(&f->lock);
	if (failed == 0)
		return HSM_OK;
	free(w);
	return HSM_E_MEMORY;
}

void front_stop(struct front *f)
{
	if (f == NULL)
		return;
	close(f->stop[1]);
	workers_join(f, true);
	while (f->places != NULL) {
		struct place *p = f->places;

		f->places = p->next;
		place_close(p);
	}
	usb_twins_free(f->twins);
	trace_close(f->trace);
	close(f->stop[0]);
	lock_done(&f->lock);
	free(f);
}
