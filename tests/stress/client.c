#include "client.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "point.h"

extern char **environ;

enum { CARDS_MAX = 1024 };

/* SHA-256 of "abc" (FIPS 180-2, B.1) behind its DigestInfo (RFC 8017, 9.2). */
static const uint8_t input[] = { 0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
	0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20, 0xBA, 0x78, 0x16, 0xBF, 0x8F, 0x01, 0xCF,
	0xEA, 0x41, 0x41, 0x40, 0xDE, 0x5D, 0xAE, 0x22, 0x23, 0xB0, 0x03, 0x61, 0xA3, 0x96, 0x17,
	0x7A, 0x9C, 0xB4, 0x10, 0xFF, 0x61, 0xF2, 0x00, 0x15, 0xAD };
enum { DIGEST_LEN = 32 };

void client_die(const char *format, ...)
{
	char message[256];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	fprintf(stderr, "%s[%d]: %s\n", program_invocation_short_name, (int)getpid(), message);
	_exit(1);
}

void client_must(CK_RV rv, const char *what)
{
	if (rv != CKR_OK)
		client_die("%s: 0x%lx", what, rv);
}

void client_run(const char *const argv[])
{
	posix_spawn_file_actions_t quiet;
	char *copy[16] = { NULL };
	pid_t pid;
	int status;

	for (size_t i = 0; argv[i] != NULL; i++)
		copy[i] = strdup(argv[i]);
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, argv[0], &quiet, NULL, copy, environ) != 0)
		client_die("cannot run %s", argv[0]);
	posix_spawn_file_actions_destroy(&quiet);
	for (size_t i = 0; copy[i] != NULL; i++)
		free(copy[i]);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		client_die("%s %s failed", argv[0], argv[1]);
}

static bool is_softhsm(const struct client_place *p)
{
	return strstr(p->module, "softhsm") != NULL;
}

void client_place_make(struct client_place *p, const char *module, const char *emu)
{
	char conf[80];
	FILE *f;

	*p = (struct client_place){
		.dir = "/tmp/twinhsm-stress-XXXXXX", .module = module, .emu = emu
	};
	if (mkdtemp(p->dir) == NULL)
		client_die("no temporary folder");
	if (!is_softhsm(p)) {
		unsetenv("TWINHSM_CARDS");
		return;
	}
	snprintf(conf, sizeof(conf), "%s/conf", p->dir);
	f = fopen(conf, "we");
	if (f == NULL || fprintf(f, "directories.tokendir = %s\nlog.level = ERROR\n", p->dir) < 0 ||
	        fclose(f) != 0)
		client_die("cannot write %s", conf);
	setenv("SOFTHSM2_CONF", conf, 1);
}

void client_place_remove(const struct client_place *p)
{
	client_run((const char *const[]){ "rm", "-rf", p->dir, NULL });
}

void client_token_path(const struct client_place *p, const char *label, char *out, size_t cap)
{
	snprintf(out, cap, "%s/%s.token", p->dir, label);
}

/* Adds a token file to the slots of modules initialised from now on. */
static void add_card(const char *path)
{
	const char *before = getenv("TWINHSM_CARDS");
	char cards[CARDS_MAX];

	snprintf(cards, sizeof(cards), "%s%semu:%s", before != NULL ? before : "",
	        before != NULL ? "," : "", path);
	setenv("TWINHSM_CARDS", cards, 1);
}

void client_make_token(const struct client_place *p, const char *label, const char *kdf)
{
	char path[128];

	if (is_softhsm(p)) {
		client_run((const char *const[]){ "softhsm2-util", "--init-token", "--free",
		        "--label", label, "--pin", CLIENT_PIN, "--so-pin", CLIENT_SO_PIN, NULL });
		return;
	}
	client_token_path(p, label, path, sizeof(path));
	client_run((const char *const[]){ p->emu, "create", path, "--profile", "large", "--label",
	        label, "--pin", CLIENT_PIN, "--so-pin", CLIENT_SO_PIN, "--kdf", kdf, NULL });
	add_card(path);
}

void client_open(struct client *c, const char *module)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };
	CK_C_GetFunctionList get;

	c->library = dlopen(module, RTLD_NOW | RTLD_LOCAL);
	if (c->library == NULL)
		client_die("%s", dlerror());
	get = (CK_C_GetFunctionList)dlsym(c->library, "C_GetFunctionList");
	if (get == NULL)
		client_die("%s has no C_GetFunctionList", module);
	client_must(get(&c->f), "C_GetFunctionList");
	client_must(c->f->C_Initialize(&args), "C_Initialize");
}

void client_close(struct client *c)
{
	client_must(c->f->C_Finalize(NULL), "C_Finalize");
	dlclose(c->library);
}

