/* PKCS#11 entry points, sessions, operations: what the files of this folder share. */
#ifndef TWINHSM_P11_P11_H
#define TWINHSM_P11_P11_H

#include "base/lock.h"
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

/* ---- slot.c: one configured card each ---- */

struct p11_slot;

/* Slots by place; their number never changes between C_Initialize and C_Finalize. */
size_t slot_count(void);
CK_RV slot_find(CK_SLOT_ID id, struct p11_slot **out); /* CKR_SLOT_ID_INVALID */

/* The token, opened on first use and kept while it is there; borrowed, valid while the library is
 * initialised. CKR_TOKEN_NOT_PRESENT, CKR_TOKEN_NOT_RECOGNIZED, ... */
CK_RV slot_token(struct p11_slot *slot, struct token **out);

/* ---- session.c ---- */

struct p11_op; /* an operation in progress, op.h */

enum op_kind { OP_SIGN, OP_VERIFY, OP_ENCRYPT, OP_DECRYPT, OP_DIGEST, OP_KIND_COUNT };

/* A PKCS#11 session. Everything below `lock` is guarded by it; p11_enter holds it. */
struct p11_session {
	CK_SESSION_HANDLE handle;
	struct p11_slot *slot;
	struct token *token; /* borrowed from the slot */
	bool rw;
	struct lock lock;
	struct p11_op *op[OP_KIND_COUNT]; /* NULL: none of this kind in progress */
	struct find *find;                /* NULL: no search in progress */
};

/* Every C_ function that takes a session begins with p11_enter and ends with p11_leave, also when
 * p11_enter failed: library initialised in this process, session known, counted, locked, OpenSSL's
 * error queue marked. p11_leave undoes all of it, answers `rv`, and when rv is
 * CKR_USER_NOT_LOGGED_IN tells the token that its login is lost. */
CK_RV p11_enter(CK_SESSION_HANDLE handle, struct p11_session **out);
CK_RV p11_leave(struct p11_session *s, CK_RV rv);

/* The same for functions without a session. */
CK_RV p11_enter_library(void);
CK_RV p11_leave_library(CK_RV rv);

/* ---- object lookup, session objects: store.c ---- */

/* The object behind a handle, token or session object, if this session may see it; `*out` is the
 * caller's reference (object_free). CKR_OBJECT_HANDLE_INVALID. */
CK_RV store_get(struct p11_session *s, CK_OBJECT_HANDLE handle, struct object **out);

/* Adds a session object, which takes over the caller's reference; gone with its session. */
CK_RV store_add(struct p11_session *s, struct object *o, CK_OBJECT_HANDLE *handle);

/* ---- template.c: hostile templates, read with checks ---- */

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

/* Fails with CKR_ATTRIBUTE_TYPE_INVALID when the template has a type that is not in `types`. */
CK_RV tmpl_only(const struct tmpl *t, const CK_ATTRIBUTE_TYPE *types, size_t n);

/* ---- attr_get.c: attributes of objects through the schema table attr_table.c ---- */

/* One attribute of an object into a buffer; the way of C_GetAttributeValue for each entry. */
CK_RV attr_get(struct p11_session *s, const struct object *o, CK_ATTRIBUTE *a);

/* Has the object this value? Used by C_FindObjectsInit. */
bool attr_match(struct p11_session *s, const struct object *o, const CK_ATTRIBUTE *a);

#endif
