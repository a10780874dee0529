/* Slots and what is said of tokens. */
#include <unistd.h>

#include "p11_fixture.h"

static CK_RV two_slots(void)
{
	char settings[800];

	snprintf(settings, sizeof(settings), "cards = emu:%s, emu:%s", fixture_token,
	        fixture_path("late.token"));
	return fixture_initialize(settings);
}

static CK_ULONG present(void)
{
	CK_ULONG n;

	OK(p11->C_GetSlotList(CK_TRUE, NULL, &n));
	return n;
}

static void slot_list__ids__are_places_in_the_configuration(void **state)
{
	CK_SLOT_ID ids[4] = { 7, 7, 7, 7 };
	CK_ULONG n = 1;

	(void)state;
	OK(two_slots());
	RV(p11->C_GetSlotList(CK_FALSE, ids, &n), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(n, 2);
	n = 4;
	OK(p11->C_GetSlotList(CK_FALSE, ids, &n));
	assert_int_equal(n, 2);
	assert_int_equal(ids[0], 0);
	assert_int_equal(ids[1], 1);
	assert_int_equal(present(), 1);
	OK(p11->C_Finalize(NULL));
}

static void token__that_appears_later__is_found(void **state)
{
	CK_SLOT_INFO info;
	CK_TOKEN_INFO token;
	CK_SESSION_HANDLE s;

	(void)state;
	OK(two_slots());
	OK(p11->C_GetSlotInfo(1, &info));
	assert_int_equal(info.flags, CKF_REMOVABLE_DEVICE);
	RV(p11->C_GetTokenInfo(1, &token), CKR_TOKEN_NOT_PRESENT);
	RV(p11->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &s), CKR_TOKEN_NOT_PRESENT);
	fixture_make_token(fixture_path("late.token"), "late");
	OK(p11->C_GetSlotInfo(1, &info));
	assert_int_equal(info.flags, CKF_REMOVABLE_DEVICE | CKF_TOKEN_PRESENT);
	OK(p11->C_GetTokenInfo(1, &token));
	assert_memory_equal(token.label, "late                            ", 32);
	assert_int_equal(present(), 2);
	OK(p11->C_Finalize(NULL));
	unlink(fixture_path("late.token"));
}

static void token__foreign_file__is_not_recognized_and_left_alone(void **state)
{
	char settings[300], back[16] = "";
	CK_TOKEN_INFO token;
	FILE *f = fopen(fixture_path("foreign.token"), "w");

	(void)state;
	fputs("not a token", f);
	fclose(f);
	snprintf(settings, sizeof(settings), "cards = emu:%s; log = off",
	        fixture_path("foreign.token"));
	OK(fixture_initialize(settings));
	RV(p11->C_GetTokenInfo(0, &token), CKR_TOKEN_NOT_RECOGNIZED);
	assert_int_equal(present(), 0);
	OK(p11->C_Finalize(NULL));
	f = fopen(fixture_path("foreign.token"), "r");
	assert_non_null(fgets(back, sizeof(back), f));
	fclose(f);
	assert_string_equal(back, "not a token");
}

static void slot__unknown_id__is_refused(void **state)
{
	CK_SLOT_INFO info;
	CK_TOKEN_INFO token;
	CK_SESSION_HANDLE s;
	CK_ULONG n;

	(void)state;
	OK(fixture_initialize(NULL));
	RV(p11->C_GetSlotInfo(1, &info), CKR_SLOT_ID_INVALID);
	RV(p11->C_GetTokenInfo((CK_SLOT_ID)-1, &token), CKR_SLOT_ID_INVALID);
	RV(p11->C_GetMechanismList(1, NULL, &n), CKR_SLOT_ID_INVALID);
	RV(p11->C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &s), CKR_SLOT_ID_INVALID);
	RV(p11->C_CloseAllSessions(1), CKR_SLOT_ID_INVALID);
	OK(p11->C_Finalize(NULL));
}

static void slot_info__names_the_file(void **state)
{
	char expected[65];
	CK_SLOT_INFO info;

	(void)state;
	OK(fixture_initialize(NULL));
	OK(p11->C_GetSlotInfo(0, &info));
	OK(p11->C_Finalize(NULL));
	snprintf(expected, sizeof(expected), "emu:%-60.60s", fixture_token);
	assert_memory_equal(info.slotDescription, expected, 64);
	assert_memory_equal(info.manufacturerID, "TwinHSM                         ", 32);
}

static void token_info__of_an_initialised_token(void **state)
{
	CK_TOKEN_INFO t;

	(void)state;
	OK(fixture_initialize(NULL));
	OK(p11->C_GetTokenInfo(0, &t));
	assert_memory_equal(t.label, "mytoken                         ", 32);
	assert_memory_equal(t.model, "SmartCard-HSM   ", 16);
	assert_memory_equal(t.manufacturerID, "www.CardContact.de              ", 32);
	assert_int_not_equal(t.serialNumber[0], ' ');
	assert_int_equal(t.flags,
	        CKF_RNG | CKF_LOGIN_REQUIRED | CKF_USER_PIN_INITIALIZED | CKF_TOKEN_INITIALIZED);
	assert_int_equal(t.ulMinPinLen, 6);
	assert_int_equal(t.ulMaxPinLen, 16);
	assert_int_equal(t.ulSessionCount, 0);
	fixture_session(true);
	fixture_session(false);
	OK(p11->C_GetTokenInfo(0, &t));
	assert_int_equal(t.ulSessionCount, 2);
	assert_int_equal(t.ulRwSessionCount, 1);
	OK(p11->C_Finalize(NULL));
}

static void token_info__of_a_factory_card(void **state)
{
	CK_TOKEN_INFO t;

	(void)state;
	OK(fixture_initialize("cards = emu::memory:"));
	OK(p11->C_GetTokenInfo(0, &t));
	OK(p11->C_Finalize(NULL));
	assert_memory_equal(t.label, "SmartCard-HSM                   ", 32);
	assert_int_equal(t.flags, CKF_RNG | CKF_LOGIN_REQUIRED);
}

static void wait_for_slot_event__nothing_happened(void **state)
{
	CK_SLOT_ID id;

	(void)state;
	OK(fixture_initialize(NULL));
	RV(p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &id, NULL), CKR_NO_EVENT);
	RV(p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, NULL, NULL), CKR_ARGUMENTS_BAD);
	RV(p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &id, &id), CKR_ARGUMENTS_BAD);
	OK(p11->C_Finalize(NULL));
	RV(p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &id, NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slot_list__ids__are_places_in_the_configuration),
		cmocka_unit_test(token__that_appears_later__is_found),
		cmocka_unit_test(token__foreign_file__is_not_recognized_and_left_alone),
		cmocka_unit_test(slot__unknown_id__is_refused),
		cmocka_unit_test(slot_info__names_the_file),
		cmocka_unit_test(token_info__of_an_initialised_token),
		cmocka_unit_test(token_info__of_a_factory_card),
		cmocka_unit_test(wait_for_slot_event__nothing_happened),
	};

	return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
