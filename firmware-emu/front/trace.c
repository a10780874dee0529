#include "front/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "apdu/capdu.h"
#include "base/lock.h"
#include "base/log.h"
#include "front/secrets.h"

enum { OWNER_ONLY = 0600, HEADER_N = 4, SW_N = 2 };

struct trace {
	struct lock lock;
	FILE *file;
	unsigned session; /* whose the last line was */
};

hsm_rc trace_open(const char *path, struct trace **out)
{
	struct trace *t = calloc(1, sizeof(*t));
	int fd;

	if (t == NULL)
		return HSM_E_MEMORY;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, OWNER_ONLY);
	t->file = fd < 0 ? NULL : fdopen(fd, "w");
	if (t->file == NULL) {
		if (fd >= 0)
			close(fd);
		free(t);
		return HSM_E_IO;
	}
	lock_init(&t->lock);
	*out = t;
	return HSM_OK;
}

void trace_close(struct trace *t)
{
	if (t == NULL)
		return;
	fclose(t->file);
	lock_done(&t->lock);
	free(t);
}

/* Writes a line; the bytes from `from` up to `to` are blanked. */
static void put_line(struct trace *t, char mark, struct rd bytes, size_t from, size_t to)
{
	fprintf(t->file, "%c ", mark);
	for (size_t i = 0; i < bytes.n; i++) {
		if (i >= from && i < to)
			fputs("XX", t->file);
		else
			fprintf(t->file, "%02X", bytes.p[i]);
	}
	fputc('\n', t->file);
}

static void put_session(struct trace *t, const struct trace_from *from)
{
	if (t->session != from->session)
		fprintf(t->file, "! session %u\n", from->session);
	t->session = from->session;
}

void trace_put(struct trace *t, struct trace_from *from, struct rd cmd, struct rd rsp)
{
	struct capdu c = { 0 };
	bool blank_cmd = true, blank_rsp = true;
	size_t begin = HEADER_N, end = cmd.n;

	if (t == NULL)
		return;
	from->used = true;
	if (capdu_parse(cmd, &c) == HSM_OK) {
		secrets_in(&c, rsp, &from->fid, &blank_cmd, &blank_rsp);
		begin = c.data.n == 0 ? 0 : (size_t)(c.data.p - cmd.p);
		end = begin + c.data.n;
	}
	lock(&t->lock);
	put_session(t, from);
	put_line(t, '>', cmd, begin, blank_cmd ? end : 0);
	put_line(t, '<', rsp, 0, blank_rsp && rsp.n > SW_N ? rsp.n - SW_N : 0);
	fflush(t->file);
	unlock(&t->lock);
}

void trace_reset(struct trace *t, struct trace_from *from)
{
	if (t == NULL || !from->used)
		return;
	from->used = false;
	lock(&t->lock);
	put_session(t, from);
	fputs("! reset\n", t->file);
	fflush(t->file);
	unlock(&t->lock);
}

void trace_say(const char *name, struct rd cmd, struct rd rsp)
{
	struct capdu c = { 0 };
	const unsigned sw = rsp.n < 2 ? 0 : (unsigned)(rsp.p[rsp.n - 2] << 8 | rsp.p[rsp.n - 1]);

	if (!log_on(LOG_TRACE))
		return;
	if (capdu_parse(cmd, &c) != HSM_OK)
		log_say(LOG_TRACE, "%s: no command, %zu bytes: %04X", name, cmd.n, sw);
	else
		log_say(LOG_TRACE, "%s: %02X %02X %02X %02X Lc %zu Le %zu: %zu bytes, %04X", name,
		        c.cla, c.ins, c.p1, c.p2, c.data.n, c.ne, rsp.n - 2, sw);
}
