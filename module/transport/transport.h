/* The seam between commands and whatever carries them. A carrier moves bytes and never looks
 * inside an APDU. Legal order: open, lane, xfer any number of times, lane_close, close. Calls on
 * different lanes may run side by side; one lane belongs to one thread at a time. */
#ifndef TWINHSM_TRANSPORT_TRANSPORT_H
#define TWINHSM_TRANSPORT_TRANSPORT_H

#include "base/wr.h"

struct tp;
struct tp_lane;

/* What a cheap look, without a command, can tell. Both numbers only ever change, they mean nothing
 * else; carriers that cannot know leave them 0. */
struct tp_epoch {
	uint64_t content;  /* changes when files or keys changed, whoever did it */
	uint64_t security; /* changes when a login earned before is void: new PIN, new token */
};

/* Called with what stands after "scheme:" in the address of a card, borrowed. */
typedef hsm_rc tp_found(void *arg, const char *where);

enum { TP_SERIAL_MAX = 64 };

/* The USB device behind a card: what it takes to see that two carriers show the same one. */
struct tp_usb_id {
	unsigned bus, device; /* as lsusb numbers them; 0: not known */
	char serial[TP_SERIAL_MAX +
	            1]; /* iSerialNumber without blanks at its ends; "": not known */
};

/* Notices that cards of a carrier may have come or gone. One thread at a time. */
struct tp_watch {
	const struct tp_ops *ops;
};

struct tp_ops {
	const char *scheme; /* "emu": the word before the colon of a card's address */

	/* Powers the card up. HSM_E_TOKEN_* and HSM_E_GONE say why not. */
	hsm_rc (*open)(const char *where, struct tp **out);

	/* Another execution context; never more than tp->lanes_max. */
	hsm_rc (*lane)(struct tp *tp, struct tp_lane **out);
	void (*lane_close)(struct tp_lane *lane);

	/* One command, one answer. Fails only when the bytes could not be carried. HSM_E_RESET:
	 * another program reset the card before it took the command; told once, and the epoch has
	 * changed. HSM_E_GONE is for good. */
	hsm_rc (*xfer)(struct tp_lane *lane, struct rd cmd, struct wr *rsp);

	/* Between on and off nobody else's command gets in between those of this lane, and what
	 * they change becomes durable and visible as a whole. The outcome of off is that of making
	 * it durable. */
	hsm_rc (*hold)(struct tp_lane *lane, bool on);

	hsm_rc (*look)(struct tp *tp, struct tp_epoch *out);

	/* Powers down. All lanes are closed before. */
	void (*close)(struct tp *tp);

	/* In a forked child: forgets everything the parent had open without touching it. */
	void (*forget)(void);

	/* The SmartCard-HSMs that are there now, without a command to any; ends with the first
	 * outcome of `found` that is not HSM_OK. Without `wake`, nothing is started for that, and
	 * the outcome is not HSM_OK when something would have to be. NULL: cannot tell. */
	hsm_rc (*list)(bool wake, tp_found *found, void *arg);

	/* What is at `where` now, without a command and without powering it: HSM_OK and a number
	 * that is another one for another card, and for the same card put in again; else why a card
	 * there cannot be used now, as `open` would say. Cards that this process has open are
	 * there. NULL: only `open` tells. */
	hsm_rc (*sight)(const char *where, uint64_t *stamp);

	/* Is the card still there? No command, but it may ask the system, unlike look. HSM_E_GONE
	 * is for good. May run beside xfer of another thread, and does not wait for it. NULL: look.
	 */
	hsm_rc (*present)(struct tp *tp);

	/* HSM_E_UNSUPPORTED when there is no USB device behind `where`, or it cannot be told. Asked
	 * of what `list` found. NULL: never. */
	hsm_rc (*usb_id)(const char *where, struct tp_usb_id *out);

	/* Opens what noticing costs; `wake` as for list. `changed`: may what list and sight tell be
	 * other than at the call before? It is cheap and asked several times a second; the first
	 * answer is true. NULL: it may at any time, and finding out is cheap. */
	hsm_rc (*watch)(bool wake, struct tp_watch **out);
	bool (*changed)(struct tp_watch *w);
	void (*unwatch)(struct tp_watch *w);
};

/* First member of every carrier's own struct. */
struct tp {
	const struct tp_ops *ops;
	unsigned lanes_max; /* a real card has one */
	size_t command_max; /* longest command the carrier takes, bytes */
};

struct tp_lane {
	struct tp *tp;
};

/* Opens "scheme:where". HSM_E_BAD_CONFIG when the scheme is unknown. */
HSM_MUST hsm_rc tp_open(const char *address, struct tp **out);

/* tp_ops.list of a scheme. HSM_E_BAD_CONFIG when the scheme is unknown or cannot tell. */
HSM_MUST hsm_rc tp_list(const char *scheme, bool wake, tp_found *found, void *arg);

/* tp_ops.sight of an address. HSM_OK with stamp 0 when the carrier cannot tell. */
HSM_MUST hsm_rc tp_sight(const char *address, uint64_t *stamp);

/* tp_ops.present of an open carrier. */
HSM_MUST hsm_rc tp_present(struct tp *tp);

/* tp_ops.usb_id of an address. HSM_E_UNSUPPORTED. */
HSM_MUST hsm_rc tp_usb_id(const char *address, struct tp_usb_id *out);

/* tp_ops.watch of a scheme; `*out` is NULL when the carrier needs none. */
HSM_MUST hsm_rc tp_watch(const char *scheme, bool wake, struct tp_watch **out);

/* In a forked child: forgets what the parent had open, and the parent's OpenSSL context, without
 * touching either. */
void tp_forget(void);

extern const struct tp_ops tp_emu, tp_unix, tp_usb, tp_pcsc;

#endif
