/* processes MODULE TWINHSM_EMU PROCESSES THREADS ROUNDS
 * Processes, each with threads, each thread with a session, work on one token at once. Every thread
 * makes, finds, uses, renames and deletes keys of its own while the others do the same, and signs
 * with whatever key of the others it sees. What each leaves behind is there at the end, no more. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"

enum { ALL_MAX = 128, LABEL_LEN = 32 };

#define TOKEN "processes"

struct worker {
	const struct client *c;
	CK_SLOT_ID slot;
	int process, thread, rounds;
	pthread_t id;
};

static CK_ULONG find_label(const struct client *c, CK_SESSION_HANDLE s, CK_OBJECT_CLASS class,
        char *label, CK_OBJECT_HANDLE *out)
{
	CK_ATTRIBUTE t[] = { { CKA_CLASS, &class, sizeof(class) },
		{ CKA_LABEL, label, label != NULL ? strlen(label) : 0 } };
	CK_ULONG n;

	client_must(client_find(c, s, t, label != NULL ? 2 : 1, out, ALL_MAX, &n), "find");
	return n;
}

static struct client_key find_pair(const struct client *c, CK_SESSION_HANDLE s, char *label)
{
	CK_OBJECT_HANDLE priv[ALL_MAX], pub[ALL_MAX];
	CK_ULONG priv_n = find_label(c, s, CKO_PRIVATE_KEY, label, priv);
	CK_ULONG pub_n = find_label(c, s, CKO_PUBLIC_KEY, label, pub);

	if (priv_n != 1 || pub_n != 1)
		client_die("%s: %lu private and %lu public keys", label, priv_n, pub_n);
	return (struct client_key){ .priv = priv[0], .pub = pub[0] };
}

static void rename_key(
        const struct client *c, CK_SESSION_HANDLE s, const struct client_key *key, char *label)
{
	CK_ATTRIBUTE a = { CKA_LABEL, label, strlen(label) };

	client_must(c->f->C_SetAttributeValue(s, key->priv, &a, 1), "rename private key");
	client_must(c->f->C_SetAttributeValue(s, key->pub, &a, 1), "rename public key");
}

/* Others may delete the key between our look and our use; nothing else may go wrong. */
static void sign_with_any(const struct client *c, CK_SESSION_HANDLE s)
{
	CK_OBJECT_HANDLE all[ALL_MAX];
	CK_ULONG n = find_label(c, s, CKO_PRIVATE_KEY, NULL, all), sig_n;
	uint8_t sig[256];
	CK_RV rv;

	if (n == 0)
		return;
	rv = client_sign(c, s, all[n / 2], CKK_EC, sig, &sig_n);
	if (rv != CKR_OK && rv != CKR_KEY_HANDLE_INVALID && rv != CKR_OBJECT_HANDLE_INVALID)
		client_die("sign with another's key: 0x%lx", rv);
}

static void one_round(const struct worker *w, CK_SESSION_HANDLE s, int round)
{
	char made[LABEL_LEN], renamed[LABEL_LEN];
	struct client_key key, found;

	snprintf(made, sizeof(made), "made-%d-%d-%d", w->process, w->thread, round);
	snprintf(renamed, sizeof(renamed), "kept-%d-%d", w->process, w->thread);
	client_must(client_generate(w->c, s, CKK_EC, made, strlen(made), made, &key), "generate");
	found = find_pair(w->c, s, made);
	if (found.priv != key.priv || found.pub != key.pub)
		client_die("%s: other handles than it was made with", made);
	client_must(client_sign_and_check(w->c, s, &found), "sign");
	sign_with_any(w->c, s);
	if (round > 0) {
		found = find_pair(w->c, s, renamed);
		client_must(w->c->f->C_DestroyObject(s, found.priv), "delete private key");
		client_must(w->c->f->C_DestroyObject(s, found.pub), "delete public key");
	}
	rename_key(w->c, s, &key, renamed);
	found = find_pair(w->c, s, renamed);
	client_must(client_sign_and_check(w->c, s, &found), "sign after renaming");
}

static void *work(void *arg)
{
	const struct worker *w = arg;
	CK_SESSION_HANDLE s = client_session(w->c, w->slot, false);

	for (int round = 0; round < w->rounds; round++)
		one_round(w, s, round);
	client_must(w->c->f->C_CloseSession(s), "C_CloseSession");
	return NULL;
}

static _Noreturn void process(const char *module, int number, int threads, int rounds)
{
	struct worker *w = calloc((size_t)threads, sizeof(*w));
	struct client c;

	client_open(&c, module);
	client_session(&c, client_slot(&c, TOKEN), true);
	for (int i = 0; i < threads; i++) {
		w[i] = (struct worker){ &c, client_slot(&c, TOKEN), number, i, rounds, 0 };
		if (pthread_create(&w[i].id, NULL, work, &w[i]) != 0)
			client_die("no thread");
	}
	for (int i = 0; i < threads; i++)
		pthread_join(w[i].id, NULL);
	free(w);
	client_close(&c);
	exit(0);
}

static void wait_for_all(int processes)
{
	bool failed = false;
	int status;

	for (int i = 0; i < processes; i++)
		failed |= wait(&status) < 0 || status != 0;
	if (failed)
		client_die("a process failed");
}

/* Exactly the key that each thread kept, and it works. */
static void examine(const char *module, int processes, int threads)
{
	CK_OBJECT_HANDLE all[ALL_MAX];
	CK_ULONG expected = (CK_ULONG)(processes * threads);
	struct client c;
	CK_SESSION_HANDLE s;

	client_open(&c, module);
	s = client_session(&c, client_slot(&c, TOKEN), true);
	if (find_label(&c, s, CKO_PRIVATE_KEY, NULL, all) != expected ||
	        find_label(&c, s, CKO_PUBLIC_KEY, NULL, all) != expected)
		client_die("not the %lu key pairs that were kept", expected);
	for (int p = 0; p < processes; p++) {
		for (int t = 0; t < threads; t++) {
			char label[LABEL_LEN];
			struct client_key key;

			snprintf(label, sizeof(label), "kept-%d-%d", p, t);
			key = find_pair(&c, s, label);
			client_must(client_sign_and_check(&c, s, &key), "sign at the end");
		}
	}
	client_close(&c);
}

int main(int argc, char **argv)
{
	struct client_place place;
	int processes, threads;

	if (argc != 6)
		client_die("usage: processes MODULE TWINHSM_EMU PROCESSES THREADS ROUNDS");
	processes = atoi(argv[3]);
	threads = atoi(argv[4]);
	client_place_make(&place, argv[1], argv[2]);
	client_make_token(&place, TOKEN, "cheap");
	for (int i = 0; i < processes; i++) {
		pid_t pid = fork();

		if (pid < 0)
			client_die("no process");
		if (pid == 0)
			process(place.module, i, threads, atoi(argv[5]));
	}
	wait_for_all(processes);
	examine(place.module, processes, threads);
	client_place_remove(&place);
	return 0;
}
