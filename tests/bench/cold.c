#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

extern char **environ;

/* Resident memory of this process, bytes. */
static uint64_t resident(void)
{
	unsigned long all, here;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f == NULL || fscanf(f, "%lu %lu", &all, &here) != 2)
		client_die("cannot read /proc/self/statm");
	fclose(f);
	return (uint64_t)here * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void first_signature_of_module(const char *module)
{
	char label[] = "cold";
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE t[] = { { CKA_CLASS, &class, sizeof(class) },
		{ CKA_LABEL, label, sizeof(label) - 1 } };
	CK_OBJECT_HANDLE key;
	CK_SESSION_HANDLE s;
	struct client c;
	uint8_t sig[256];
	CK_ULONG n;

	client_open(&c, module);
	s = client_session(&c, client_slot(&c, "cold"), true);
	client_must(client_find(&c, s, t, 2, &key, 1, &n), "find");
	if (n != 1)
		client_die("no key");
	client_must(client_sign(&c, s, key, CKK_EC, sig, &n), "sign");
}

static void first_signature_of_libcrypto(const char *path)
{
	FILE *f = fopen(path, "re");
	EVP_PKEY *key = f != NULL ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : NULL;
	EVP_PKEY_CTX *ctx = key != NULL ? EVP_PKEY_CTX_new(key, NULL) : NULL;
	uint8_t sig[256];
	size_t n = sizeof(sig), input_n;
	const uint8_t *input = client_input(CKK_EC, &input_n);

	if (ctx == NULL || EVP_PKEY_sign_init(ctx) != 1 ||
	        EVP_PKEY_sign(ctx, sig, &n, input, input_n) != 1)
		client_die("libcrypto does not sign");
	fclose(f);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
}

int cold_main(const char *module_or_key)
{
	const char *end = strrchr(module_or_key, '.');
	uint64_t memory;

	if (end != NULL && strcmp(end, ".pem") == 0)
		first_signature_of_libcrypto(module_or_key);
	else
		first_signature_of_module(module_or_key);
	memory = resident();
	return write(STDOUT_FILENO, &memory, sizeof(memory)) == sizeof(memory) ? 0 : 1;
}

struct cold_result {
	double ms, mib;
};

static struct cold_result run(const char *self, const char *module_or_key)
{
	char program[256], how[] = "--cold", what[256];
	char *argv[] = { program, how, what, NULL };
	posix_spawn_file_actions_t actions;
	struct cold_result result;
	uint64_t memory;
	int ends[2], status;
	double begin;
	pid_t pid;

	snprintf(program, sizeof(program), "%s", self);
	snprintf(what, sizeof(what), "%s", module_or_key);
	if (pipe2(ends, O_CLOEXEC) != 0)
		client_die("no pipe");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	begin = now();
	if (posix_spawn(&pid, self, &actions, NULL, argv, environ) != 0)
		client_die("cannot run %s", self);
	close(ends[1]);
	if (read(ends[0], &memory, sizeof(memory)) != sizeof(memory))
		client_die("no first signature");
	result = (struct cold_result){ (now() - begin) * 1e3, (double)memory / (1 << 20) };
	close(ends[0]);
	posix_spawn_file_actions_destroy(&actions);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		client_die("the cold process failed");
	return result;
}

/* A place with one token and one key, found by the environment alone. */
static void prepare_module(struct subject *s, struct client_place *place)
{
	struct client c;
	struct client_key key;
	CK_SESSION_HANDLE session;

	client_place_make(place, s->place.module, s->place.emu);
	client_make_token(place, "cold", "cheap");
	client_open(&c, place->module);
	session = client_session(&c, client_slot(&c, "cold"), true);
	client_must(client_generate(&c, session, CKK_EC, "c", 1, "cold", &key), "generate");
	client_close(&c);
}

static void prepare_libcrypto(const char *path)
{
	client_run((const char *const[]){ "openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
	        "ec_paramgen_curve:P-256", "-out", path, NULL });
}

void measure_cold(struct subject *const s[SUBJECTS], const char *self, const struct plan *plan,
        struct row *time, struct row *memory)
{
	struct client_place places[SUBJECTS];
	char key[80] = "";

	for (int i = SUBJECT_TWIN; i < SUBJECTS; i++) {
		if (s[i] != NULL)
			prepare_module(s[i], &places[i]);
	}
	snprintf(key, sizeof(key), "%s/key.pem", places[SUBJECT_TWIN].dir);
	prepare_libcrypto(key);
	for (time->n = 0; time->n < plan->rounds; time->n++) {
		for (int i = 0; i < SUBJECTS; i++) {
			struct cold_result r;

			if (s[i] == NULL)
				continue;
			r = run(self, i == SUBJECT_CRYPTO ? key : places[i].module);
			time->rounds[time->n].value[i] = r.ms;
			memory->rounds[time->n].value[i] = r.mib;
		}
	}
	memory->n = time->n;
	for (int i = SUBJECT_TWIN; i < SUBJECTS; i++) {
		if (s[i] != NULL)
			client_place_remove(&places[i]);
	}
}
