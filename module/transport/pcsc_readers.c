/* Which readers there are, and which of them hold a SmartCard-HSM. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "transport/pcsc_lib.h"

#define PID_FILE "/run/pcscd/pcscd.pid"

enum { NAMES_MAX = 64 * PCSC_NAME_MAX };

/* Zero-terminated names, one after the other; an empty one ends them. */
struct names {
	char text[NAMES_MAX];
	struct rd rest;
};

static hsm_rc names_get(const struct pcsc *p, struct names *out)
{
	unsigned long n = sizeof(out->text);

	TRY(pcsc_outcome("SCardListReaders", p->list(p->context, NULL, out->text, &n)));
	if (n > sizeof(out->text))
		return HSM_E_IO;
	out->rest = rd_of(out->text, n);
	return HSM_OK;
}

/* NULL after the last one. Names too long for a reader are passed over. */
static const char *names_next(struct names *names)
{
	struct rd name, zero;
	const uint8_t *end;

	do {
		end = names->rest.n == 0 ? NULL : memchr(names->rest.p, '\0', names->rest.n);
		if (end == NULL || end == names->rest.p ||
		        !rd_take(&names->rest, (size_t)(end - names->rest.p), &name) ||
		        !rd_take(&names->rest, 1, &zero))
			return NULL;
	} while (name.n >= PCSC_NAME_MAX);
	return (const char *)name.p;
}

hsm_rc pcsc_find(const struct pcsc *p, const char *name, char out[PCSC_NAME_MAX])
{
	struct names names;
	const char *reader;
	unsigned found = 0;

	TRY(names_get(p, &names));
	while ((reader = names_next(&names)) != NULL) {
		if (strstr(reader, name) == NULL)
			continue;
		strcpy(out, reader);
		if (strcmp(reader, name) == 0)
			return HSM_OK;
		found++;
	}
	if (found > 1)
		return HSM_E_READERS;
	return found == 1 ? HSM_OK : HSM_E_NO_READER;
}

/* Issuer data of a SmartCard-HSM in the historical bytes, after its compact-TLV header. */
static bool is_smartcard_hsm(const struct pcsc_reader_state *state)
{
	static const char issuer[] = { 0x54, 'H', 'S', 'M', '1' };

	return state->atr_n <= sizeof(state->atr) &&
	       memmem(state->atr, state->atr_n, issuer, sizeof(issuer)) != NULL;
}

hsm_rc pcsc_state(const struct pcsc *p, const char *reader, struct pcsc_reader_state *out)
{
	*out = (struct pcsc_reader_state){ .reader = reader };
	return pcsc_outcome("SCardGetStatusChange", p->changed(p->context, 0, out, 1));
}

hsm_rc pcsc_each(const struct pcsc *p,
        hsm_rc (*visit)(void *arg, const struct pcsc_reader_state *state), void *arg)
{
	struct names names;
	const char *reader;
	hsm_rc rc = names_get(p, &names);

	if (rc == HSM_E_NO_READER)
		return HSM_OK;
	TRY(rc);
	while ((reader = names_next(&names)) != NULL) {
		struct pcsc_reader_state state;

		if (pcsc_state(p, reader, &state) == HSM_OK)
			TRY(visit(arg, &state));
	}
	return HSM_OK;
}

struct finder {
	tp_found *found;
	void *arg;
};

static hsm_rc list_one(void *arg, const struct pcsc_reader_state *state)
{
	struct finder *f = arg;

	return is_smartcard_hsm(state) ? f->found(f->arg, state->reader) : HSM_OK;
}

/* Is there a process of this number? */
static bool lives(const char *pid_file)
{
	FILE *f = fopen(pid_file, "re");
	long pid = 0;
	bool known;

	if (f == NULL)
		return false;
	known = fscanf(f, "%ld", &pid) == 1 && pid > 0;
	fclose(f);
	return known && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

/* Without connecting to it, for systemd would start it then. */
bool pcsc_runs(void)
{
	const char *own = secure_getenv("PCSCLITE_CSOCK_NAME");

	return own != NULL ? access(own, F_OK) == 0 : lives(PID_FILE);
}

hsm_rc pcsc_list(bool wake, tp_found *found, void *arg)
{
	struct finder f = { found, arg };
	struct pcsc p;
	hsm_rc rc;

	if (!wake && !pcsc_runs())
		return HSM_E_PCSC_DOWN;
	TRY(pcsc_open(&p));
	rc = pcsc_each(&p, list_one, &f);
	pcsc_close(&p);
	return rc;
}
