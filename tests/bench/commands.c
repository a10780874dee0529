/* How many commands, and how long, the work of a PKCS#11 application takes over the wire.
 *
 * commands MODULE make KEYS [certificates]: key pairs key-1, key-2, ... on the first token, each
 *   with a certificate if asked for.
 * commands MODULE list|sign LABEL TRACE: one process after plugging in; a line for each step: what,
 *   commands, milliseconds. TRACE is what `twinhsm-emu serve --trace` writes meanwhile. */
#include <openssl/ec.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client.h"

enum { OBJECTS_MAX = 1024, SPKI_MAX = 128, CERT_MAX = 1024 };

/* A place in the trace and in time. */
struct mark {
	int commands;
	double ms;
};

static struct client client;
static const char *trace;
static struct mark start;

static CK_SESSION_HANDLE open_session(bool login)
{
	CK_SLOT_ID slots[16];
	CK_ULONG n = 16;

	client_must(client.f->C_GetSlotList(CK_TRUE, slots, &n), "C_GetSlotList");
	if (n == 0)
		client_die("no token");
	return client_session(&client, slots[0], login);
}

/* ---- keys and certificates ---- */

/* A certificate for a public key (its SubjectPublicKeyInfo), signed by a key that is forgotten. */
static size_t make_certificate(const uint8_t *spki, long n, const char *name, uint8_t *out)
{
	EVP_PKEY *key = d2i_PUBKEY(NULL, &spki, n), *issuer = EVP_EC_gen("P-256");
	X509_NAME *subject;
	X509 *x = X509_new();
	int made;

	if (key == NULL || issuer == NULL || x == NULL)
		client_die("no key for a certificate");
	subject = X509_get_subject_name(x);
	if (X509_set_version(x, X509_VERSION_3) != 1 ||
	        X509_NAME_add_entry_by_txt(
	                subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0) != 1 ||
	        X509_set_issuer_name(x, subject) != 1 ||
	        X509_gmtime_adj(X509_getm_notBefore(x), 0) == NULL ||
	        X509_gmtime_adj(X509_getm_notAfter(x), 86400) == NULL ||
	        X509_set_pubkey(x, key) != 1 || X509_sign(x, issuer, EVP_sha256()) == 0)
		client_die("no certificate");
	made = i2d_X509(x, NULL);
	if (made <= 0 || made > CERT_MAX || i2d_X509(x, &out) != made)
		client_die("a certificate that is too long");
	X509_free(x);
	EVP_PKEY_free(issuer);
	EVP_PKEY_free(key);
	return (size_t)made;
}

static void add_certificate(
        CK_SESSION_HANDLE s, CK_OBJECT_HANDLE pub, char *label, uint8_t *id, CK_ULONG id_n)
{
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_CERTIFICATE_TYPE type = CKC_X_509;
	CK_BBOOL yes = CK_TRUE;
	uint8_t spki[SPKI_MAX], der[CERT_MAX];
	CK_ATTRIBUTE info = { CKA_PUBLIC_KEY_INFO, spki, sizeof(spki) };
	CK_OBJECT_HANDLE made;

	client_must(client.f->C_GetAttributeValue(s, pub, &info, 1), "public key");
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_CERTIFICATE_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_LABEL, label, strlen(label) },
		{ CKA_ID, id, id_n },
		{ CKA_VALUE, der, make_certificate(spki, (long)info.ulValueLen, label, der) },
	};
	client_must(client.f->C_CreateObject(s, t, sizeof(t) / sizeof(t[0]), &made), "certificate");
}

static void make_keys(int keys, bool certificates)
{
	CK_SESSION_HANDLE s = open_session(true);

	for (int i = 1; i <= keys; i++) {
		uint8_t id[] = { (uint8_t)(i >> 8), (uint8_t)i };
		struct client_key key;
		char label[16];

		snprintf(label, sizeof(label), "key-%d", i);
		client_must(client_generate(&client, s, CKK_EC, id, sizeof(id), label, &key),
		        "C_GenerateKeyPair");
		if (certificates)
			add_certificate(s, key.pub, label, id, sizeof(id));
	}
}

/* ---- counting ---- */

