#include "control.h"

#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { COMMAND = 4096, WORDS = 32 };

struct server {
	struct bus *bus;
	control_do *run;
};

static bool address(struct sockaddr_un *a)
{
	const char *folder = getenv("UMOCKDEV_DIR");
	int n;

	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	n = snprintf(a->sun_path, sizeof(a->sun_path), "%s/control", folder == NULL ? "" : folder);
	return folder != NULL && n < (int)sizeof(a->sun_path);
}

static bool send_all(int fd, const char *p, size_t n)
{
	while (n != 0) {
		ssize_t k = send(fd, p, n, MSG_NOSIGNAL);

		if (k <= 0)
			return false;
		p += k;
		n -= (size_t)k;
	}
	return true;
}

/* All until the other side has no more to say, with a terminator. */
static size_t receive_all(int fd, char *p, size_t cap)
{
	size_t n = 0;
	ssize_t k;

	while (n + 1 < cap && (k = recv(fd, p + n, cap - n - 1, 0)) > 0)
		n += (size_t)k;
	p[n] = '\0';
	return n;
}

static void serve_one(const struct server *s, int fd)
{
	char command[COMMAND], answer[1 + CONTROL_TEXT] = "", *words[WORDS + 1];
	size_t n = receive_all(fd, command, sizeof(command));
	int argc = 0;

	for (size_t at = 0; at < n && argc < WORDS; at += strlen(command + at) + 1)
		words[argc++] = command + at;
	words[argc] = NULL;
	answer[0] = s->run(s->bus, argc, words, answer + 1) ? '+' : '-';
	(void)send_all(fd, answer, strlen(answer));
}

static gboolean asked(gint listener, GIOCondition condition, gpointer arg)
{
	int fd = accept(listener, NULL, NULL);

	(void)condition;
	if (fd >= 0) {
		serve_one(arg, fd);
		close(fd);
	}
	return G_SOURCE_CONTINUE;
}

bool control_serve(struct bus *b, control_do *run)
{
	static struct server s;
	struct sockaddr_un a;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	s = (struct server){ b, run };
	if (fd < 0 || !address(&a) || bind(fd, (const struct sockaddr *)&a, sizeof(a)) != 0 ||
	        listen(fd, 8) != 0) {
		perror("mock_token: control socket");
		return false;
	}
	g_unix_fd_add(fd, G_IO_IN, asked, &s);
	return true;
}

bool control_tell(int argc, const char *const *argv, char *text)
{
	char answer[1 + CONTROL_TEXT] = "";
	struct sockaddr_un a;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool sent;

	sent = fd >= 0 && address(&a) && connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0;
	for (int i = 0; i < argc; i++)
		sent = sent && send_all(fd, argv[i], strlen(argv[i]) + 1);
	if (sent && shutdown(fd, SHUT_WR) == 0)
		(void)receive_all(fd, answer, sizeof(answer));
	else
		strcpy(answer, "-no bus there");
	if (fd >= 0)
		close(fd);
	strcpy(text, answer[0] == '\0' ? "" : answer + 1);
	return answer[0] == '+';
}
