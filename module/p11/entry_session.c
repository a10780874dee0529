#include "p11/op.h"
#include "p11/p11.h"

static CK_RV open_locked(struct p11_slot *slot, bool rw, CK_SESSION_HANDLE *out)
        LOCK_REQUIRES(slot->lock)
{
	struct token *token;

	TRY_RV(slot_token(slot, &token));
	if (!rw && token_who(token) == TOKEN_SO)
		return CKR_SESSION_READ_WRITE_SO_EXISTS;
	return session_open(slot, rw, out);
}

static CK_RV open_session(CK_SLOT_ID id, CK_FLAGS flags, CK_SESSION_HANDLE *out)
{
	struct p11_slot *slot;
	CK_RV rv;

	if (out == NULL)
		return CKR_ARGUMENTS_BAD;
	TRY_RV(slot_find(id, &slot));
	if ((flags & CKF_SERIAL_SESSION) == 0)
		return CKR_SESSION_PARALLEL_NOT_SUPPORTED;
	lock(&slot->lock);
	rv = open_locked(slot, (flags & CKF_RW_SESSION) != 0, out);
	unlock(&slot->lock);
	return rv;
}

CK_RV C_OpenSession(CK_SLOT_ID id, CK_FLAGS flags, CK_VOID_PTR application, CK_NOTIFY notify,
        CK_SESSION_HANDLE_PTR session)
{
	CK_RV rv = p11_enter_library();

	(void)application;
	(void)notify;
	if (rv == CKR_OK)
		rv = open_session(id, flags, session);
	return p11_leave_library(rv);
}

/* An application that closed its last session of a token is logged out of it. */
static CK_RV logout_if_last(struct p11_slot *slot)
{
	CK_RV rv = CKR_OK;

	lock(&slot->lock);
	if (session_count(slot).all == 0 && slot->stay != NULL &&
	        token_who(slot->stay->token) != TOKEN_NOBODY)
		rv = rc_to_ckr(token_logout(slot->stay->token));
	unlock(&slot->lock);
	return rv;
}

static CK_RV close_session(CK_SESSION_HANDLE handle)
{
	struct p11_slot *slot;

	TRY_RV(session_close(handle, &slot));
	return logout_if_last(slot);
}

CK_RV C_CloseSession(CK_SESSION_HANDLE session)
{
	CK_RV rv = p11_enter_library();

	if (rv == CKR_OK)
		rv = close_session(session);
	return p11_leave_library(rv);
}

static CK_RV close_all_sessions(CK_SLOT_ID id)
{
	struct p11_slot *slot;

	TRY_RV(slot_find(id, &slot));
	session_close_all(slot);
	return logout_if_last(slot);
}

CK_RV C_CloseAllSessions(CK_SLOT_ID id)
{
	CK_RV rv = p11_enter_library();

	if (rv == CKR_OK)
		rv = close_all_sessions(id);
	return p11_leave_library(rv);
}

static CK_STATE session_state(struct p11_session *s)
{
	switch (token_who(s->token)) {
	case TOKEN_USER:
		return s->rw ? CKS_RW_USER_FUNCTIONS : CKS_RO_USER_FUNCTIONS;
	case TOKEN_SO:
		return CKS_RW_SO_FUNCTIONS;
	case TOKEN_NOBODY:
		break;
	}
	return s->rw ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION;
}

static CK_RV session_info(struct p11_session *s, CK_SESSION_INFO *info)
{
	if (info == NULL)
		return CKR_ARGUMENTS_BAD;
	TRY_RC(card_present(token_card(s->token)));
	*info = (CK_SESSION_INFO){
		.slotID = s->slot->id,
		.state = session_state(s),
		.flags = CKF_SERIAL_SESSION | (s->rw ? CKF_RW_SESSION : 0),
	};
	return CKR_OK;
}

CK_RV C_GetSessionInfo(CK_SESSION_HANDLE session, CK_SESSION_INFO_PTR info)
{
	struct p11_session *s;
	CK_RV rv = p11_enter(session, &s);

	if (rv == CKR_OK)
		rv = session_info(s, info);
	return p11_leave(s, rv);
}

static void cancel(struct p11_session *s, CK_FLAGS flags)
{
	static const CK_FLAGS kinds[OP_KIND_COUNT] = {
		[OP_SIGN] = CKF_SIGN,
		[OP_VERIFY] = CKF_VERIFY,
		[OP_ENCRYPT] = CKF_ENCRYPT,
		[OP_DECRYPT] = CKF_DECRYPT,
		[OP_DIGEST] = CKF_DIGEST,
	};

	for (size_t i = 0; i < OP_KIND_COUNT; i++) {
		if ((flags & kinds[i]) != 0)
			op_stop(s, (enum op_kind)i);
	}
	if ((flags & CKF_FIND_OBJECTS) != 0)
		s->find.active = false;
}

CK_RV C_SessionCancel(CK_SESSION_HANDLE session, CK_FLAGS flags)
{
	struct p11_session *s;
	CK_RV rv = p11_enter(session, &s);

	if (rv == CKR_OK)
		cancel(s, flags);
	return p11_leave(s, rv);
}
