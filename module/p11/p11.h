/* PKCS#11 entry points, slots, sessions, objects: what the files of this folder share. */
#ifndef TWINHSM_P11_P11_H
#define TWINHSM_P11_P11_H

#include "base/lock.h"
#include "card/places.h"
#include "p11/cryptoki.h"
#include "token/token.h"

/* ---- rc_ckr.c ---- */

/* The only mapping from outcomes to CK_RV. */
CK_RV rc_to_ckr(hsm_rc rc);

/* Leaves a function that returns CK_RV. */
#define TRY_RV(expr)                                                                               \
	do {                                                                                       \
		CK_RV rv_ = (expr);                                                                \
		if (rv_ != CKR_OK)                                                                 \
			return rv_;                                                                \
	} while (0)
#define TRY_RC(expr) TRY_RV(rc_to_ckr(expr))

/* ---- store.c: session objects of one slot ---- */

struct store_entry {
	struct object *object; /* counted */
	CK_SESSION_HANDLE owner;
};

/* Entries are in the order of their handles. The lock is a leaf: nothing is taken under it. */
struct store {
	struct lock lock;
	struct store_entry *entries GUARDED_BY(lock);
	size_t n GUARDED_BY(lock);
	size_t cap GUARDED_BY(lock);
};

/* ---- slot.c: a place for a card each ---- */

/* A token for as long as it stays in a slot. Counted: the slot and each session hold one. */
struct p11_stay {
	atomic_uint refs;
	struct token *token;
};

void stay_free(struct p11_stay *stay); /* drops one reference */

/* `lock` serialises what changes who is logged in or which token is there: opening the card, first
 * and last session, login, initialisation. It is taken after a session's lock and held across the
 * card commands of these. */
struct p11_slot {
	CK_SLOT_ID id;
	char *address;
	struct lock lock;
	struct p11_stay *stay GUARDED_BY(lock); /* NULL: not open */
	hsm_rc reported GUARDED_BY(lock);       /* why it could not be opened, as logged last */
	struct store store;

	/* Guarded by the table of slots. */
	hsm_rc seen;    /* HSM_OK: a card was there when it was looked at last, */
	uint64_t stamp; /* which was this one */
	bool event;     /* one that C_WaitForSlotEvent has to tell */
};

/* Makes the slots of a configuration and takes it over. */
CK_RV slots_start(struct config *config);
void slots_stop(void);
void slots_forget(void); /* in a forked child: without touching the tokens */

/* Looks which cards came and went; new places get slots. IDs count from 0 and are never used for
 * another place between C_Initialize and C_Finalize, and slots stay where they are in memory. */
CK_RV slots_refresh(void);

/* From now on, looking costs little while nothing changes: there are going to be many looks. */
void slots_watch(void);

size_t slot_count(void);
CK_RV slot_find(CK_SLOT_ID id, struct p11_slot **out); /* CKR_SLOT_ID_INVALID */

/* Takes the event of a slot, if there is one. */
bool slot_take_event(CK_SLOT_ID *out);

/* The token, opened on first use and again after it went away; borrowed while the slot is locked.
 * CKR_TOKEN_NOT_PRESENT, CKR_TOKEN_NOT_RECOGNIZED, ... */
CK_RV slot_token(struct p11_slot *slot, struct token **out) LOCK_REQUIRES(slot->lock);

/* The token is gone: its sessions end. A later one is another. Takes the slot's lock. */
void slot_removed(struct p11_slot *slot, const struct p11_stay *stay);

/* ---- session.c ---- */

struct p11_op; /* an operation in progress, op.h */

enum op_kind { OP_SIGN, OP_VERIFY, OP_ENCRYPT, OP_DECRYPT, OP_DIGEST, OP_KIND_COUNT };

/* The handles a search found so far, and how many of them were handed out. The memory stays for the
 * session's next search. */
struct find {
	bool active;
	CK_OBJECT_HANDLE *handles;
	size_t n, cap, next;
	bool all;              /* nothing more is to be found on the token, or else: */
	CK_OBJECT_HANDLE last; /* token objects up to this handle were looked at */
	unsigned kinds;        /* of struct wanted */
	CK_ATTRIBUTE *a;       /* a copy of the template */
	CK_ULONG a_n;
	struct buf values; /* of the copy */
};

/* A PKCS#11 session. Everything below `lock` is guarded by it; p11_enter holds it. */
struct p11_session {
	CK_SESSION_HANDLE handle;
	struct p11_slot *slot;
	struct p11_stay *stay;
	struct token *token; /* of the stay */
	bool rw;
	unsigned refs; /* the table's and one for each call in flight; guarded by the table */
	struct lock lock;
	struct p11_op *op[OP_KIND_COUNT]; /* NULL: none of this kind in progress */
	struct p11_op *idle;              /* room of an ended operation, kept for the next one */
	struct find find;
};

/* Every C_ function that takes a session begins with p11_enter and ends with p11_leave, also when
 * p11_enter failed (`*out` is NULL then): library initialised in this process, session known,
 * counted, locked, OpenSSL's error queue marked. p11_leave undoes all of it, answers `rv`, and when
 * rv is CKR_USER_NOT_LOGGED_IN although the user is logged in, tells the token that its login is
 * lost; when it is CKR_DEVICE_REMOVED, ends all sessions of the token. */
CK_RV p11_enter(CK_SESSION_HANDLE handle, struct p11_session **out);
CK_RV p11_leave(struct p11_session *s, CK_RV rv);

