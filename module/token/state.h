/* What the files of this folder share. */
#ifndef TWINHSM_TOKEN_STATE_H
#define TWINHSM_TOKEN_STATE_H

#include "base/lock.h"
#include "base/secret.h"
#include "token/source.h"

/* When a set of objects was loaded. */
struct load_mark {
	uint64_t content; /* of struct tp_epoch */
	uint64_t changes; /* of struct token */
};

enum { TOUCHED_MAX = 0x100 / 8, TOUCHED_ALL = 0x100 };

struct token {
	struct card *card;
	_Atomic uint64_t changes; /* made by this process, counted for carriers without an epoch */

	struct lock reload;        /* one reader of files at a time; guards the three below */
	unsigned long next_handle; /* even */
	struct sources sources;    /* what was read, and what is still to be */
	bool more;                 /* than the set has was read */
	struct lock lock;          /* guards what is below; held for a moment only */
	struct objset *set;        /* NULL until loaded */
	struct load_mark loaded;
	struct token_info info; /* as it was last, if info_known */
	struct load_mark info_mark;
	bool info_known;
	uint8_t touched[TOUCHED_MAX]; /* a bit for each number whose files this process changed */

	struct lock login; /* held across PIN commands; guards so_pin */
	_Atomic(enum token_user) who;
	_Atomic uint64_t security; /* of struct tp_epoch, at login */
	struct secret so_pin;      /* eight bytes while the SO is logged in */
};

/* ---- view.c ---- */

/* What is now, without a command. */
HSM_MUST hsm_rc token_mark(struct token *t, struct load_mark *out);
bool load_mark_same(struct load_mark a, struct load_mark b);

/* ---- change.c ---- */

/* A change of the card's files, made on one lane. */
typedef hsm_rc token_job(struct card_lane *lane, void *arg);

/* Runs a job so that others see and keep its changes as a whole; afterwards the files with the
 * number that is then in `*nn` are read anew. */
HSM_MUST hsm_rc token_change(struct token *t, token_job *job, void *arg, const uint8_t *nn);

/* Makes the next token_objects read files with this number anew, TOUCHED_ALL: all. */
void token_changed(struct token *t, unsigned nn);

/* A reference to the object of this kind with this value file; HSM_E_NO_FILE. */
HSM_MUST hsm_rc token_find(
        struct token *t, enum object_kind kind, uint16_t fid, struct object **out);

#endif
