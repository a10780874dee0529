#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

struct worker {
	const struct client *c;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;
	CK_KEY_TYPE type;
};

static void *worker_new(struct subject *s, CK_KEY_TYPE type)
{
	struct worker *w = calloc(1, sizeof(*w));

	*w = (struct worker){ &s->client, client_session(&s->client, s->slot, false),
		type == CKK_EC ? s->ec.priv : s->rsa.priv, type };
	return w;
}

static void sign(void *worker)
{
	struct worker *w = worker;
	uint8_t sig[256];
	CK_ULONG n;

	client_must(client_sign(w->c, w->session, w->key, w->type, sig, &n), "sign");
}

static void worker_free(void *worker)
{
	struct worker *w = worker;

	client_must(w->c->f->C_CloseSession(w->session), "C_CloseSession");
	free(w);
}

static void generate(struct subject *s, CK_KEY_TYPE type)
{
	client_must(client_generate(&s->client, s->session, type, "made", 4, "made", &s->made),
	        "C_GenerateKeyPair");
}

static void forget(struct subject *s)
{
	client_must(s->client.f->C_DestroyObject(s->session, s->made.priv), "delete private key");
	client_must(s->client.f->C_DestroyObject(s->session, s->made.pub), "delete public key");
}

/* A pair is two objects. */
static void fill(struct subject *s, const char *token, int objects)
{
	CK_SESSION_HANDLE h = client_session(&s->client, client_slot(&s->client, token), true);
	struct client_key key;

	for (int i = 0; i < objects / 2; i++) {
		char label[16];

		snprintf(label, sizeof(label), "key-%d", i);
		client_must(
		        client_generate(&s->client, h, CKK_EC, label, strlen(label), label, &key),
		        "fill a token");
	}
}

void subject_module_open(struct subject *s, const char *name, const char *module, const char *emu,
        const struct plan *plan)
{
	static const struct subject_ops ops = { worker_new, sign, worker_free, generate, forget };
	char token[32];

	*s = (struct subject){ .name = name, .ops = &ops };
	client_place_make(&s->place, module, emu);
	client_make_token(&s->place, "main", "cheap");
	client_make_token(&s->place, "login", "cheap");
	client_make_token(&s->place, "strong", "strong");
	for (size_t i = 0; i < 3; i++) {
		snprintf(token, sizeof(token), "find-%d", plan->objects[i]);
		client_make_token(&s->place, token, "cheap");
	}
	client_open(&s->client, module);
	for (size_t i = 0; i < 3; i++) {
		snprintf(token, sizeof(token), "find-%d", plan->objects[i]);
		fill(s, token, plan->objects[i]);
	}
	s->slot = client_slot(&s->client, "main");
	s->session = client_session(&s->client, s->slot, true);
	client_must(
	        client_generate(&s->client, s->session, CKK_EC, "e", 1, "ec", &s->ec), "EC key");
	client_must(client_generate(&s->client, s->session, CKK_RSA, "r", 1, "rsa", &s->rsa),
	        "RSA key");
}

void subject_module_close(struct subject *s)
{
	client_close(&s->client);
	client_place_remove(&s->place);
}
