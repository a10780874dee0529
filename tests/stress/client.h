/* A PKCS#11 application for stress tests and the benchmark: any module, throw-away tokens. It ends
 * the process with a message when a call fails that the caller did not ask to see. */
#ifndef TWINHSM_TESTS_CLIENT_H
#define TWINHSM_TESTS_CLIENT_H

#include <p11-kit/pkcs11.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLIENT_PIN    "648219"
#define CLIENT_SO_PIN "3537363231383830"

/* Prints "<program>: message" and ends the process with status 1. */
_Noreturn void client_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* client_die unless rv is CKR_OK. */
void client_must(CK_RV rv, const char *what);

/* ---- a place for tokens ---- */

struct client_place {
	char dir[64];       /* temporary folder */
	const char *module; /* path of the module: ours, or SoftHSM's */
	const char *emu;    /* path of twinhsm-emu */
};

/* Makes the folder and points the environment of this process and its children at it. */
void client_place_make(struct client_place *p, const char *module, const char *emu);
void client_place_remove(const struct client_place *p);

/* Makes a token with both PINs set; `kdf` is "cheap" or "strong". */
void client_make_token(const struct client_place *p, const char *label, const char *kdf);

/* Path of our token file with this label into `out`. */
void client_token_path(const struct client_place *p, const char *label, char *out, size_t cap);

/* Runs a program found by PATH to its end, its output thrown away; client_die when it fails. */
void client_run(const char *const argv[]);

/* ---- the application ---- */

struct client {
	void *library;
	CK_FUNCTION_LIST *f;
};

/* Loads the module and calls C_Initialize for threads. */
void client_open(struct client *c, const char *module);
void client_close(struct client *c);

CK_SLOT_ID client_slot(const struct client *c, const char *label);

/* A read-write session; with the user logged in when `login` (once per process is enough). */
CK_SESSION_HANDLE client_session(const struct client *c, CK_SLOT_ID slot, bool login);

struct client_key {
	CK_OBJECT_HANDLE priv, pub;
};

/* A key pair on the token, P-256 or RSA-2048; answers what C_GenerateKeyPair said. */
CK_RV client_generate(const struct client *c, CK_SESSION_HANDLE s, CK_KEY_TYPE type, const void *id,
        size_t id_n, const char *label, struct client_key *out);

/* The handles of the objects that match, at most `cap`; CKR of the first call that failed. */
CK_RV client_find(const struct client *c, CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_ULONG n,
        CK_OBJECT_HANDLE *out, CK_ULONG cap, CK_ULONG *found);

/* One signature over fixed input: a 32-byte digest for EC (CKM_ECDSA), its DigestInfo for RSA
 * (CKM_RSA_PKCS). */
CK_RV client_sign(const struct client *c, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key,
        CK_KEY_TYPE type, uint8_t out[256], CK_ULONG *out_n);

/* The input that client_sign signs. */
const uint8_t *client_input(CK_KEY_TYPE type, size_t *n);

/* Signs with a P-256 private key and checks with libcrypto against the public key object. */
CK_RV client_sign_and_check(
        const struct client *c, CK_SESSION_HANDLE s, const struct client_key *key);

#endif
