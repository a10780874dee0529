/* The carrier "pcsc:READER" when calls of PC/SC fail. */
#include "pcsc_bench.h"

/* Opens, logs in, writes, removes, logs out. */
static hsm_rc whole_story(void)
{
	struct object *o = NULL;
	struct token *t = NULL;
	struct card *card;
	hsm_rc rc;

	TRY(card_open(READER, &card));
	TRY(token_open(card, &t));
	rc = token_login(t, TOKEN_USER, rd_str(TEST_PIN));
	if (rc == HSM_OK)
		rc = pcsc_add_data(t, &o);
	if (rc == HSM_OK)
		rc = token_remove(t, o);
	if (rc == HSM_OK)
		rc = token_logout(t);
	object_free(o);
	token_close(t);
	return rc;
}

static void failures__have_their_outcome(void **state)
{
	static const struct {
		const char *function;
		long result;
		hsm_rc rc;
	} rows[] = {
		{ "SCardEstablishContext", SCARD_E_NO_SERVICE, HSM_E_PCSC_DOWN },
		{ "SCardEstablishContext", SCARD_E_NO_ACCESS, HSM_E_PCSC_DENIED },
		{ "SCardEstablishContext", SCARD_E_NO_MEMORY, HSM_E_MEMORY },
		{ "SCardEstablishContext", SCARD_E_TIMEOUT, HSM_E_IO },
		{ "SCardListReaders", SCARD_E_SERVICE_STOPPED, HSM_E_PCSC_DOWN },
		{ "SCardListReaders", SCARD_E_NO_READERS_AVAILABLE, HSM_E_NO_READER },
		{ "SCardConnect", SCARD_E_UNKNOWN_READER, HSM_E_NO_READER },
		{ "SCardConnect", SCARD_E_READER_UNAVAILABLE, HSM_E_NO_READER },
		{ "SCardConnect", SCARD_E_NO_SMARTCARD, HSM_E_NO_CARD },
		{ "SCardConnect", SCARD_W_REMOVED_CARD, HSM_E_NO_CARD },
		{ "SCardConnect", SCARD_E_SHARING_VIOLATION, HSM_E_CARD_BUSY },
		{ "SCardConnect", SCARD_E_PROTO_MISMATCH, HSM_E_CARD_DATA },
		{ "SCardConnect", SCARD_W_UNRESPONSIVE_CARD, HSM_E_MUTE },
		{ "SCardConnect", SCARD_W_UNPOWERED_CARD, HSM_E_MUTE },
		{ "SCardConnect", SCARD_W_SECURITY_VIOLATION, HSM_E_PCSC_DENIED },
		{ "SCardTransmit", SCARD_E_NOT_TRANSACTED, HSM_E_IO },
		{ "SCardTransmit", SCARD_E_INSUFFICIENT_BUFFER, HSM_E_CARD_DATA },
		{ "SCardTransmit", SCARD_E_NO_SERVICE, HSM_E_GONE },
		{ "SCardTransmit", SCARD_F_COMM_ERROR, HSM_E_GONE },
		{ "SCardTransmit", SCARD_E_INVALID_HANDLE, HSM_E_GONE },
		{ "SCardTransmit", SCARD_E_NO_SMARTCARD, HSM_E_GONE },
		{ "SCardTransmit", SCARD_E_READER_UNAVAILABLE, HSM_E_GONE },
		{ "SCardTransmit", SCARD_W_REMOVED_CARD, HSM_E_GONE },
		{ "SCardBeginTransaction", SCARD_E_SHARING_VIOLATION, HSM_E_CARD_BUSY },
		{ "SCardBeginTransaction", SCARD_W_REMOVED_CARD, HSM_E_GONE },
		{ "SCardEndTransaction", SCARD_E_SERVICE_STOPPED, HSM_E_GONE },
		{ "SCardDisconnect", SCARD_E_NO_SERVICE, HSM_OK },
		{ "SCardReleaseContext", SCARD_E_NO_SERVICE, HSM_OK },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		pcsc_fake_start();
		fake->failing = rows[i].function;
		fake->result = rows[i].result;
		assert_rc(whole_story(), rows[i].rc);
		assert_null(fake->failing);
		assert_int_equal(fake->contexts, 0);
		assert_int_equal(fake->cards, 0);
	}
	assert_ok(whole_story());
}

/* Whichever call fails: an outcome, nothing stays open, and the story works again. */
static void failures__at_every_call__nothing_is_left(void **state)
{
	static const char *const functions[] = { "SCardTransmit", "SCardBeginTransaction",
		"SCardEndTransaction" };
	static const long results[] = { SCARD_E_NOT_TRANSACTED, SCARD_W_REMOVED_CARD,
		SCARD_E_NO_SERVICE };
	unsigned failed = 0;

	for (size_t f = 0; f < COUNT(functions); f++) {
		for (unsigned call = 0;; call++) {
			pcsc_start_anew(state);
			fake->failing = functions[f];
			fake->skip = call;
			fake->result = results[call % COUNT(results)];
			failed += whole_story() != HSM_OK;
			assert_int_equal(fake->contexts, 0);
			assert_int_equal(fake->cards, 0);
			if (fake->failing != NULL)
				break;
		}
		pcsc_start_anew(state);
		assert_ok(whole_story());
	}
	assert_true(failed > 10);
}

/* A reset between any two commands: the login is lost, or nothing is. */
static void resets__at_every_call__login_or_nothing_lost(void **state)
{
	unsigned lost = 0, kept = 0;

	for (unsigned call = 0;; call++) {
		hsm_rc rc;

		pcsc_start_anew(state);
		fake->failing = "SCardTransmit";
		fake->skip = call;
		fake->result = SCARD_W_RESET_CARD;
		fake->failed = pcsc_other_resets;
		rc = whole_story();
		if (fake->failing != NULL)
			break;
		assert_true(rc == HSM_OK || rc == HSM_E_NOT_AUTH);
		lost += rc != HSM_OK;
		kept += rc == HSM_OK;
		assert_int_equal(fake->resets, 1);
	}
	assert_true(lost > 3 && kept > 3);
}

static void reconnect__fails__outcome(void **state)
{
	static const struct {
		long result;
		hsm_rc rc;
	} rows[] = {
		{ SCARD_W_REMOVED_CARD, HSM_E_GONE },
		{ SCARD_E_NO_SMARTCARD, HSM_E_GONE },
		{ SCARD_E_NO_SERVICE, HSM_E_GONE },
		{ SCARD_E_SHARING_VIOLATION, HSM_E_CARD_BUSY },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct token *t = pcsc_user_token();
		struct token_info info;

		fake->failing = "SCardReconnect";
		fake->result = rows[i].result;
		pcsc_other_resets();
		assert_rc(token_info(t, &info), rows[i].rc);
		token_close(t);
		pcsc_fake_start();
	}
}

static void answers__of_impossible_length__refused(void **state)
{
	struct token *t = pcsc_user_token();
	struct token_info info;

	(void)state;
	fake->length = 0x20000;
	assert_rc(token_info(t, &info), HSM_E_IO);
	fake->length = 1;
	assert_rc(token_info(t, &info), HSM_E_CARD_DATA);
	fake->length = 0;
	assert_ok(token_info(t, &info));
	token_close(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		READY(failures__have_their_outcome),
		READY(failures__at_every_call__nothing_is_left),
		READY(resets__at_every_call__login_or_nothing_lost),
		READY(reconnect__fails__outcome),
		READY(answers__of_impossible_length__refused),
	};

	return pcsc_run(tests, COUNT(tests));
}
