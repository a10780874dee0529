#include "slots_fixture.h"

CK_ULONG slots_now(bool present)
{
	CK_ULONG n;

	OK(p11->C_GetSlotList(present ? CK_TRUE : CK_FALSE, NULL, &n));
	return n;
}

CK_ULONG slots_known(void)
{
	CK_SLOT_ID ids[16];
	CK_ULONG n = LEN(ids);

	OK(p11->C_GetSlotList(CK_FALSE, ids, &n));
	for (CK_ULONG i = 0; i < n; i++)
		assert_int_equal(ids[i], i);
	return n;
}

bool slot_present(CK_SLOT_ID id)
{
	CK_SLOT_INFO info;

	OK(p11->C_GetSlotInfo(id, &info));
	return (info.flags & CKF_TOKEN_PRESENT) != 0;
}

void slot_is(CK_SLOT_ID id, const char *address)
{
	CK_SLOT_INFO info;

	OK(p11->C_GetSlotInfo(id, &info));
	assert_memory_equal(info.slotDescription, address, strlen(address));
}

void expect_event(CK_FLAGS flags, CK_SLOT_ID id)
{
	CK_SLOT_ID got = 99;

	OK(p11->C_WaitForSlotEvent(flags, &got, NULL));
	assert_int_equal(got, id);
}

void expect_no_event(void)
{
	CK_SLOT_ID got;

	RV(p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &got, NULL), CKR_NO_EVENT);
}

CK_SESSION_HANDLE slot_session(CK_SLOT_ID id)
{
	CK_SESSION_HANDLE s;

	OK(p11->C_OpenSession(id, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s));
	return s;
}

CK_RV session_state(CK_SESSION_HANDLE s, CK_STATE *out)
{
	CK_SESSION_INFO info = { 0 };
	CK_RV rv = p11->C_GetSessionInfo(s, &info);

	*out = info.state;
	return rv;
}

void expect_removed(CK_SESSION_HANDLE first, CK_SESSION_HANDLE second)
{
	CK_STATE state;

	RV(session_state(first, &state), CKR_DEVICE_REMOVED);
	RV(session_state(first, &state), CKR_SESSION_HANDLE_INVALID);
	RV(session_state(second, &state), CKR_SESSION_HANDLE_INVALID);
	RV(p11->C_CloseSession(second), CKR_SESSION_HANDLE_INVALID);
}
