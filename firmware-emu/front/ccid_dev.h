/* The twin as a USB device without a bus: what a host sends goes in, what the device has for it
 * comes out. Front ends (USB/IP, a simulated bus in tests) move the bytes.
 *
 * A transfer is what a host asks for, not a packet: an IN transfer ends with a packet shorter than
 * the endpoint's, or when its room is used up. All functions may be called from any thread. */
#ifndef TWINHSM_EMU_FRONT_CCID_DEV_H
#define TWINHSM_EMU_FRONT_CCID_DEV_H

#include "base/wr.h"

struct ccid_dev;
struct ccid_faults; /* front/ccid_fault.h */
struct trace;       /* front/trace.h */

enum ccid_dev_model {
	CCID_DEV_NITROKEY, /* Nitrokey HSM, 20a0:4230: TPDU level, CCID on interface 1 */
	CCID_DEV_STICK,    /* SmartCard-HSM stick, 04e6:5817: extended APDU level */
};

struct ccid_dev_setup {
	const char *token; /* path of the token file, borrowed for the call */
	enum ccid_dev_model model;
	struct ccid_faults *faults; /* borrowed; NULL: none */
	struct trace *trace;        /* borrowed; NULL: none */
	unsigned session;           /* its number there, from 1 */
	/* After how long a command at work asks for more time, in ms; 0: half the block waiting
	 * time of the card's ATR. */
	unsigned pace_ms;
	/* No threads: a transfer that brings a command ends when the card has done it, time is
	 * never asked for, and what is late never comes. For one thread at a time. */
	bool in_step;
	/* An IN endpoint may have something now, or the device is gone. Called without a lock, from
	 * any thread; must not call back into the device. */
	void (*ready)(void *arg);
	void *arg;
};

/* How a transfer ends. */
enum ccid_dev_status {
	CCID_DEV_OK,
	CCID_DEV_NOT_YET,  /* IN: nothing there; ask again after `ready` */
	CCID_DEV_STALL,    /* until clear halt, for endpoints other than 0 */
	CCID_DEV_OVERFLOW, /* IN: a packet did not fit into the room */
	CCID_DEV_GONE,     /* unplugged */
};

/* Opens the token and plugs the device in; the card has no power yet. ":memory:" is a card that
 * goes with the device. Outcomes of emu_open. */
HSM_MUST hsm_rc ccid_dev_new(const struct ccid_dev_setup *setup, struct ccid_dev **out);

/* Waits for a command at work. Accepts NULL. */
void ccid_dev_free(struct ccid_dev *d);

/* A control transfer with its setup packet (USB 2.0, 9.3): `out` is the data stage of the host,
 * `in` takes that of the device, at most wLength bytes. Standard requests, the class requests of
 * CCID, CLEAR_FEATURE(ENDPOINT_HALT), SET_CONFIGURATION, SET_INTERFACE. Never CCID_DEV_NOT_YET. */
enum ccid_dev_status ccid_dev_control(
        struct ccid_dev *d, const uint8_t setup[8], struct rd out, struct wr *in);

/* An OUT transfer; `ep` is the address of the endpoint. Never CCID_DEV_NOT_YET: what the device
 * cannot do before its last answer was read waits in it, and the endpoint halts after eight such
 * messages. */
enum ccid_dev_status ccid_dev_out(struct ccid_dev *d, uint8_t ep, struct rd data);

/* An IN transfer into the whole room of `w`; `ep` has its direction bit, 0x80. */
enum ccid_dev_status ccid_dev_in(struct ccid_dev *d, uint8_t ep, struct wr *w);

/* As after a port reset: unconfigured, the card without power. */
void ccid_dev_reset(struct ccid_dev *d);

/* Waits until the card works on nothing. An answer that a fault delays may still be to come. */
void ccid_dev_settle(struct ccid_dev *d);

/* Pulls the device out: all that follows is CCID_DEV_GONE. */
void ccid_dev_unplug(struct ccid_dev *d);

/* Has it been pulled out? */
bool ccid_dev_gone(struct ccid_dev *d);

/* What a bus needs to know of it. The bytes live as long as the device. */
struct ccid_dev_facts {
	uint16_t vid, pid, bcd;
	struct rd device;        /* descriptor, 18 bytes */
	struct rd configuration; /* descriptor with all that belongs to it */
	const char *serial;
};
const struct ccid_dev_facts *ccid_dev_facts(const struct ccid_dev *d);

#endif