CK_SLOT_ID client_slot(const struct client *c, const char *label)
{
	CK_SLOT_ID slots[64];
	CK_ULONG n = 64;
	CK_TOKEN_INFO info;
	size_t width = strlen(label);

	client_must(c->f->C_GetSlotList(CK_TRUE, slots, &n), "C_GetSlotList");
	for (CK_ULONG i = 0; i < n; i++) {
		client_must(c->f->C_GetTokenInfo(slots[i], &info), "C_GetTokenInfo");
		if (memcmp(info.label, label, width) == 0 && info.label[width] == ' ')
			return slots[i];
	}
	client_die("no token %s", label);
}

CK_SESSION_HANDLE client_session(const struct client *c, CK_SLOT_ID slot, bool login)
{
	CK_UTF8CHAR pin[] = CLIENT_PIN;
	CK_SESSION_HANDLE s;

	client_must(c->f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s),
	        "C_OpenSession");
	if (login)
		client_must(c->f->C_Login(s, CKU_USER, pin, sizeof(pin) - 1), "C_Login");
	return s;
}

/* The templates of p11-kit's header want writable values. */
static CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, const void *value, size_t n)
{
	union {
		const void *from;
		void *to;
	} v = { .from = value };

	return (CK_ATTRIBUTE){ type, v.to, n };
}

CK_RV client_generate(const struct client *c, CK_SESSION_HANDLE s, CK_KEY_TYPE type, const void *id,
        size_t id_n, const char *label, struct client_key *out)
{
	static const uint8_t p256[] = { 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01,
		0x07 };
	CK_MECHANISM mech = { type == CKK_EC ? CKM_EC_KEY_PAIR_GEN : CKM_RSA_PKCS_KEY_PAIR_GEN,
		NULL, 0 };
	CK_ULONG bits = 2048;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE id_a = attribute(CKA_ID, id, id_n);
	CK_ATTRIBUTE label_a = attribute(CKA_LABEL, label, strlen(label));
	CK_ATTRIBUTE pub[] = { { CKA_TOKEN, &yes, 1 }, { CKA_VERIFY, &yes, 1 }, id_a, label_a,
		type == CKK_EC ? attribute(CKA_EC_PARAMS, p256, sizeof(p256))
		               : attribute(CKA_MODULUS_BITS, &bits, sizeof(bits)) };
	CK_ATTRIBUTE priv[] = { { CKA_TOKEN, &yes, 1 }, { CKA_PRIVATE, &yes, 1 },
		{ CKA_SENSITIVE, &yes, 1 }, { CKA_SIGN, &yes, 1 }, id_a, label_a };

	return c->f->C_GenerateKeyPair(s, &mech, pub, 5, priv, 6, &out->pub, &out->priv);
}

CK_RV client_find(const struct client *c, CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_ULONG n,
        CK_OBJECT_HANDLE *out, CK_ULONG cap, CK_ULONG *found)
{
	CK_RV rv = c->f->C_FindObjectsInit(s, t, n);
	CK_RV end;

	if (rv != CKR_OK)
		return rv;
	rv = c->f->C_FindObjects(s, out, cap, found);
	end = c->f->C_FindObjectsFinal(s);
	return rv != CKR_OK ? rv : end;
}

const uint8_t *client_input(CK_KEY_TYPE type, size_t *n)
{
	*n = type == CKK_EC ? DIGEST_LEN : sizeof(input);
	return input + sizeof(input) - *n;
}

CK_RV client_sign(const struct client *c, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key,
        CK_KEY_TYPE type, uint8_t out[256], CK_ULONG *out_n)
{
	CK_MECHANISM mech = { type == CKK_EC ? CKM_ECDSA : CKM_RSA_PKCS, NULL, 0 };
	uint8_t data[sizeof(input)];
	const uint8_t *from;
	size_t n;
	CK_RV rv = c->f->C_SignInit(s, &mech, key);

	if (rv != CKR_OK)
		return rv;
	from = client_input(type, &n);
	memcpy(data, from, n);
	*out_n = 256;
	return c->f->C_Sign(s, data, n, out, out_n);
}

CK_RV client_sign_and_check(
        const struct client *c, CK_SESSION_HANDLE s, const struct client_key *key)
{
	uint8_t sig[256], point[128];
	CK_ULONG sig_n;
	CK_ATTRIBUTE a = { CKA_EC_POINT, point, sizeof(point) };
	const uint8_t *digest;
	size_t n;
	CK_RV rv = client_sign(c, s, key->priv, CKK_EC, sig, &sig_n);

	if (rv != CKR_OK)
		return rv;
	rv = c->f->C_GetAttributeValue(s, key->pub, &a, 1);
	if (rv != CKR_OK)
		return rv;
	digest = client_input(CKK_EC, &n);
	if (!point_verify(point, a.ulValueLen, digest, n, sig, sig_n))
		client_die("a signature that its public key does not verify");
	return CKR_OK;
}
