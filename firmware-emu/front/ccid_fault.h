/* What goes wrong with a CCID device when a test wants it to.
 *
 * A list "KIND@N" or "KIND=VALUE@N", separated by commas: the N-th message (from 1) of the bulk IN
 * endpoint since the device was made is not as it should be.
 *
 *   stall      the endpoint halts, the message is lost
 *   silence    the message is lost
 *   late       VALUE ms later than ready; 1000 without it
 *   seq        wrong bSeq
 *   truncate   only the first VALUE bytes; half of them without it
 *   oversize   VALUE more bytes than dwLength says; 300 without it
 *   double     twice
 *   lrc        the last byte is wrong; when it has data
 *   mute       bError FE instead
 *   wtx        before it, one more request for time: a time extension, or S(WTX) at the TPDU level
 *              as soon as a command of the card is done
 *   unplug     the device is gone at byte VALUE of the message (from 0, the default); behind it
 *              when it is shorter
 *   unplug-out the same with the N-th message of the bulk OUT endpoint */
#ifndef TWINHSM_EMU_FRONT_CCID_FAULT_H
#define TWINHSM_EMU_FRONT_CCID_FAULT_H

#include "base/rd.h"

struct ccid_faults;

/* `text` may be empty: the messages are counted all the same. HSM_E_BAD_DATA, HSM_E_MEMORY. */
HSM_MUST hsm_rc ccid_faults_parse(struct rd text, struct ccid_faults **out);
void ccid_faults_free(struct ccid_faults *f); /* accepts NULL */

/* How many messages went over the bulk endpoints, those that faults took included. */
unsigned ccid_faults_in(const struct ccid_faults *f);
unsigned ccid_faults_out(const struct ccid_faults *f);

/* How many faults have happened. */
unsigned ccid_faults_hit(const struct ccid_faults *f);

/* ---- for the device ---- */

enum ccid_fault_kind {
	CCID_FAULT_NONE,
	CCID_FAULT_STALL,
	CCID_FAULT_SILENCE,
	CCID_FAULT_LATE,
	CCID_FAULT_SEQ,
	CCID_FAULT_TRUNCATE,
	CCID_FAULT_OVERSIZE,
	CCID_FAULT_DOUBLE,
	CCID_FAULT_LRC,
	CCID_FAULT_MUTE,
	CCID_FAULT_WTX,
	CCID_FAULT_UNPLUG,
	CCID_FAULT_UNPLUG_OUT,
};

struct ccid_fault {
	enum ccid_fault_kind kind;
	uint32_t value; /* CCID_FAULT_DEFAULT: not given */
};

#define CCID_FAULT_DEFAULT UINT32_MAX

/* Counts a message and says what shall happen to it. `f` may be NULL. */
struct ccid_fault ccid_faults_next_in(struct ccid_faults *f);
struct ccid_fault ccid_faults_next_out(struct ccid_faults *f);

/* Shall there be a request for time before the next message of the bulk IN endpoint? True once for
 * each such fault that is due. */
bool ccid_faults_wtx(struct ccid_faults *f);

#endif
