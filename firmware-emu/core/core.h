/* The three objects at work: token file (image), powered chip (card), execution context (lane). */
#ifndef TWINHSM_EMU_CORE_CORE_H
#define TWINHSM_EMU_CORE_CORE_H

#include "apdu/chain.h"
#include "core/channel.h"
#include "core/image.h"
#include "core/pka.h"
#include "core/trust.h"
#include "emu.h"
#include "store/store.h"

/* ---- token.c: one open token file in this process, shared by all cards on it ---- */

struct emu_token;

/* The open token of a file, counted. Outcomes as emu_open. */
HSM_MUST hsm_rc emu_token_open(const char *path, struct emu_token **out);

/* A token of its own in memory. */
HSM_MUST hsm_rc token_memory(const struct store_factory *f, struct emu_token **out);

/* A token of its own in memory, that begins as the file with these bytes. As emu_open_bytes. */
HSM_MUST hsm_rc token_open_bytes(struct rd bytes, struct emu_token **out);
HSM_MUST hsm_rc token_bytes(struct emu_token *t, struct buf *out); /* as emu_bytes */
void emu_token_close(struct emu_token *t); /* drops one reference; accepts NULL */

/* The image of the file as it is now, counted: the published one unless the file has changed. */
HSM_MUST hsm_rc token_image(struct emu_token *t, struct emu_image **out);

/* What was read last, counted: committed, but perhaps no longer current. */
struct emu_image *token_published(struct emu_token *t);

/* emu_epoch of the file as it is now. */
HSM_MUST hsm_rc token_epoch(struct emu_token *t, uint64_t *content, uint64_t *security);

/* Is this generation still that of the file? Without locks. */
HSM_MUST hsm_rc token_current(struct emu_token *t, uint32_t generation, bool *out);

/* Takes the only right of this process to use the store, with no transaction open; waits for it
 * some seconds, then HSM_E_TOKEN_BUSY. */
HSM_MUST hsm_rc token_enter(struct emu_token *t, struct store **out);
void token_leave(struct emu_token *t);

/* Reads the store and publishes what it says. The caller has entered. `base` (may be NULL): an
 * image that shares more with the file than the published one. */
HSM_MUST hsm_rc token_reload(
        struct emu_token *t, const struct emu_image *base, struct emu_image **out);

/* As token_reload, but nothing is published: for what a transaction has not committed yet. */
HSM_MUST hsm_rc token_load(
        struct emu_token *t, const struct emu_image *base, struct emu_image **out);

/* In a forked child: see emu_forget. */
void token_forget_all(void);

/* ---- card.c: one powered chip ---- */

enum { SESSION_PIN_LEN = 12 };

/* What can be given instead of the user PIN: in the memory of the powered card only. */
struct session_pin {
	struct secret pin; /* empty: there is none */
	struct secret token_key;
	uint64_t rev; /* of the PIN record that it stands for */
	bool stays;   /* a reset does not clear it */
};

struct emu_card {
	struct emu_token *token;
	struct lock lock;          /* guards token_key and the pair of what and against which rev */
	_Atomic uint64_t user_rev; /* rev of the PIN record the login was earned against; 0: none */
	_Atomic uint64_t so_rev;   /* the same for the SO */
	/* By number: rev of a registered key when its holder has signed; 0: has not. */
	_Atomic uint64_t pka_revs[PKA_KEYS_MAX];
	atomic_uint pka_round; /* a challenge from another round is void */
	atomic_bool selected;  /* the applet is selected */
	atomic_uint resets;    /* lanes forget what they were doing when this changed */
	struct secret token_key GUARDED_BY(lock); /* opened by the last login */
	struct session_pin session GUARDED_BY(lock);
};

/* Logs in, against the PIN record with this rev. */
void card_login(struct emu_card *card, enum schsm_ref ref, uint64_t rev, const struct secret *key);
void card_drop(struct emu_card *card, enum schsm_ref ref); /* logs that one out */
void card_logout_all(struct emu_card *card);               /* logs everybody out */

/* The holder of a registered key has signed; card_drop_pka: none of them has. */
void card_pka_signed(struct emu_card *card, uint8_t number, uint64_t rev);
void card_drop_pka(struct emu_card *card);

/* The token key, when a login does not open it itself. */
void card_give_key(struct emu_card *card, const struct secret *key);

/* A copy of the opened token key; HSM_E_NOT_AUTH when nobody is logged in. */
HSM_MUST hsm_rc card_token_key(struct emu_card *card, struct secret *out);

/* ---- session_pin.c ---- */

/* Makes a session PIN for the user who is logged in with the PIN, in the place of an earlier one.
 * HSM_E_NOT_AUTH. */
HSM_MUST hsm_rc session_pin_make(struct emu_lane *lane, bool stays, struct secret *out);

/* Is this the session PIN that stands for the PIN record with this rev? Then the token key. */
HSM_MUST bool session_pin_opens(
        struct emu_card *card, uint64_t rev, struct rd pin, struct secret *token_key);

