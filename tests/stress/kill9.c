/* kill9 MODULE TWINHSM_EMU ROUNDS
 * In each round a process makes key pairs and reports each one it was told is made, until SIGKILL
 * ends it at a random moment. Another process then opens the token: every reported key is there and
 * signs, and every private key has its public half. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "emu.h"

enum { ID_LEN = 4, KEYS_MAX = 100, LIFE_MAX_US = 40000 };

#define LABEL "kill9"

struct reported {
	uint8_t id[KEYS_MAX][ID_LEN];
	size_t n;
};

/* Makes key pairs forever; the first report, an empty one, says that it begins. */
static _Noreturn void make_keys(const char *module, int report)
{
	struct client c;
	struct client_key key;
	CK_SESSION_HANDLE s;
	uint8_t id[ID_LEN] = { 0 };

	client_open(&c, module);
	s = client_session(&c, client_slot(&c, LABEL), true);
	for (uint8_t i = 0; i < KEYS_MAX; i++) {
		if (write(report, id, ID_LEN) != ID_LEN)
			client_die("cannot report");
		if (getrandom(id, ID_LEN, 0) != ID_LEN)
			client_die("no random bytes");
		client_must(client_generate(&c, s, CKK_EC, id, ID_LEN, LABEL, &key),
		        "C_GenerateKeyPair");
	}
	pause();
	abort();
}

static bool read_id(int from, uint8_t id[ID_LEN])
{
	ssize_t n = read(from, id, ID_LEN);

	if (n != 0 && n != ID_LEN)
		client_die("half a report");
	return n == ID_LEN;
}

static void wait_a_little(void)
{
	uint32_t us;

	if (getrandom(&us, sizeof(us), 0) != sizeof(us))
		client_die("no random bytes");
	nanosleep(&(struct timespec){ .tv_nsec = (long)(us % LIFE_MAX_US) * 1000 }, NULL);
}

static void run_and_kill(const char *module, struct reported *out)
{
	uint8_t begun[ID_LEN];
	int ends[2];
	pid_t pid;

	if (pipe(ends) != 0 || (pid = fork()) < 0)
		client_die("no process");
	if (pid == 0) {
		close(ends[0]);
		make_keys(module, ends[1]);
	}
	close(ends[1]);
	if (!read_id(ends[0], begun))
		client_die("the key maker did not begin");
	wait_a_little();
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	out->n = 0;
	while (out->n < KEYS_MAX && read_id(ends[0], out->id[out->n]))
		out->n++;
	close(ends[0]);
}

static CK_ULONG find(const struct client *c, CK_SESSION_HANDLE s, CK_OBJECT_CLASS class,
        uint8_t *id, CK_OBJECT_HANDLE *out)
{
	CK_ATTRIBUTE t[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_ID, id, ID_LEN } };
	CK_ULONG n;

	client_must(client_find(c, s, t, id != NULL ? 2 : 1, out, 2 * KEYS_MAX, &n), "find");
	return n;
}

/* The pair with this id, which must be whole. */
static struct client_key whole_key(const struct client *c, CK_SESSION_HANDLE s, uint8_t *id)
{
	CK_OBJECT_HANDLE priv[2 * KEYS_MAX], pub[2 * KEYS_MAX];

	if (find(c, s, CKO_PRIVATE_KEY, id, priv) != 1 || find(c, s, CKO_PUBLIC_KEY, id, pub) != 1)
		client_die("half a key pair");
	return (struct client_key){ .priv = priv[0], .pub = pub[0] };
}

static void remove_all(const struct client *c, CK_SESSION_HANDLE s, CK_OBJECT_CLASS class)
{
	CK_OBJECT_HANDLE handles[2 * KEYS_MAX];
	CK_ULONG n = find(c, s, class, NULL, handles);

	while (n-- > 0)
		client_must(c->f->C_DestroyObject(s, handles[n]), "C_DestroyObject");
}

/* Looks at what the killed process left, then empties the token. */
static void examine(const char *module, struct reported *reported)
{
	CK_OBJECT_HANDLE priv[2 * KEYS_MAX], pub[2 * KEYS_MAX];
	struct client c;
	CK_SESSION_HANDLE s;
	CK_ULONG priv_n, pub_n;

	client_open(&c, module);
	s = client_session(&c, client_slot(&c, LABEL), true);
	priv_n = find(&c, s, CKO_PRIVATE_KEY, NULL, priv);
	pub_n = find(&c, s, CKO_PUBLIC_KEY, NULL, pub);
	if (priv_n != pub_n || priv_n < reported->n || priv_n > reported->n + 1)
		client_die("%zu keys reported, %lu private and %lu public found", reported->n,
		        priv_n, pub_n);
	for (CK_ULONG i = 0; i < priv_n; i++) {
		uint8_t id[ID_LEN];
		CK_ATTRIBUTE a = { CKA_ID, id, ID_LEN };
		struct client_key key;

		client_must(c.f->C_GetAttributeValue(s, priv[i], &a, 1), "CKA_ID");
		key = whole_key(&c, s, id);
		client_must(client_sign_and_check(&c, s, &key), "sign");
	}
	for (size_t i = 0; i < reported->n; i++)
		whole_key(&c, s, reported->id[i]);
	remove_all(&c, s, CKO_PRIVATE_KEY);
	remove_all(&c, s, CKO_PUBLIC_KEY);
	client_close(&c);
}

static void examine_in_a_process(const char *module, struct reported *reported)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		examine(module, reported);
		_exit(0); /* leaks are not what this looks for, in 200 processes */
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		client_die("the token did not survive");
}

/* With all objects deleted no key is left that no object shows. */
static void nothing_hidden(const struct client_place *place)
{
	char path[128];
	struct emu_info info;

	client_token_path(place, LABEL, path, sizeof(path));
	if (access(path, F_OK) != 0)
		return;
	if (emu_inspect(path, &info) != HSM_OK)
		client_die("the token file does not open");
	if (info.keys != 0)
		client_die("%u keys without an object", info.keys);
}

int main(int argc, char **argv)
{
	struct client_place place;
	struct reported reported;
	size_t keys = 0, between = 0;
	int rounds;

	if (argc != 4)
		client_die("usage: kill9 MODULE TWINHSM_EMU ROUNDS");
	rounds = atoi(argv[3]);
	client_place_make(&place, argv[1], argv[2]);
	client_make_token(&place, LABEL, "cheap");
	for (int i = 0; i < rounds; i++) {
		run_and_kill(place.module, &reported);
		examine_in_a_process(place.module, &reported);
		nothing_hidden(&place);
		keys += reported.n;
		between += reported.n > 0;
	}
	client_place_remove(&place);
	printf("%d kills, %zu keys reported, %zu rounds with at least one\n", rounds, keys,
	        between);
	return keys > 0 ? 0 : 1;
}
