/* What PC/SC says of readers to somebody who has no card open. */
#include <stdlib.h>
#include <string.h>

#include "transport/pcsc_lib.h"

/* ---- one reader ---- */

static hsm_rc find_state(const struct pcsc *p, const char *where, struct pcsc_reader_state *out)
{
	char reader[PCSC_NAME_MAX];

	TRY(pcsc_find(p, where, reader));
	return pcsc_state(p, reader, out);
}

hsm_rc pcsc_sight(const char *where, uint64_t *stamp)
{
	struct pcsc_reader_state state = { 0 };
	struct pcsc p;
	hsm_rc rc;

	TRY(pcsc_open(&p));
	rc = find_state(&p, where, &state);
	pcsc_close(&p);
	TRY(rc);
	*stamp = state.event >> PCSC_COUNT_SHIFT;
	return (state.event & PCSC_PRESENT) != 0 ? HSM_OK : HSM_E_NO_CARD;
}

/* libccid names readers "Nitrokey Nitrokey HSM (DENK0100123         ) 00 00": the last parenthesis
 * is the serial number of the device. */
static void serial_of(const char *reader, struct tp_usb_id *out)
{
	const char *begin = strrchr(reader, '('), *end = strrchr(reader, ')');
	size_t n;

	if (begin == NULL || end == NULL || end < begin)
		return;
	begin++;
	while (end > begin && end[-1] == ' ')
		end--;
	n = (size_t)(end - begin);
	if (n > TP_SERIAL_MAX)
		return;
	memcpy(out->serial, begin, n);
	out->serial[n] = '\0';
}

/* DDDDCCCC (PC/SC part 3, 3.1.3): for USB, DDDD is 0x20 and libccid puts bus and device after it.
 */
static void channel_of(const struct pcsc *p, long card, struct tp_usb_id *out)
{
	uint32_t channel = 0;
	unsigned long n = sizeof(channel);

	if (p->attribute(card, PCSC_ATTR_CHANNEL, (uint8_t *)&channel, &n) != 0 ||
	        n != sizeof(channel) || channel >> 16 != 0x20)
		return;
	out->bus = channel >> 8 & 0xFF;
	out->device = channel & 0xFF;
}

/* The reader itself is asked, without power for the card in it. */
static hsm_rc identify(const struct pcsc *p, const char *where, struct tp_usb_id *out)
{
	char reader[PCSC_NAME_MAX];
	unsigned long protocol = 0;
	long card;

	TRY(pcsc_find(p, where, reader));
	serial_of(reader, out);
	if (p->connect(p->context, reader, PCSC_DIRECT, 0, &card, &protocol) == 0) {
		channel_of(p, card, out);
		(void)p->disconnect(card, PCSC_LEAVE_CARD);
	}
	return out->serial[0] == '\0' && out->bus == 0 ? HSM_E_UNSUPPORTED : HSM_OK;
}

hsm_rc pcsc_usb_id(const char *where, struct tp_usb_id *out)
{
	struct pcsc p;
	hsm_rc rc;

	TRY(pcsc_open(&p));
	rc = identify(&p, where, out);
	pcsc_close(&p);
	return rc;
}

/* ---- all readers ---- */

struct watch {
	struct tp_watch w;
	struct pcsc pcsc;
	bool open;
	bool told;      /* the first answer was given */
	uint64_t state; /* of all readers, digested; 0: no service */
};

static void add_bytes(uint64_t *hash, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < n; i++)
		*hash = (*hash ^ p[i]) * 0x100000001B3; /* FNV-1a */
}

static hsm_rc add_reader(void *arg, const struct pcsc_reader_state *state)
{
	const unsigned long what[] = { state->event & PCSC_PRESENT,
		state->event >> PCSC_COUNT_SHIFT };

	add_bytes(arg, state->reader, strlen(state->reader) + 1);
	add_bytes(arg, what, sizeof(what));
	return HSM_OK;
}

static void watch_end(struct watch *w)
{
	if (w->open)
		pcsc_close(&w->pcsc);
	w->open = false;
}

static uint64_t state_now(struct watch *w)
{
	uint64_t hash = 0xCBF29CE484222325;

	if (!w->open && pcsc_runs())
		w->open = pcsc_open(&w->pcsc) == HSM_OK;
	if (!w->open)
		return 0;
	if (pcsc_each(&w->pcsc, add_reader, &hash) == HSM_OK)
		return hash;
	watch_end(w);
	return 0;
}

hsm_rc pcsc_watch(bool wake, struct tp_watch **out)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return HSM_E_MEMORY;
	w->w.ops = &tp_pcsc;
	if (wake)
		w->open = pcsc_open(&w->pcsc) == HSM_OK;
	*out = &w->w;
	return HSM_OK;
}

bool pcsc_changed(struct tp_watch *watch)
{
	struct watch *w = (struct watch *)watch;
	uint64_t now = state_now(w);
	bool changed = !w->told || now != w->state;

	w->told = true;
	w->state = now;
	return changed;
}

void pcsc_unwatch(struct tp_watch *w)
{
	watch_end((struct watch *)w);
	free(w);
}
