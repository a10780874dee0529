/* threads MODULE TWINHSM_EMU ROUNDS
 * One process, one token, threads that sign with one key while others make and delete objects, open
 * and close sessions, ask for token information, and log out and in again. Run under
 * ThreadSanitizer as well; without it, it checks that every signature is right and that the only
 * refusals are those that a logout explains. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

#define TOKEN "threads"

struct shared {
	struct client c;
	CK_SLOT_ID slot;
	struct client_key key;
	atomic_bool logouts; /* the phase in which a thread logs out */
	int rounds;
};

static bool is_logout(const struct shared *sh, CK_RV rv)
{
	return atomic_load(&sh->logouts) &&
	       (rv == CKR_USER_NOT_LOGGED_IN || rv == CKR_KEY_HANDLE_INVALID ||
	               rv == CKR_OBJECT_HANDLE_INVALID || rv == CKR_OPERATION_NOT_INITIALIZED);
}

static void expect(const struct shared *sh, CK_RV rv, const char *what)
{
	if (!is_logout(sh, rv))
		client_must(rv, what);
}

static void *sign(void *arg)
{
	struct shared *sh = arg;
	CK_SESSION_HANDLE s = client_session(&sh->c, sh->slot, false);

	for (int i = 0; i < sh->rounds; i++)
		expect(sh, client_sign_and_check(&sh->c, s, &sh->key), "sign");
	client_must(sh->c.f->C_CloseSession(s), "C_CloseSession");
	return NULL;
}

static void *change(void *arg)
{
	struct shared *sh = arg;
	CK_SESSION_HANDLE s = client_session(&sh->c, sh->slot, false);

	for (int i = 0; i < sh->rounds / 4; i++) {
		struct client_key key;
		CK_RV rv = client_generate(&sh->c, s, CKK_EC, &i, sizeof(i), "short-lived", &key);

		expect(sh, rv, "generate");
		if (rv != CKR_OK)
			continue;
		expect(sh, client_sign_and_check(&sh->c, s, &key), "sign with a new key");
		expect(sh, sh->c.f->C_DestroyObject(s, key.priv), "delete private key");
		expect(sh, sh->c.f->C_DestroyObject(s, key.pub), "delete public key");
	}
	client_must(sh->c.f->C_CloseSession(s), "C_CloseSession");
	return NULL;
}

static void *look(void *arg)
{
	struct shared *sh = arg;
	char label[] = "shared";
	CK_ATTRIBUTE t = { CKA_LABEL, label, sizeof(label) - 1 };

	for (int i = 0; i < sh->rounds; i++) {
		CK_SESSION_HANDLE s = client_session(&sh->c, sh->slot, false);
		CK_OBJECT_HANDLE found[4];
		CK_TOKEN_INFO info;
		CK_ULONG n;

		client_must(client_find(&sh->c, s, &t, 1, found, 4, &n), "find");
		if (n != 2 && !atomic_load(&sh->logouts))
			client_die("%lu objects with the label", n);
		client_must(sh->c.f->C_GetTokenInfo(sh->slot, &info), "C_GetTokenInfo");
		client_must(sh->c.f->C_CloseSession(s), "C_CloseSession");
	}
	return NULL;
}

static void *log_out_and_in(void *arg)
{
	struct shared *sh = arg;
	CK_UTF8CHAR pin[] = CLIENT_PIN;
	CK_SESSION_HANDLE s = client_session(&sh->c, sh->slot, false);

	for (int i = 0; i < sh->rounds / 4; i++) {
		client_must(sh->c.f->C_Logout(s), "C_Logout");
		client_must(sh->c.f->C_Login(s, CKU_USER, pin, sizeof(pin) - 1), "C_Login");
	}
	client_must(sh->c.f->C_CloseSession(s), "C_CloseSession");
	return NULL;
}

static void run_together(struct shared *sh, void *(*const work[])(void *), size_t n)
{
	pthread_t ids[8];

	for (size_t i = 0; i < n; i++) {
		if (pthread_create(&ids[i], NULL, work[i], sh) != 0)
			client_die("no thread");
	}
	for (size_t i = 0; i < n; i++)
		pthread_join(ids[i], NULL);
}

int main(int argc, char **argv)
{
	void *(*const work[])(void *) = { sign, sign, change, change, look, log_out_and_in };
	struct client_place place;
	struct shared sh = { 0 };
	CK_SESSION_HANDLE s;

	if (argc != 4)
		client_die("usage: threads MODULE TWINHSM_EMU ROUNDS");
	sh.rounds = atoi(argv[3]);
	client_place_make(&place, argv[1], argv[2]);
	client_make_token(&place, TOKEN, "cheap");
	client_open(&sh.c, place.module);
	sh.slot = client_slot(&sh.c, TOKEN);
	s = client_session(&sh.c, sh.slot, true);
	client_must(client_generate(&sh.c, s, CKK_EC, "s", 1, "shared", &sh.key), "generate");
	run_together(&sh, work, 5);
	atomic_store(&sh.logouts, true);
	run_together(&sh, work, 6);
	client_must(client_sign_and_check(&sh.c, s, &sh.key), "sign at the end");
	client_close(&sh.c);
	client_place_remove(&place);
	return 0;
}
