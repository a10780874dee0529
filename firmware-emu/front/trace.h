/* A record of commands and answers as a golden transcript: "> command", "< answer" in hex, "XX" for
 * a byte that could be of a PIN, a key or a share; "! session N" says whose what follows is, and
 * "! reset" that this one's card was reset. */
#ifndef TWINHSM_EMU_FRONT_TRACE_H
#define TWINHSM_EMU_FRONT_TRACE_H

#include "base/rd.h"

struct trace;

/* What one session tells its trace about itself. */
struct trace_from {
	unsigned session;
	uint16_t fid; /* the file that is current, as far as it matters for secrets */
	bool used;    /* there was a command since the last reset */
};

/* Makes the file, or empties it. HSM_E_IO with errno set; HSM_E_MEMORY. */
HSM_MUST hsm_rc trace_open(const char *path, struct trace **out);
void trace_close(struct trace *t); /* accepts NULL */

/* One command and its answer; `t` may be NULL. Writers may come from several threads. */
void trace_put(struct trace *t, struct trace_from *from, struct rd cmd, struct rd rsp);
void trace_reset(struct trace *t, struct trace_from *from);

/* Header, lengths and status word at LOG_TRACE; `name` says whose command it is. */
void trace_say(const char *name, struct rd cmd, struct rd rsp);

#endif
