/* What the tests of slots that come and go share. */
#ifndef TWINHSM_TESTS_P11_SLOTS_FIXTURE_H
#define TWINHSM_TESTS_P11_SLOTS_FIXTURE_H

#include "p11_fixture.h"

/* C_GetSlotList with NULL, which looks for new slots, and without. */
CK_ULONG slots_now(bool present);
CK_ULONG slots_known(void);

bool slot_present(CK_SLOT_ID id);

/* The description of a slot begins with this. */
void slot_is(CK_SLOT_ID id, const char *address);

/* C_WaitForSlotEvent, which does or does not find an event; blocking, or without. */
void expect_event(CK_FLAGS flags, CK_SLOT_ID id);
void expect_no_event(void);

CK_SESSION_HANDLE slot_session(CK_SLOT_ID id);
CK_RV session_state(CK_SESSION_HANDLE s, CK_STATE *out);

/* The token of these sessions is gone: the first call hears it, later ones know no session. */
void expect_removed(CK_SESSION_HANDLE first, CK_SESSION_HANDLE second);

#endif
