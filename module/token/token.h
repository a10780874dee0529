/* The objects of one card, as PKCS#11 sees them: loaded from the card's PKCS#15 files, kept until
 * the card says that something changed, created and removed through the card. */
#ifndef TWINHSM_TOKEN_TOKEN_H
#define TWINHSM_TOKEN_TOKEN_H

#include <stdatomic.h>

#include "backup/backup.h"
#include "base/buf.h"
#include "card/card.h"
#include "p15/p15.h"
#include "p15/pubkey.h"

/* ---- object.c ---- */

enum object_kind {
	OBJECT_PRIVATE_KEY,
	OBJECT_PUBLIC_KEY,
	OBJECT_CERTIFICATE,
	OBJECT_DATA,
	OBJECT_SECRET_KEY, /* session objects only: the result of a key agreement */
};

/* One object; never changes once published, so it is read without a lock. Counted. */
struct object {
	atomic_uint refs;
	unsigned long handle; /* never reused; even for token objects, odd for session objects */
	enum object_kind kind;
	bool on_token;
	bool is_private; /* visible only after login */
	bool partial;    /* a private key, without its public half: token_whole reads that */
	uint8_t nn;      /* number on the card: kid, or that of CAnn, CDnn, CFnn */
	uint16_t fid;    /* file with the value: CEkk, CAnn, CDnn or CFnn */
	struct rd label; /* UTF-8 */
	struct rd id;
	uint16_t usage;  /* enum p15_usage, of the private key for both halves */
	uint16_t access; /* enum p15_access */
	/* Keys: the public half; certificates: the key in it, PUBKEY_NONE if unknown. A private key
	 * whose public half is not on the card has type and bits only: no modulus, point or curve.
	 */
	struct pubkey key;
	struct x509_fields x509; /* certificates */
	struct rd value; /* certificates and session objects; data objects: token_read_value */
	struct rd application, oid; /* data objects */
	struct buf bytes[2];        /* what the views above borrow from */
};

struct object *object_new(enum object_kind kind); /* one reference; NULL without memory */
struct object *object_ref(struct object *o);
void object_free(struct object *o); /* drops one reference; accepts NULL */

/* ---- objset.c: an immutable set with indexes ---- */

struct objset;

struct objset *objset_ref(struct objset *s);
void objset_free(struct objset *s); /* drops one reference; accepts NULL */
size_t objset_count(const struct objset *s);
struct object *objset_at(const struct objset *s, size_t i); /* borrowed */
struct object *objset_by_handle(const struct objset *s, unsigned long handle);
unsigned long objset_last_handle(const struct objset *s); /* the largest */

/* Objects with this label, or this id, one after the other without looking at the rest: start
 * with `*cursor` 0 and call until NULL. */
struct object *objset_by_label(const struct objset *s, struct rd label, size_t *cursor);
struct object *objset_by_id(const struct objset *s, struct rd id, size_t *cursor);

/* ---- token.c ---- */

struct token;

/* Takes the card over, also when it fails; its objects are loaded when they are first asked for. */
HSM_MUST hsm_rc token_open(struct card *card, struct token **out);
void token_close(struct token *t); /* accepts NULL */

struct card *token_card(struct token *t); /* borrowed, for signing */

struct token_info {
	struct card_identity card;
	uint8_t label[P15_LABEL_MAX];
	size_t label_n; /* 0: the card has none */
	struct pin_status user, so;
	uint32_t free_memory;
};

/* Asks the card; works without a login. */
HSM_MUST hsm_rc token_info(struct token *t, struct token_info *out);

enum token_user { TOKEN_NOBODY, TOKEN_USER, TOKEN_SO };

/* ---- view.c: the objects as they are now. A cheap look, and nothing is read but what was not read
 * yet, or changed since. `*out` is the caller's reference. Private data objects are listed; who may
 * see them the caller decides. ---- */

/* All objects, and all about them. */
HSM_MUST hsm_rc token_objects(struct token *t, struct objset **out);

/* Which objects to find. */
struct wanted {
	unsigned kinds;      /* a bit for each enum object_kind */
	struct rd label, id; /* empty: any */
	uint16_t fid;        /* file with the value; 0: any */
	bool whole;          /* private keys with their public half */
	size_t limit;        /* keys or other descriptions that are read and match; 0: no limit */
};

struct token_found {
	struct objset *set; /* what is wanted, and all that was known already */
	bool all;           /* there is no more that is wanted */
	enum token_user who;
};

/* Reads what is wanted, in the card's order. `out->set` is the caller's reference. */
HSM_MUST hsm_rc token_search(struct token *t, const struct wanted *w, struct token_found *out);

/* Is all that is wanted in this set, whatever it is? */
bool token_knows(const struct objset *s, const struct wanted *w);