/* The same for functions without a session. */
CK_RV p11_enter_library(void);
CK_RV p11_leave_library(CK_RV rv);

/* From sessions_start to sessions_stop calls may enter. sessions_stop lets no more calls in and
 * waits for those in flight; false: was not started. sessions_free then closes all sessions. */
void sessions_start(void);
bool sessions_running(void);
bool sessions_stop(void);

/* For a call that waits: until something was told by sessions_wake, or at most so long. false:
 * calls have to leave. */
bool sessions_pause(unsigned ms);
void sessions_wake(void);

void sessions_free(void);
void sessions_forget(void); /* in a forked child */

struct session_count {
	CK_ULONG all, rw;
};

struct session_count session_count(const struct p11_slot *slot);

/* A session with the token that is in the slot. CKR_SESSION_COUNT, CKR_HOST_MEMORY. */
CK_RV session_open(struct p11_slot *slot, bool rw, CK_SESSION_HANDLE *out)
        LOCK_REQUIRES(slot->lock);

/* Takes the session from the table; a call in flight goes on and ends it. `*slot` was its slot.
 * CKR_SESSION_HANDLE_INVALID. */
CK_RV session_close(CK_SESSION_HANDLE handle, struct p11_slot **slot);
void session_close_all(struct p11_slot *slot);
void session_close_stay(const struct p11_stay *stay);

/* ---- object lookup, session objects: store.c ---- */

void store_init(struct store *st);
void store_done(struct store *st);

/* Ends the session objects of one session, or those private: the user logged out. */
void store_end_session(struct store *st, CK_SESSION_HANDLE owner);
void store_end_private(struct store *st);

/* The object behind a handle, token or session object, if this session may see it; `*out` is the
 * caller's reference (object_free). CKR_OBJECT_HANDLE_INVALID. */
CK_RV store_get(struct p11_session *s, CK_OBJECT_HANDLE handle, struct object **out);

/* Adds a session object, which takes over the caller's reference, also on failure; gone with its
 * session. */
CK_RV store_add(struct p11_session *s, struct object *o, CK_OBJECT_HANDLE *handle);

/* Puts another object in the place of the session object `handle` and takes over the reference. */
CK_RV store_replace(struct p11_session *s, CK_OBJECT_HANDLE handle, struct object *o);

CK_RV store_remove(struct p11_session *s, CK_OBJECT_HANDLE handle);

/* Calls `visit` with each session object of the slot, under no lock, until it fails. */
CK_RV store_each(struct p11_session *s, CK_RV (*visit)(void *arg, struct object *o), void *arg);

/* Is the normal user logged in on the session's token? */
bool session_user(struct p11_session *s);

/* What a change needs: token objects a read-write session and the user, private session objects
 * the user. CKR_SESSION_READ_ONLY, CKR_USER_NOT_LOGGED_IN. */
CK_RV session_may_change(struct p11_session *s, bool on_token, bool is_private);

/* ---- template.c: hostile templates, read with checks ---- */

enum { TMPL_MAX = 128 }; /* attributes in one template */

struct tmpl {
	const CK_ATTRIBUTE *a;
	CK_ULONG n;
};

/* Refuses NULL with a count, NULL values with a length, and an attribute given twice with
 * different values: CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCONSISTENT. */
CK_RV tmpl_open(CK_ATTRIBUTE_PTR a, CK_ULONG n, struct tmpl *out);

const CK_ATTRIBUTE *tmpl_find(const struct tmpl *t, CK_ATTRIBUTE_TYPE type);

/* Reads one attribute when it is there, otherwise leaves `*out`; a wrong length is
 * CKR_ATTRIBUTE_VALUE_INVALID. */
CK_RV tmpl_bool(const struct tmpl *t, CK_ATTRIBUTE_TYPE type, bool *out);
CK_RV tmpl_ulong(const struct tmpl *t, CK_ATTRIBUTE_TYPE type, CK_ULONG *out);
CK_RV tmpl_bytes(const struct tmpl *t, CK_ATTRIBUTE_TYPE type, struct rd *out);

/* ---- attr_get.c: attributes of objects through the schema table attr_table.c ---- */

/* One attribute of an object into a buffer; the way of C_GetAttributeValue for each entry. */
CK_RV attr_get(struct p11_session *s, const struct object *o, CK_ATTRIBUTE *a);

/* Has the object this value? Used by C_FindObjectsInit. */
bool attr_match(struct p11_session *s, const struct object *o, const CK_ATTRIBUTE *a);

/* ---- create.c, update.c: the work of C_CreateObject, C_CopyObject, C_SetAttributeValue ---- */

CK_RV object_create(struct p11_session *s, const struct tmpl *t, CK_OBJECT_HANDLE *handle);
CK_RV object_copy(struct p11_session *s, const struct object *from, const struct tmpl *t,
        CK_OBJECT_HANDLE *handle);
CK_RV object_update(struct p11_session *s, struct object *o, const struct tmpl *t);

/* Copies what the views of `o` borrow into the object itself, and reads a certificate's fields. */
CK_RV object_own(struct object *o);

/* The attributes common to all new objects: label, id, private. */
CK_RV object_name(const struct tmpl *t, struct object *o);

/* ---- find.c ---- */

/* Finds the objects that match: those that are known now, others as find_next asks for them. */
CK_RV find_start(struct p11_session *s, const struct tmpl *t);
CK_RV find_next(struct p11_session *s, CK_OBJECT_HANDLE *out, CK_ULONG max, CK_ULONG *count);
void find_free(struct find *f);

#endif