void session_pin_clear(struct emu_card *card);
void session_pin_reset(struct emu_card *card); /* clears one that does not stay */

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
	struct channel channel;
	struct trust trust;
	struct pka pka;
	unsigned resets;                   /* card->resets as of the last command */
	uint16_t current_fid;              /* file selected or written last, 0: none */
	bool held;                         /* emu_lane_hold is on */
	bool in_txn;                       /* this lane has the write transaction */
	struct store *store;               /* with in_txn: borrowed from the token */
	struct emu_prepared prepared[256]; /* by kid */
};

HSM_MUST hsm_rc lane_new(struct emu_card *card, struct emu_lane **out);
void lane_free(struct emu_lane *lane); /* commits a hold; the prepared operations are gone by now */

/* Makes lane->image current: a cheap look, a reload only when the file changed. */
HSM_MUST hsm_rc lane_sync(struct emu_lane *lane);

/* Is the user logged in on this card, against PIN and registered keys as they are now? */
bool lane_user(const struct emu_lane *lane);
bool lane_so(const struct emu_lane *lane);

/* A number that is another one when INITIALIZE DEVICE has replaced the token key. */
uint64_t lane_token(const struct emu_lane *lane);

/* ---- txn.c: changes ---- */

/* Begins a change: the token's write lock, the write transaction of the file, lane->image current
 * under it. Within a hold the transaction of the hold goes on. */
HSM_MUST hsm_rc txn_begin(struct emu_lane *lane, struct store **out);

/* Ends a change: on HSM_OK commits, durably, and publishes the new image; any other `rc` undoes it
 * (within a hold: only what this command did) and is returned. After it lane->image shows the
 * result. */
HSM_MUST hsm_rc txn_end(struct emu_lane *lane, hsm_rc rc);

/* Commits what a hold has gathered so far; the hold stays on. */
HSM_MUST hsm_rc txn_flush(struct emu_lane *lane);

/* ---- uses.c: key use counters ---- */

/* Takes one of the uses that are left of a key with a use counter: the process leases some of them
 * at a time from the file, durably, so that a crash can only lose uses. May commit a hold. The key
 * is the one of lane->image before and, on HSM_OK, after. HSM_E_USED_UP; HSM_E_NOT_AUTH and
 * HSM_E_NO_REF when login or key went away meanwhile. */
HSM_MUST hsm_rc uses_take(struct emu_lane *lane, struct emu_key *key);

/* Counts one use of a key; called when nothing but the operation itself is left to do. */
HSM_MUST static inline hsm_rc uses_count(struct emu_lane *lane, struct emu_key *key)
{
	return key->meta.uses == 0 ? HSM_OK : uses_take(lane, key);
}

/* Uses of a key that are left to this process. */
uint32_t uses_left(const struct emu_image *image, const struct emu_key *key);

/* Writes back what was leased and not used; for a token that nobody uses any more. */
void uses_give_back(struct emu_token *t);

/* ---- pins.c: try counters and the token key ---- */

/* What a right PIN opens. */
struct pin_opened {
	uint64_t rev; /* of the PIN record */
	struct secret token_key;
};
void pin_opened_wipe(struct pin_opened *o);
#define AUTO_PIN_OPENED __attribute__((cleanup(pin_opened_wipe))) struct pin_opened

/* Checks a PIN as the card does: counts the try durably, stretches and compares outside all locks,
 * then restores the counter. A hold is committed first, so that the count cannot be undone.
 * Otherwise HSM_E_PIN_WRONG (`*tries` left; the one that reaches 0 is HSM_E_PIN_LOCKED),
 * HSM_E_PIN_LOCKED, HSM_E_PIN_UNSET; the card's login with that PIN is then dropped. */
HSM_MUST hsm_rc pins_check(struct emu_lane *lane, enum schsm_ref ref, struct rd pin,
        struct pin_opened *out, unsigned *tries);

/* The same for a login, where the session PIN counts as the user PIN. */
HSM_MUST hsm_rc pins_check_login(struct emu_lane *lane, enum schsm_ref ref, struct rd pin,
        struct pin_opened *out, unsigned *tries);

/* Is this a length the PIN may have? HSM_E_PIN_LEN. */
HSM_MUST hsm_rc pins_length(enum schsm_ref ref, size_t n);

/* Waits a moment for tries that are being checked elsewhere when none are left: the right PIN
 * given by many at once must not look locked. Makes lane->image current. */
HSM_MUST hsm_rc pins_settle(struct emu_lane *lane, enum schsm_ref ref);

/* Seals the token key under a new PIN into a fresh record with all tries; key stretching, so call
 * it outside a transaction. */
HSM_MUST hsm_rc pins_make(const struct emu_image *image, enum schsm_ref ref, struct rd pin,
        uint8_t tries, const struct secret *token_key, struct emu_pin *out);
void pins_done(struct emu_pin *pin);

/* ---- rc_sw.c ---- */

uint16_t rc_to_sw(hsm_rc rc);

#endif
