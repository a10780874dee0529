/* libpcsclite, loaded when it is asked for: the functions of winscard.h that we use, with the types
 * they have in pcsc-lite on Linux (LONG is long, DWORD is unsigned long). */
#ifndef TWINHSM_TRANSPORT_PCSC_LIB_H
#define TWINHSM_TRANSPORT_PCSC_LIB_H

#include "transport/transport.h"

enum {
	PCSC_ATR_MAX = 33,
	PCSC_NAME_MAX = 128, /* of a reader, with its zero byte */
	PCSC_ANSWER_MAX = 4 + 3 + (1 << 16) + 3 + 2,
	PCSC_SHARED = 2,
	PCSC_DIRECT = 3,
	PCSC_T1 = 2,
	PCSC_LEAVE_CARD = 0,
	PCSC_SCOPE_SYSTEM = 2,
	PCSC_PRESENT = 0x20,           /* state: a card is in the reader */
	PCSC_COUNT_SHIFT = 16,         /* state: above it, how many cards came and went */
	PCSC_ATTR_CHANNEL = 0x00020110 /* where the reader is connected */
};

struct pcsc_pci {
	unsigned long protocol, size;
};

struct pcsc_reader_state {
	const char *reader;
	void *user_data;
	unsigned long current, event;
	unsigned long atr_n;
	uint8_t atr[PCSC_ATR_MAX];
};

/* A connection to the service. */
struct pcsc {
	void *library;
	long context;

	long (*establish)(unsigned long scope, const void *, const void *, long *context);
	long (*release)(long context);
	long (*list)(long context, const char *groups, char *names, unsigned long *n);
	long (*changed)(
	        long context, unsigned long timeout, struct pcsc_reader_state *, unsigned long n);
	long (*connect)(long context, const char *reader, unsigned long share,
	        unsigned long protocols, long *card, unsigned long *protocol);
	long (*reconnect)(long card, unsigned long share, unsigned long protocols,
	        unsigned long initialization, unsigned long *protocol);
	long (*disconnect)(long card, unsigned long disposition);
	long (*begin)(long card);
	long (*end)(long card, unsigned long disposition);
	long (*transmit)(long card, const struct pcsc_pci *, const uint8_t *cmd,
	        unsigned long cmd_n, struct pcsc_pci *, uint8_t *rsp, unsigned long *rsp_n);
	long (*attribute)(long card, unsigned long id, uint8_t *out, unsigned long *n);
};

/* Loads the library and connects. HSM_E_NO_PCSC, HSM_E_PCSC_DOWN, HSM_E_PCSC_DENIED. */
HSM_MUST hsm_rc pcsc_open(struct pcsc *p);
void pcsc_close(struct pcsc *p);

/* The outcome of a call of `function`; failures are logged by their number. */
HSM_MUST hsm_rc pcsc_outcome(const char *function, long result);

/* ---- pcsc_readers.c ---- */

/* The whole name of the reader called `name`, or the only one that contains it. HSM_E_NO_READER,
 * HSM_E_READERS. */
HSM_MUST hsm_rc pcsc_find(const struct pcsc *p, const char *name, char out[PCSC_NAME_MAX]);

/* The state of a reader. */
HSM_MUST hsm_rc pcsc_state(const struct pcsc *p, const char *reader, struct pcsc_reader_state *out);

/* Calls `visit` with the state of each reader, until it fails. */
HSM_MUST hsm_rc pcsc_each(const struct pcsc *p,
        hsm_rc (*visit)(void *arg, const struct pcsc_reader_state *state), void *arg);

/* Does the service run, whoever started it? */
bool pcsc_runs(void);

/* tp_ops.list */
HSM_MUST hsm_rc pcsc_list(bool wake, tp_found *found, void *arg);

/* ---- pcsc_watch.c: tp_ops of these names ---- */

HSM_MUST hsm_rc pcsc_sight(const char *where, uint64_t *stamp);
HSM_MUST hsm_rc pcsc_usb_id(const char *where, struct tp_usb_id *out);
HSM_MUST hsm_rc pcsc_watch(bool wake, struct tp_watch **out);
bool pcsc_changed(struct tp_watch *w);
void pcsc_unwatch(struct tp_watch *w);

#endif
