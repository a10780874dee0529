/* turns MODULE RESET REMOVE INSERT STOP: an application that stays logged in to the only card of
 * the module while other programs, the shell commands in the arguments, reset the card, take it
 * away, put it back, and end the PC/SC service. */
#include <stdio.h>
#include <stdlib.h>

#include "client.h"

static struct client client;
static CK_SLOT_ID slot;
static CK_SESSION_HANDLE session;
static struct client_key key;

static void other_program(const char *command)
{
	if (system(command) != 0)
		client_die("failed: %s", command);
}

static void expect(CK_RV got, CK_RV want, const char *what)
{
	if (got != want)
		client_die("%s: 0x%lx is not 0x%lx", what, got, want);
}

static CK_RV sign(void)
{
	uint8_t out[256];
	CK_ULONG n;

	return client_sign(&client, session, key.priv, CKK_EC, out, &n);
}

/* The next event, which must be that of our slot. */
static CK_RV next_event(CK_FLAGS flags)
{
	CK_SLOT_ID id = slot;
	CK_RV rv = client.f->C_WaitForSlotEvent(flags, &id, NULL);

	if (id != slot)
		client_die("event of slot %lu", id);
	return rv;
}

static CK_STATE session_state(void)
{
	CK_SESSION_INFO info;

	client_must(client.f->C_GetSessionInfo(session, &info), "C_GetSessionInfo");
	return info.state;
}

static void log_in(void)
{
	CK_UTF8CHAR pin[] = CLIENT_PIN;

	client_must(client.f->C_Login(session, CKU_USER, pin, sizeof(pin) - 1), "C_Login");
}

/* Nothing but the login is lost: the session and the handles stay. */
static void after_reset(const char *reset)
{
	other_program(reset);
	expect(sign(), CKR_USER_NOT_LOGGED_IN, "signature after a reset");
	expect(session_state(), CKS_RW_PUBLIC_SESSION, "state after a reset");
	log_in();
	client_must(client_sign_and_check(&client, session, &key), "signature after a new login");

	other_program(reset);
	expect(client.f->C_Logout(session), CKR_OK, "logout after a reset");
	other_program(reset);
	log_in();
	expect(session_state(), CKS_RW_USER_FUNCTIONS, "state after login");
	client_must(client_sign_and_check(&client, session, &key), "signature after login");
}

static void after_removal(const char *take_away, const char *put_back)
{
	CK_RV rv;

	expect(next_event(CKF_DONT_BLOCK), CKR_NO_EVENT, "C_WaitForSlotEvent before");
	other_program(take_away);
	rv = sign();
	if (rv == CKR_DEVICE_ERROR)
		rv = sign();
	expect(rv, CKR_DEVICE_REMOVED, "signature without a card");
	expect(client_generate(&client, session, CKK_EC, "\2", 1, "two", &key),
	        CKR_SESSION_HANDLE_INVALID, "key generation without a card");
	expect(next_event(0), CKR_OK, "C_WaitForSlotEvent, removal");
	expect(client.f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session),
	        CKR_TOKEN_NOT_PRESENT, "C_OpenSession without a card");

	expect(next_event(CKF_DONT_BLOCK), CKR_NO_EVENT, "C_WaitForSlotEvent, a second removal");
	other_program(put_back);
	expect(next_event(0), CKR_OK, "C_WaitForSlotEvent, insertion");
	session = client_session(&client, slot, true);
	client_must(client_generate(&client, session, CKK_EC, "\3", 1, "three", &key),
	        "key generation with the card");
	client_must(client_sign_and_check(&client, session, &key), "signature with the card");
}

static void after_the_service(const char *stop)
{
	other_program(stop);
	expect(sign(), CKR_DEVICE_REMOVED, "signature without the service");
	expect(sign(), CKR_SESSION_HANDLE_INVALID, "another one");
	expect(next_event(0), CKR_OK, "C_WaitForSlotEvent, end of the service");
	expect(client.f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session),
	        CKR_TOKEN_NOT_PRESENT, "C_OpenSession without the service");
}

int main(int argc, char **argv)
{
	CK_ULONG n = 1;

	if (argc != 6)
		client_die("usage: turns MODULE RESET REMOVE INSERT STOP");
	client_open(&client, argv[1]);
	client_must(client.f->C_GetSlotList(CK_TRUE, &slot, &n), "C_GetSlotList");
	session = client_session(&client, slot, true);
	client_must(
	        client_generate(&client, session, CKK_EC, "\1", 1, "one", &key), "key generation");
	client_must(client_sign_and_check(&client, session, &key), "signature");
	after_reset(argv[2]);
	after_removal(argv[3], argv[4]);
	after_the_service(argv[5]);
	client_close(&client);
	puts("the application is content");
	return EXIT_SUCCESS;
}
