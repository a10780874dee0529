#include "p11/p11.h"

/* No token here has a PIN pad, so a PIN is always given. */
static bool pin_given(const CK_UTF8CHAR *pin)
{
	return pin != NULL;
}

static CK_RV login_locked(struct p11_session *s, enum token_user user, struct rd pin)
        LOCK_REQUIRES(s->slot->lock)
{
	struct session_count count = session_count(s->slot);
	enum token_user who = token_who(s->token);

	if (who == user)
		return CKR_USER_ALREADY_LOGGED_IN;
	if (who != TOKEN_NOBODY)
		return CKR_USER_ANOTHER_ALREADY_LOGGED_IN;
	if (user == TOKEN_SO && count.all != count.rw)
		return CKR_SESSION_READ_ONLY_EXISTS;
	return rc_to_ckr(token_login(s->token, user, pin));
}

static CK_RV login(struct p11_session *s, CK_USER_TYPE type, struct rd pin)
{
	CK_RV rv;

	if (type == CKU_CONTEXT_SPECIFIC)
		return CKR_OPERATION_NOT_INITIALIZED; /* no key asks for a login of its own */
	if (type != CKU_USER && type != CKU_SO)
		return CKR_USER_TYPE_INVALID;
	if (!pin_given(pin.p))
		return CKR_ARGUMENTS_BAD;
	lock(&s->slot->lock);
	rv = login_locked(s, type == CKU_SO ? TOKEN_SO : TOKEN_USER, pin);
	unlock(&s->slot->lock);
	return rv;
}

CK_RV C_Login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len)
{
	struct p11_session *s;
	CK_RV rv = p11_enter(session, &s);

	if (rv == CKR_OK)
		rv = login(s, user, rd_of(pin, pin_len));
	return p11_leave(s, rv);
}

/* The card has no names of users; the empty name is the one user it knows. */
CK_RV C_LoginUser(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin,
        CK_ULONG pin_len, CK_UTF8CHAR_PTR username, CK_ULONG username_len)
{
	struct p11_session *s;
	CK_RV rv = p11_enter(session, &s);

	(void)username;
	if (rv == CKR_OK)
		rv = username_len != 0 ? CKR_ARGUMENTS_BAD : login(s, user, rd_of(pin, pin_len));
	return p11_leave(s, rv);
}

static CK_RV logout(struct p11_session *s)
{
	CK_RV rv = CKR_USER_NOT_LOGGED_IN;

	lock(&s->slot->lock);
	if (token_who(s->token) != TOKEN_NOBODY)
		rv = rc_to_ckr(token_logout(s->token));
	unlock(&s->slot->lock);
	if (rv == CKR_OK)
		store_end_private(&s->slot->store);
	return rv;
}

CK_RV C_Logout(CK_SESSION_HANDLE session)
{
	struct p11_session *s;
	CK_RV rv = p11_enter(session, &s);

	if (rv == CKR_OK)
		rv = logout(s);
	return p11_leave(s, rv);
}

/* The label of C_InitToken is 32 bytes padded with blanks. */
static struct rd unpadded(const CK_UTF8CHAR *label)
{
	size_t n = 32;

	while (n != 0 && label[n - 1] == ' ')
		n--;
	return rd_of(label, n);
}

static CK_RV init_locked(struct p11_slot *slot, struct rd so_pin, struct rd label)
        LOCK_REQUIRES(slot->lock)
{
	struct token *token;

	if (session_count(slot).all != 0)
		return CKR_SESSION_EXISTS;
	TRY_RV(slot_token(slot, &token));
	return rc_to_ckr(token_init(token, so_pin, label));
}

static CK_RV init_token(CK_SLOT_ID id, struct rd so_pin, const CK_UTF8CHAR *label)
{
	struct p11_slot *slot;
	CK_RV rv;

	if (!pin_given(so_pin.p) || label == NULL)
		return CKR_ARGUMENTS_BAD;
	TRY_RV(slot_find(id, &slot));
	lock(&slot->lock);
	rv = init_locked(slot, so_pin, unpadded(label));
	unlock(&slot->lock);
	return rv;
}

CK_RV C_InitToken(CK_SLOT_ID id, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len, CK_UTF8CHAR_PTR label)
{
	CK_RV rv = p11_enter_library();

	if (rv == CKR_OK)
		rv = init_token(id, rd_of(pin, pin_len), label);
	return p11_leave_library(rv);
}

static CK_RV init_pin(struct p11_session *s, struct rd pin)
{
	CK_RV rv = CKR_USER_NOT_LOGGED_IN;

	if (!pin_given(pin.p))
		return CKR_ARGUMENTS_BAD;
	lock(&s->slot->lock);
	if (token_who(s->token) == TOKEN_SO)
		rv = rc_to_ckr(token_init_pin(s->token, pin));
	unlock(&s->slot->lock);
	return rv;
}

CK_RV C_InitPIN(CK_SESSION_HANDLE session, CK_UTF8CHAR_PTR pin, CK_ULONG pin_len)
{
	struct p11_session *s;
	CK_RV rv = p11_enter(session, &s);

	if (rv == CKR_OK)
		rv = init_pin(s, rd_of(pin, pin_len));
	return p11_leave(s, rv);
}

static CK_RV set_pin(struct p11_session *s, struct rd old_pin, struct rd new_pin)
{
	CK_RV rv;

	if (!pin_given(old_pin.p) || !pin_given(new_pin.p))
		return CKR_ARGUMENTS_BAD;
	if (!s->rw)
		return CKR_SESSION_READ_ONLY;
	lock(&s->slot->lock);
	rv = rc_to_ckr(token_set_pin(s->token, old_pin, new_pin));
	unlock(&s->slot->lock);
	return rv;
}

CK_RV C_SetPIN(CK_SESSION_HANDLE session, CK_UTF8CHAR_PTR old_pin, CK_ULONG old_len,
        CK_UTF8CHAR_PTR new_pin, CK_ULONG new_len)
{
	struct p11_session *s;
	CK_RV rv = p11_enter(session, &s);

	if (rv == CKR_OK)
		rv = set_pin(s, rd_of(old_pin, old_len), rd_of(new_pin, new_len));
	return p11_leave(s, rv);
}
