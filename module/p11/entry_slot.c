#include "base/text.h"
#include "p11/p11.h"

static bool slot_present(struct p11_slot *slot)
{
	struct token *token;
	CK_RV rv;

	lock(&slot->lock);
	rv = slot_token(slot, &token);
	unlock(&slot->lock);
	return rv == CKR_OK;
}

static CK_RV list_slots(bool present, CK_SLOT_ID_PTR list, CK_ULONG_PTR count)
{
	CK_ULONG room, n = 0;

	if (count == NULL)
		return CKR_ARGUMENTS_BAD;
	if (list == NULL)
		TRY_RV(slots_refresh());
	room = list == NULL ? 0 : *count;
	for (CK_SLOT_ID id = 0; id < slot_count(); id++) {
		struct p11_slot *slot;

		TRY_RV(slot_find(id, &slot));
		if (present && !slot_present(slot))
			continue;
		if (n < room)
			list[n] = id;
		n++;
	}
	*count = n;
	return list != NULL && n > room ? CKR_BUFFER_TOO_SMALL : CKR_OK;
}

CK_RV C_GetSlotList(CK_BBOOL token_present, CK_SLOT_ID_PTR list, CK_ULONG_PTR count)
{
	CK_RV rv = p11_enter_library();

	if (rv == CKR_OK)
		rv = list_slots(token_present != CK_FALSE, list, count);
	return p11_leave_library(rv);
}

static CK_RV slot_info(CK_SLOT_ID id, CK_SLOT_INFO *info)
{
	struct p11_slot *slot;

	if (info == NULL)
		return CKR_ARGUMENTS_BAD;
	TRY_RV(slot_find(id, &slot));
	*info = (CK_SLOT_INFO){ .flags = CKF_REMOVABLE_DEVICE };
	text_pad(info->slotDescription, sizeof(info->slotDescription), rd_str(slot->address));
	text_pad(info->manufacturerID, sizeof(info->manufacturerID), RD_LIT("TwinHSM"));
	if (slot_present(slot))
		info->flags |= CKF_TOKEN_PRESENT;
	return CKR_OK;
}

CK_RV C_GetSlotInfo(CK_SLOT_ID id, CK_SLOT_INFO_PTR info)
{
	CK_RV rv = p11_enter_library();

	if (rv == CKR_OK)
		rv = slot_info(id, info);
	return p11_leave_library(rv);
}

struct pin_flags {
	CK_FLAGS low, final, locked, to_be_changed;
};

static CK_FLAGS pin_flags(const struct pin_status *pin, unsigned full, const struct pin_flags *f)
{
	CK_FLAGS flags = pin->transport ? f->to_be_changed : 0;

	if (pin->locked)
		return flags | f->locked;
	if (pin->verified || pin->unset)
		return flags;
	if (pin->tries == 1)
		return flags | f->final;
	return pin->tries < full ? flags | f->low : flags;
}

static CK_FLAGS token_flags(const struct token_info *t)
{
	static const struct pin_flags user = { CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY,
		CKF_USER_PIN_LOCKED, CKF_USER_PIN_TO_BE_CHANGED };
	static const struct pin_flags so = { CKF_SO_PIN_COUNT_LOW, CKF_SO_PIN_FINAL_TRY,
		CKF_SO_PIN_LOCKED, CKF_SO_PIN_TO_BE_CHANGED };
	CK_FLAGS flags = CKF_RNG | CKF_LOGIN_REQUIRED;

	if (!t->so.unset)
		flags |= CKF_TOKEN_INITIALIZED;
	if (!t->user.unset)
		flags |= CKF_USER_PIN_INITIALIZED;
	flags |= pin_flags(&t->user, USER_PIN_TRIES, &user);
	return flags | pin_flags(&t->so, SO_PIN_TRIES, &so);
}

static void fill_names(const struct token_info *t, CK_TOKEN_INFO *info)
{
	struct rd label = rd_of(t->label, t->label_n);

	text_pad(info->label, sizeof(info->label), label.n == 0 ? RD_LIT("SmartCard-HSM") : label);
	text_pad(info->manufacturerID, sizeof(info->manufacturerID), RD_LIT("www.CardContact.de"));
	text_pad(info->model, sizeof(info->model), RD_LIT("SmartCard-HSM"));
	text_pad(info->serialNumber, sizeof(info->serialNumber), rd_str(t->card.serial));
	text_pad(info->utcTime, sizeof(info->utcTime), RD_LIT(""));
}

static void fill_numbers(
        const struct token_info *t, struct session_count sessions, CK_TOKEN_INFO *info)
{
	info->flags = token_flags(t);
	info->ulMaxSessionCount = info->ulMaxRwSessionCount = CK_EFFECTIVELY_INFINITE;
	info->ulSessionCount = sessions.all;
	info->ulRwSessionCount = sessions.rw;
	info->ulMinPinLen = USER_PIN_MIN;
	info->ulMaxPinLen = USER_PIN_MAX;
	info->ulTotalPublicMemory = info->ulTotalPrivateMemory = CK_UNAVAILABLE_INFORMATION;
	info->ulFreePublicMemory = info->ulFreePrivateMemory = t->free_memory;
	info->hardwareVersion = (CK_VERSION){ 24, 13 }; /* of the chip that the card is built on */
	info->firmwareVersion = (CK_VERSION){ t->card.major, t->card.minor };
}

static CK_RV slot_token_info(struct p11_slot *slot, struct token_info *t)
{
	struct token *token;
	CK_RV rv;

	lock(&slot->lock);
	rv = slot_token(slot, &token);
	if (rv == CKR_OK)
		rv = rc_to_ckr(token_info(token, t));
	unlock(&slot->lock);
	return rv;
}

static CK_RV describe_token(CK_SLOT_ID id, CK_TOKEN_INFO *info)
{
	struct p11_slot *slot;
	struct token_info t;

	if (info == NULL)
		return CKR_ARGUMENTS_BAD;
	TRY_RV(slot_find(id, &slot));
	TRY_RV(slot_token_info(slot, &t));
	memset(info, 0, sizeof(*info));
	fill_names(&t, info);
	fill_numbers(&t, session_count(slot), info);
	return CKR_OK;
}

CK_RV C_GetTokenInfo(CK_SLOT_ID id, CK_TOKEN_INFO_PTR info)
{
	CK_RV rv = p11_enter_library();

	if (rv == CKR_OK)
		rv = describe_token(id, info);
	return p11_leave_library(rv);
}

enum { LOOK_MS = 250 }; /* between two looks of a call that waits */

static CK_RV next_event(bool block, CK_SLOT_ID *out)
{
	slots_watch();
	while (!slot_take_event(out)) {
		TRY_RV(slots_refresh());
		if (slot_take_event(out))
			break;
		if (!block)
			return CKR_NO_EVENT;
		if (!sessions_pause(LOOK_MS))
			return CKR_CRYPTOKI_NOT_INITIALIZED;
	}
	return CKR_OK;
}

CK_RV C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID_PTR slot, CK_VOID_PTR reserved)
{
	CK_RV rv = p11_enter_library(), event = CKR_ARGUMENTS_BAD;

	if (rv != CKR_OK)
		return rv;
	if (slot != NULL && reserved == NULL)
		event = next_event((flags & CKF_DONT_BLOCK) == 0, slot);
	(void)p11_leave_library(CKR_OK);
	return event;
}
