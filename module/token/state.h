/* What the files of this folder share. */
#ifndef TWINHSM_TOKEN_STATE_H
#define TWINHSM_TOKEN_STATE_H

#include "base/lock.h"
#include "base/secret.h"
#include "token/objset.h"
#include "token/token.h"

/* When a set of objects was loaded. */
struct load_mark {
	uint64_t content; /* of struct tp_epoch */
	uint64_t changes; /* of struct token */
};

struct token {
	struct card *card;
	_Atomic uint64_t changes; /* made by this process, counted for carriers without an epoch */

	struct lock reload;        /* one reload at a time; guards next_handle */
	unsigned long next_handle; /* even */
	struct lock lock;          /* guards the two below; held for a moment only */
	struct objset *set;        /* NULL until loaded */
	struct load_mark loaded;

	struct lock login; /* held across PIN commands; guards so_pin */
	_Atomic(enum token_user) who;
	_Atomic uint64_t security; /* of struct tp_epoch, at login */
	struct secret so_pin;      /* eight bytes while the SO is logged in */
};

/* ---- change.c ---- */

/* A change of the card's files, made on one lane. */
typedef hsm_rc token_job(struct card_lane *lane, void *arg);

/* Runs a job so that others see and keep its changes as a whole; afterwards the objects are loaded
 * anew. */
HSM_MUST hsm_rc token_change(struct token *t, token_job *job, void *arg);

/* Makes the next token_objects load anew. */
void token_changed(struct token *t);

/* A reference to the object of this kind with this value file; HSM_E_NO_FILE. */
HSM_MUST hsm_rc token_find(
        struct token *t, enum object_kind kind, uint16_t fid, struct object **out);

/* ---- load.c ---- */

/* Reads all objects of the card, without handles. */
HSM_MUST hsm_rc load_objects(struct card_lane *lane, struct objlist *out);

#endif
