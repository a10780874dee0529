/* What a token can do. */
#include "p11/op.h"

/* The mechanisms are those of the card, so there must be one. */
static CK_RV limits_of(CK_SLOT_ID id, struct card_limits *out)
{
	struct p11_slot *slot;
	struct token *token;
	CK_RV rv;

	TRY_RV(slot_find(id, &slot));
	lock(&slot->lock);
	rv = slot_token(slot, &token);
	if (rv == CKR_OK)
		*out = card_limits(token_card(token));
	unlock(&slot->lock);
	return rv;
}

static CK_RV list(CK_SLOT_ID id, CK_MECHANISM_TYPE_PTR out, CK_ULONG_PTR n)
{
	size_t count = mech_count();
	bool small = out != NULL && n != NULL && *n < count;
	struct card_limits limits;

	if (n == NULL)
		return CKR_ARGUMENTS_BAD;
	TRY_RV(limits_of(id, &limits));
	*n = count;
	if (small)
		return CKR_BUFFER_TOO_SMALL;
	for (size_t i = 0; out != NULL && i < count; i++)
		out[i] = mech_at(i)->type;
	return CKR_OK;
}

CK_RV C_GetMechanismList(CK_SLOT_ID id, CK_MECHANISM_TYPE_PTR out, CK_ULONG_PTR n)
{
	CK_RV rv = p11_enter_library();

	if (rv == CKR_OK)
		rv = list(id, out, n);
	return p11_leave_library(rv);
}

static CK_RV info(CK_SLOT_ID id, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR out)
{
	const CK_MECHANISM m = { .mechanism = type };
	const struct mech *mech;
	struct card_limits limits;

	if (out == NULL)
		return CKR_ARGUMENTS_BAD;
	TRY_RV(limits_of(id, &limits));
	TRY_RV(mech_find(&m, 0, &mech));
	mech_key_sizes(mech, limits, &out->ulMinKeySize, &out->ulMaxKeySize);
	out->flags = mech->flags;
	return CKR_OK;
}

CK_RV C_GetMechanismInfo(CK_SLOT_ID id, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO_PTR out)
{
	CK_RV rv = p11_enter_library();

	if (rv == CKR_OK)
		rv = info(id, type, out);
	return p11_leave_library(rv);
}
