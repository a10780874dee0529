/* Secure messaging of a lane. A card has one channel; with several lanes in one process each lane
 * has its own (front ends use one lane). */
#ifndef TWINHSM_EMU_CORE_CHANNEL_H
#define TWINHSM_EMU_CORE_CHANNEL_H

#include "apdu/sm.h"
#include "apdu/smartcardhsm.h"
#include "base/buf.h"

struct emu_lane;

struct channel {
	bool chosen; /* MSE named the protocol: GENERAL AUTHENTICATE may follow */
	bool open;
	bool protected; /* the command being run came through the channel */
	bool ending;    /* it was the last one */
	bool has_next;  /* `next` takes over after the answer */
	struct sm sm, next;
	size_t ne;                 /* Le of the protected command */
	bool user_login, so_login; /* earned inside: they end with the channel */
	bool pka;                  /* a key has signed inside: as a login */
};

/* Receives a command: through the open channel when its class says so, with the plain data in
 * `room`; any other command ends the channel. HSM_E_SM_*: the channel has ended. */
HSM_MUST hsm_rc channel_receive(struct emu_lane *lane, struct buf *room, struct capdu *c);

/* Finishes the answer in `rsp` from `start` on with its status word, protected if the command was;
 * an agreed channel takes over. */
HSM_MUST hsm_rc channel_answer(struct emu_lane *lane, size_t start, uint16_t sw, struct wr *rsp);

/* Notes a login. One from inside the channel ends with it, unless it was asked to `stay`. */
void channel_login(struct emu_lane *lane, enum schsm_ref ref, bool stay);

/* The same for a registered key that has signed. */
void channel_pka(struct emu_lane *lane);

/* Keys of a channel that opens after the answer to the command being run. */
void channel_agree(struct emu_lane *lane, const struct sm *sm);

/* The channel ends after the answer to the command being run. */
void channel_last(struct emu_lane *lane);

/* Ends the channel now, and the logins that were earned in it. */
void channel_end(struct emu_lane *lane);

#endif
