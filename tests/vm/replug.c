/* replug MODULE ROUNDS: an application that signs with the only key pair on the only token, over
 * and over, while somebody pulls the token out and puts it back. Says "signing" when it does,
 * "gone" when the token went, and checks what the module answers meanwhile. */
#include <stdio.h>
#include <stdlib.h>

#include "client.h"

static struct client client;

/* The slot of the token, as soon as there is one. */
static CK_SLOT_ID wait_for_token(void)
{
	CK_SLOT_ID slot, event;
	CK_ULONG n = 1;

	client_must(client.f->C_GetSlotList(CK_TRUE, &slot, &n), "C_GetSlotList");
	while (n == 0) {
		client_must(client.f->C_WaitForSlotEvent(0, &event, NULL), "C_WaitForSlotEvent");
		n = 1;
		client_must(client.f->C_GetSlotList(CK_TRUE, &slot, &n), "C_GetSlotList");
	}
	return slot;
}

static CK_OBJECT_HANDLE object(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class)
{
	CK_BYTE id = 0x10;
	CK_ATTRIBUTE wanted[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_ID, &id, sizeof(id) },
	};
	CK_OBJECT_HANDLE found;
	CK_ULONG n;

	client_must(client_find(&client, session, wanted, 2, &found, 1, &n), "C_FindObjects");
	if (n != 1)
		client_die("%lu objects", n);
	return found;
}

/* What the first signature that failed said. */
static CK_RV sign_until_it_fails(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
	uint8_t out[256];
	CK_ULONG n;
	CK_RV rv;

	do
		rv = client_sign(&client, session, key, CKK_EC, out, &n);
	while (rv == CKR_OK);
	return rv;
}

static void expect(CK_RV got, CK_RV want, const char *what)
{
	if (got != want)
		client_die("%s: 0x%lx is not 0x%lx", what, got, want);
}

static void play_round(void)
{
	CK_SLOT_ID slot = wait_for_token();
	CK_SESSION_HANDLE session = client_session(&client, slot, true);
	const struct client_key key = {
		.priv = object(session, CKO_PRIVATE_KEY),
		.pub = object(session, CKO_PUBLIC_KEY),
	};
	CK_SESSION_INFO info;
	CK_TOKEN_INFO token;
	CK_RV rv;

	client_must(client_sign_and_check(&client, session, &key), "a signature");
	puts("signing");
	rv = sign_until_it_fails(session, key.priv);
	if (rv != CKR_DEVICE_REMOVED && rv != CKR_SESSION_HANDLE_INVALID)
		client_die("a signature while the token goes: 0x%lx", rv);
	expect(client.f->C_GetTokenInfo(slot, &token), CKR_TOKEN_NOT_PRESENT, "C_GetTokenInfo");
	expect(client.f->C_GetSessionInfo(session, &info), CKR_SESSION_HANDLE_INVALID,
	        "C_GetSessionInfo");
	expect(client.f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session),
	        CKR_TOKEN_NOT_PRESENT, "C_OpenSession");
	puts("gone");
}

int main(int argc, char **argv)
{
	if (argc != 3)
		client_die("usage: replug MODULE ROUNDS");
	setvbuf(stdout, NULL, _IOLBF, 0);
	client_open(&client, argv[1]);
	for (int left = atoi(argv[2]); left > 0; left--)
		play_round();
	client_close(&client);
	return EXIT_SUCCESS;
}
