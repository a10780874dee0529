/* A Unix socket for the module's carrier "unix:PATH": each client has a card of its own. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "front/internal.h"

enum { BACKLOG = 64, PAUSE_MS = 200, OWNER_ONLY = 0600 };

struct client {
	int fd;
	char name[64];
};

static void client_run(struct front *f, void *arg)
{
	struct client *c = arg;

	session_run(&(struct stream){ f, c->fd, &frame_socket, c->name });
	close(c->fd);
	free(c);
}

static void welcome(struct front *f, int fd, unsigned number)
{
	struct client *c = calloc(1, sizeof(*c));

	if (c != NULL) {
		c->fd = fd;
		snprintf(c->name, sizeof(c->name), "socket client %u", number);
		if (front_spawn(f, client_run, c) == HSM_OK)
			return;
	}
	log_say(LOG_ERROR, "socket client %u: no thread for it; refused", number);
	close(fd);
	free(c);
}

static void accept_run(struct front *f, void *arg)
{
	const struct place *p = arg;
	unsigned number = 0;

	while (front_wait(f, p->fd, POLLIN, -1)) {
		int fd = accept4(p->fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0) {
			welcome(f, fd, ++number);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
			log_say(LOG_ERROR, "%s: a client must wait: %s", p->path, strerror(errno));
			(void)front_wait(f, -1, 0, PAUSE_MS);
		}
	}
}

/* ---- the socket file ---- */

void place_close(struct place *p)
{
	struct stat st;

	close(p->fd);
	if (lstat(p->path, &st) == 0 && st.st_dev == p->dev && st.st_ino == p->ino)
		(void)unlink(p->path);
	free(p);
}

/* Is this the socket of a server that is no more? */
static bool is_dead(const struct sockaddr_un *address)
{
	struct stat st;
	int fd, error;

	if (lstat(address->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	error = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ? 0 : errno;
	close(fd);
	return error == ECONNREFUSED;
}

/* Why the address cannot be bound; NULL when it is. */
static const char *bind_to(int fd, const struct sockaddr_un *address)
{
	const struct sockaddr *to = (const struct sockaddr *)address;
	struct stat st;

	/* Before bind, so that the file never has more rights. */
	if (fchmod(fd, OWNER_ONLY) != 0)
		return strerrordesc_np(errno);
	if (bind(fd, to, sizeof(*address)) == 0)
		return NULL;
	if (errno != EADDRINUSE)
		return strerrordesc_np(errno);
	if (is_dead(address) && unlink(address->sun_path) == 0 &&
	        bind(fd, to, sizeof(*address)) == 0)
		return NULL;
	if (lstat(address->sun_path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return "there is something that is not a socket";
	return "another server listens there";
}

static const char *listen_at(struct place *p)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat st;
	const char *why;

	if (strlen(p->path) >= sizeof(address.sun_path))
		return "the path is too long for a socket";
	strcpy(address.sun_path, p->path);
	p->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->fd < 0)
		return strerrordesc_np(errno);
	why = bind_to(p->fd, &address);
	if (why == NULL && (listen(p->fd, BACKLOG) != 0 || lstat(p->path, &st) != 0))
		why = strerrordesc_np(errno);
	if (why != NULL) {
		close(p->fd);
		return why;
	}
	p->dev = st.st_dev;
	p->ino = st.st_ino;
	return NULL;
}

hsm_rc front_socket(struct front *f, const char *path)
{
	struct place *p = calloc(1, sizeof(*p));
	const char *why;

	if (p == NULL)
		return HSM_E_MEMORY;
	p->path = path;
	why = listen_at(p);
	if (why != NULL) {
		log_say(LOG_ERROR, "%s: cannot listen there: %s", path, why);
		free(p);
		return HSM_E_IO;
	}
	p->next = f->places;
	f->places = p;
	log_say(LOG_INFO, "listening at %s", path);
	return front_spawn(f, accept_run, p);
}
