/* Slots of readers of PC/SC, on a library of our own under the module. */
#include <dlfcn.h>

#include "base/log.h"
#include "base/ossl.h"
#include "card/fake_pcsc.h"
#include "emu.h"
#include "slots_fixture.h"

#define HSM_ATR "3BDE96FF8191FE1FC38031815448534D3173802140810792"
#define FIRST   "Reader One 00 00"
#define SECOND  "Reader Two 00 00"

static struct fake_pcsc *fake;
static struct fake_reader readers[2];

/* The chip in every reader. */
static struct {
	struct emu_card *card;
	struct emu_lane *lane;
} chip;

static hsm_rc answer(void *arg, struct rd cmd, struct wr *rsp)
{
	(void)arg;
	return emu_lane_xfer(chip.lane, cmd, rsp);
}

static void put_in(size_t i)
{
	readers[i].atr = HSM_ATR;
	readers[i].count++;
}

static void take_out(size_t i)
{
	readers[i].atr = NULL;
	readers[i].count++;
}

static int setup(void **state)
{
	(void)state;
	assert_int_equal(ossl_acquire(), HSM_OK);
	assert_int_equal(emu_open(fixture_token, &chip.card), HSM_OK);
	assert_int_equal(emu_lane_new(chip.card, &chip.lane), HSM_OK);
	readers[0] = (struct fake_reader){ .name = FIRST };
	readers[1] = (struct fake_reader){ .name = SECOND };
	*fake = (struct fake_pcsc){ .readers = readers, .readers_n = 1, .answer = answer };
	put_in(0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	OK(p11->C_Finalize(NULL));
	assert_int_equal(fake->contexts, 0);
	assert_int_equal(fake->cards, 0);
	emu_lane_free(chip.lane);
	emu_close(chip.card);
	ossl_release();
	return 0;
}

static void reader__comes_and_goes__slot_stays(void **state)
{
	(void)state;
	OK(fixture_initialize("log = off; cards = pcsc:*"));
	assert_int_equal(slots_now(true), 1);
	expect_no_event();
	fake->readers_n = 2;
	expect_no_event();
	put_in(1);
	expect_event(0, 1);
	slot_is(1, "pcsc:" SECOND);
	assert_true(slot_present(1));
	fake->readers_n = 1;
	expect_event(0, 1);
	assert_false(slot_present(1));
	assert_int_equal(slots_now(false), 2);
	fake->readers_n = 2;
	expect_event(0, 1);
	assert_true(slot_present(1));
	assert_int_equal(slots_now(false), 2);
}

static void named_reader__has_its_slot_without_a_card(void **state)
{
	(void)state;
	take_out(0);
	OK(fixture_initialize("log = off; cards = pcsc:One"));
	assert_int_equal(slots_now(false), 1);
	assert_false(slot_present(0));
	put_in(0);
	expect_event(0, 0);
	assert_true(slot_present(0));
}

static void sessions__card_taken_out__end(void **state)
{
	CK_SESSION_HANDLE s, second;
	CK_STATE st;

	(void)state;
	OK(fixture_initialize("log = off; cards = pcsc:*"));
	s = slot_session(0);
	second = slot_session(0);
	OK(fixture_login(s, CKU_USER, FIXTURE_PIN));
	take_out(0);
	expect_removed(s, second);
	expect_event(0, 0);
	expect_no_event();
	RV(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s), CKR_TOKEN_NOT_PRESENT);
	put_in(0);
	expect_event(0, 0);
	s = slot_session(0);
	OK(session_state(s, &st));
	assert_int_equal(st, CKS_RW_PUBLIC_SESSION);
}

/* Out and in again between two looks: one event, and the old sessions are over. */
static void sessions__card_exchanged__end(void **state)
{
	CK_SESSION_HANDLE s, second;

	(void)state;
	OK(fixture_initialize("log = off; cards = pcsc:*"));
	s = slot_session(0);
	take_out(0);
	put_in(0);
	expect_event(0, 0);
	expect_no_event();
	RV(p11->C_CloseSession(s), CKR_SESSION_HANDLE_INVALID);
	s = slot_session(0);
	second = slot_session(0);
	fake->removed = true;
	RV(fixture_login(s, CKU_USER, FIXTURE_PIN), CKR_DEVICE_REMOVED);
	fake->removed = false;
	RV(p11->C_CloseSession(second), CKR_SESSION_HANDLE_INVALID);
	expect_event(0, 0);
	s = slot_session(0);
	OK(fixture_login(s, CKU_USER, FIXTURE_PIN));
}

static void reader__other_one_in_its_stead(void **state)
{
	const struct fake_reader other = { .name = "Other Reader 00 00" };

	(void)state;
	OK(fixture_initialize("log = off; cards = pcsc:*"));
	fake->readers = &other;
	expect_event(0, 0);
	fake->readers = readers;
	expect_event(0, 0);
	assert_true(slot_present(0));
}

/* Each call of PC/SC fails once during a wait; there is an answer all the same. */
static void wait__with_failures__goes_on(void **state)
{
	static const char *const functions[] = { "SCardEstablishContext", "SCardListReaders",
		"SCardGetStatusChange" };

	(void)state;
	OK(fixture_initialize("log = off; cards = pcsc:*"));
	for (size_t i = 0; i < LEN(functions); i++) {
		take_out(0);
		expect_event(0, 0);
		put_in(0);
		fake->failing = functions[i];
		fake->result = (long)SCARD_E_NO_SERVICE;
		expect_event(0, 0);
		fake->failing = NULL;
	}
}

static void emulated_cards_only__nothing_is_asked(void **state)
{
	CK_SLOT_ID id;

	(void)state;
	OK(fixture_initialize(NULL));
	fake->failing = "SCardEstablishContext";
	assert_int_equal(slots_now(true), 1);
	RV(p11->C_WaitForSlotEvent(CKF_DONT_BLOCK, &id, NULL), CKR_NO_EVENT);
	assert_non_null(fake->failing);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reader__comes_and_goes__slot_stays),
		TEST(named_reader__has_its_slot_without_a_card),
		TEST(sessions__card_taken_out__end),
		TEST(sessions__card_exchanged__end),
		TEST(reader__other_one_in_its_stead),
		TEST(wait__with_failures__goes_on),
		TEST(emulated_cards_only__nothing_is_asked),
	};
	/* The carrier's dlopen finds the library by its name now. */
	void *library = dlopen(FAKE_PCSC, RTLD_NOW | RTLD_LOCAL);

	fake = library == NULL ? NULL : dlsym(library, "fake_pcsc");
	if (fake == NULL)
		return EXIT_FAILURE;
	setenv("PCSCLITE_CSOCK_NAME", FAKE_PCSC, 1); /* a service that runs */
	log_set(LOG_OFF);
	return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