/* Those that are known already: good for handles. */
HSM_MUST hsm_rc token_view(struct token *t, struct objset **out, enum token_user *who);

/* A partial object with its public half; `*out` is the caller's reference. HSM_E_NO_FILE: it is
 * gone. */
HSM_MUST hsm_rc token_whole(struct token *t, const struct object *o, struct object **out);

/* Replaces `out` by the value of a data object. HSM_E_NOT_AUTH for a private one. */
HSM_MUST hsm_rc token_read_value(struct token *t, const struct object *o, struct buf *out);

/* ---- login.c ---- */

/* Outcomes of card_verify. The SO-PIN comes as typed, 16 hex digits (HSM_E_PIN_LEN,
 * HSM_E_PIN_FORMAT); it is remembered, wiped at logout, for token_init_pin. */
HSM_MUST hsm_rc token_login(struct token *t, enum token_user who, struct rd pin);
HSM_MUST hsm_rc token_logout(struct token *t);

/* Who is logged in now; TOKEN_NOBODY as soon as the login was voided by another program. */
enum token_user token_who(struct token *t);

/* A card command answered HSM_E_NOT_AUTH: forgets a login that the card no longer knows of. */
void token_login_lost(struct token *t);

/* INITIALIZE with the SO-PIN (16 hex digits) and a label; the user PIN stays unset for the
 * application until token_init_pin. DKEK: none. HSM_E_SO_REFUSED. */
HSM_MUST hsm_rc token_init(struct token *t, struct rd so_pin, struct rd label);

/* Sets the user PIN; the SO is logged in. */
HSM_MUST hsm_rc token_init_pin(struct token *t, struct rd pin);

/* Changes the PIN of the user (nobody logged in counts as user) or the SO. */
HSM_MUST hsm_rc token_set_pin(struct token *t, struct rd old_pin, struct rd new_pin);

/* ---- create.c, update.c, remove.c ---- */

struct new_key {
	struct rd label;
	struct rd id;              /* empty: SHA-1 of the modulus or of the point */
	uint16_t usage;            /* enum p15_usage, of the private key */
	uint16_t rsa_bits;         /* RSA, or */
	const struct curve *curve; /* EC */
};

/* Generates a key pair with its request and description, all or nothing; `*priv` and `*pub` are
 * references for the caller. */
HSM_MUST hsm_rc token_generate(
        struct token *t, const struct new_key *k, struct object **priv, struct object **pub);

/* Writes a certificate: to CEkk when a private key has this id (label empty or the key's own),
 * to CAnn with a description otherwise. An empty id is made from the certificate's key. */
HSM_MUST hsm_rc token_add_certificate(
        struct token *t, struct rd label, struct rd id, struct rd der, struct object **out);

struct new_data {
	struct rd label, application, oid, value;
	bool is_private;
};

HSM_MUST hsm_rc token_add_data(struct token *t, const struct new_data *d, struct object **out);

/* Gives an object another label or id (p == NULL leaves it). For a key this renames both halves
 * and the certificate in CEkk, as the card has one description for them. */
HSM_MUST hsm_rc token_rename(
        struct token *t, const struct object *o, struct rd label, struct rd id);

/* Replaces the value of a data object. */
HSM_MUST hsm_rc token_set_value(struct token *t, const struct object *o, struct rd value);

/* Removes one object. The description of a key stays until the last of private key, public key
 * and certificate is gone. A public key that lives in a certificate: HSM_E_NOT_ALLOWED. */
HSM_MUST hsm_rc token_remove(struct token *t, const struct object *o);

/* ---- wrap.c: keys under the key of a key domain, as wrap files ---- */

/* Replaces `file` by a private key with its description and certificate or request. HSM_E_NO_FILE:
 * it is gone; others as card_wrap. */
HSM_MUST hsm_rc token_wrap(struct token *t, const struct object *o, struct buf *file);

/* A wrap file; views into its bytes. */
struct wrapped_key {
	struct wrapfile file;
	struct p15_key description; /* what the new key is to be called and used for */
	struct rd kcv;              /* of the key it is wrapped under */
};

/* HSM_E_BAD_DATA when it is malformed, or tells neither by a description nor by a public key what
 * it holds; HSM_E_BAD_ALG: a secret key. */
HSM_MUST hsm_rc token_wrapped_read(struct rd file, struct wrapped_key *out);

/* Makes a private key of it, all or nothing, under a number of its own; an empty id is made from
 * the public key. `*priv` is a reference for the caller. HSM_E_BAD_DATA: no key domain has the key
 * it is wrapped under, or it is damaged; HSM_E_UNSUPPORTED: no key domain has a key; HSM_E_BAD_ALG:
 * the card has no such keys. */
HSM_MUST hsm_rc token_unwrap(struct token *t, const struct wrapped_key *key, struct object **priv);

#endif
