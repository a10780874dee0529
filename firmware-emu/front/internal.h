/* What the files of this folder share. */
#ifndef TWINHSM_EMU_FRONT_INTERNAL_H
#define TWINHSM_EMU_FRONT_INTERNAL_H

#include <stdatomic.h>
#include <sys/types.h>

#include "base/lock.h"
#include "front/front.h"
#include "front/trace.h"
#include "wire/frame.h"

struct pollfd;
struct usb_twin;
struct worker;

/* A socket that we listen at. */
struct place {
	struct place *next;
	int fd;
	const char *path; /* borrowed */
	dev_t dev;        /* with ino: is the file there still ours? */
	ino_t ino;
};

struct front {
	const char *token;    /* borrowed */
	struct trace *trace;  /* NULL: none */
	int stop[2];          /* a pipe: at its end when everything shall end */
	atomic_uint sessions; /* number of the last one */
	struct lock lock;
	struct worker *workers GUARDED_BY(lock);
	struct place *places;
	struct usb_twin *twins;
};

/* ---- front.c ---- */

/* Runs `run` in a thread of its own, which front_stop waits for. HSM_E_MEMORY. */
HSM_MUST hsm_rc front_spawn(struct front *f, void (*run)(struct front *, void *), void *arg);

/* Waits until `fd` (or -1) has one of the events of poll, or `ms` have passed (-1: for ever); false
 * when all shall end. */
bool front_wait(const struct front *f, int fd, short events, int ms);

/* The same for several; the first of `polls` is taken for the end of everything. */
bool front_poll(const struct front *f, struct pollfd *polls, unsigned n, int ms);

/* ---- stream.c: whole messages over a connection, until it or everything ends ---- */

struct stream {
	struct front *front;
	int fd;
	const struct frame_format *format;
	const char *name; /* for messages: who is at the other end */
};

/* The next message into `w` (empty). HSM_E_GONE at the end of the connection or of everything,
 * HSM_E_BAD_LEN, HSM_E_IO; all but the regular end have been said. */
HSM_MUST hsm_rc stream_get(const struct stream *s, struct wr *w);

/* Sends a whole frame in one piece. Outcomes as stream_get. */
HSM_MUST hsm_rc stream_put(const struct stream *s, struct rd frame);

/* ---- session.c ---- */

/* A card on the front's token for whoever is at the other end, until they go or all shall end. */
void session_run(const struct stream *s);

/* ---- unix.c ---- */

void place_close(struct place *p);

/* ---- usb_twin.c ---- */

/* Frees a list of them; nobody uses one any more. */
void usb_twins_free(struct usb_twin *list);

#endif