static int commands_so_far(void)
{
	FILE *f = fopen(trace, "re");
	char *line = NULL;
	size_t cap = 0;
	int n = 0;

	if (f == NULL)
		client_die("cannot read %s", trace);
	while (getline(&line, &cap, f) > 0)
		n += line[0] == '>';
	free(line);
	fclose(f);
	return n;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Prints what was done since the mark, and moves it to now. */
static void step(const char *what, struct mark *since)
{
	struct mark here = { commands_so_far(), now() };

	printf("%s\t%d\t%.0f\n", what, here.commands - since->commands, here.ms - since->ms);
	*since = (struct mark){ here.commands, now() };
}

/* ---- what is counted ---- */

/* The objects of a class by label, ID and type: what a program needs to show or choose one. At
 * least `keys` must be there: OpenSC shows 128 objects of a token, the private keys first. */
static void list(CK_SESSION_HANDLE s, CK_OBJECT_CLASS class, CK_ULONG keys)
{
	CK_ATTRIBUTE by_class = { CKA_CLASS, &class, sizeof(class) };
	CK_OBJECT_HANDLE found[OBJECTS_MAX];
	CK_ULONG n, type;

	client_must(client_find(&client, s, &by_class, 1, found, OBJECTS_MAX, &n), "find");
	if (n < keys)
		client_die("%lu keys where %lu should be", n, keys);
	for (CK_ULONG i = 0; i < n; i++) {
		char label[256], id[256];
		CK_ATTRIBUTE t[] = { { CKA_LABEL, label, sizeof(label) },
			{ CKA_ID, id, sizeof(id) }, { CKA_KEY_TYPE, &type, sizeof(type) } };

		client_must(client.f->C_GetAttributeValue(s, found[i], t, 3), "label, ID, type");
	}
}

static void run_list(CK_ULONG keys)
{
	struct mark last = start;
	CK_SESSION_HANDLE s = open_session(false);
	CK_UTF8CHAR pin[] = CLIENT_PIN;

	step("open a session", &last);
	client_must(client.f->C_Login(s, CKU_USER, pin, sizeof(pin) - 1), "C_Login");
	step("login", &last);
	list(s, CKO_PRIVATE_KEY, keys);
	step("from the start to a list of the keys", &start);
	last = start;
	list(s, CKO_PRIVATE_KEY, keys);
	step("list them again", &last);
	list(s, CKO_PUBLIC_KEY, 1);
	step("list the public keys", &last);
}

static CK_OBJECT_HANDLE find_key(CK_SESSION_HANDLE s, char *label)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE t[] = { { CKA_CLASS, &class, sizeof(class) },
		{ CKA_LABEL, label, strlen(label) } };
	CK_OBJECT_HANDLE key;
	CK_ULONG n;

	client_must(client_find(&client, s, t, 2, &key, 1, &n), "find");
	if (n != 1)
		client_die("no key %s", label);
	return key;
}

static void run_sign(char *label)
{
	static const uint8_t id[] = { 0xFF, 0xFF };
	CK_SESSION_HANDLE s = open_session(true);
	CK_OBJECT_HANDLE key = find_key(s, label);
	struct client_key made;
	uint8_t sig[256];
	CK_ULONG n;

	client_must(client_sign(&client, s, key, CKK_EC, sig, &n), "sign");
	step("from the start to a signature", &start);
	client_must(client_sign(&client, s, find_key(s, label), CKK_EC, sig, &n), "sign");
	step("find the key and sign again", &start);
	/* OpenSC makes no 129th object. */
	if (client_generate(&client, s, CKK_EC, id, sizeof(id), "new", &made) != CKR_OK)
		return;
	step("key generation", &start);
	client_must(client_sign(&client, s, find_key(s, label), CKK_EC, sig, &n), "sign");
	step("find the key and sign after it", &start);
}

int main(int argc, char **argv)
{
	bool making = argc > 3 && strcmp(argv[2], "make") == 0;

	if (!making && argc != 5)
		client_die("usage: commands MODULE make KEYS [certificates] | MODULE list KEYS "
		           "TRACE | MODULE sign LABEL TRACE");
	trace = argv[4];
	if (!making)
		start = (struct mark){ commands_so_far(), now() };
	client_open(&client, argv[1]);
	if (making)
		make_keys(atoi(argv[3]), argc > 4);
	else if (strcmp(argv[2], "list") == 0)
		run_list((CK_ULONG)atoi(argv[3]));
	else
		run_sign(argv[3]);
	client_close(&client);
	return 0;
}
