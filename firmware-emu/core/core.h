/* The three objects at work: token file (image), powered chip (card), execution context (lane). */
#ifndef TWINHSM_EMU_CORE_CORE_H
#define TWINHSM_EMU_CORE_CORE_H

#include "apdu/chain.h"
#include "core/image.h"
#include "emu.h"
#include "store/store.h"

/* ---- token.c: one open token file in this process, shared by all cards on it ---- */

struct emu_token;

/* ---- card.c: one powered chip ---- */

struct emu_card {
	struct emu_token *token;
	struct lock lock; /* guards token_key and the pair of what and against which rev */
	_Atomic uint64_t
	        user_rev; /* rev of the PIN record the user login was earned against; 0: none */
	_Atomic uint64_t so_rev; /* the same for the SO */
	atomic_bool selected;    /* the applet is selected */
	struct secret token_key; /* opened by the last successful VERIFY */
};

/* ---- lane.c ---- */

/* A prepared private-key operation: everything but the input. */
struct emu_prepared {
	struct emu_key *key; /* counted */
	uint8_t alg;
	size_t input_n; /* for algorithms whose digest follows from the input length */
	EVP_PKEY_CTX *ctx;
};

struct emu_lane {
	struct emu_card *card;
	struct emu_image *image; /* counted; current as of the command being run */
	struct chain chain;
	uint16_t current_fid;              /* file selected or written last, 0: none */
	bool held;                         /* emu_lane_hold is on */
	bool in_txn;                       /* this lane has the write transaction */
	struct emu_prepared prepared[256]; /* by kid */
};

/* Makes lane->image current: a cheap look, a reload only when the file changed. */
HSM_MUST hsm_rc lane_sync(struct emu_lane *lane);

/* Is the user logged in on this card, against the PIN as it is now? */
bool lane_user(const struct emu_lane *lane);
bool lane_so(const struct emu_lane *lane);

/* ---- txn.c: changes ---- */

/* Begins a change: the token's write lock, the write transaction of the file, lane->image current
 * under it. Within a hold the transaction of the hold goes on. */
HSM_MUST hsm_rc txn_begin(struct emu_lane *lane, struct store **out);

/* Ends a change: on HSM_OK commits, durably, and publishes the new image; any other `rc` undoes it
 * (within a hold: only what this command did) and is returned. After it lane->image shows the
 * result. */
HSM_MUST hsm_rc txn_end(struct emu_lane *lane, hsm_rc rc);

/* ---- pins.c: try counters and the token key ---- */

/* Checks a PIN as the card does: counts the try durably, stretches and compares outside all locks,
 * then restores the counter. On success `token_key` is the opened token key. Otherwise
 * HSM_E_PIN_WRONG (`*tries` left; the one that reaches 0 is HSM_E_PIN_LOCKED), HSM_E_PIN_LOCKED,
 * HSM_E_PIN_UNSET. */
HSM_MUST hsm_rc pins_check(struct emu_lane *lane, enum schsm_ref ref, struct rd pin,
        struct secret *token_key, unsigned *tries);

/* Seals the token key under a new PIN into a fresh record with all tries; key stretching, so call
 * it outside a transaction. */
HSM_MUST hsm_rc pins_make(const struct emu_image *image, enum schsm_ref ref, struct rd pin,
        uint8_t tries, const struct secret *token_key, struct emu_pin *out);
void pins_done(struct emu_pin *pin);

/* ---- rc_sw.c ---- */

uint16_t rc_to_sw(hsm_rc rc);

#endif
