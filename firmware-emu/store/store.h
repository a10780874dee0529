/* The token file: an SQLite 3 database (specs/token-file.md). */
#ifndef TWINHSM_EMU_STORE_STORE_H
#define TWINHSM_EMU_STORE_STORE_H

#include "core/image.h"
#include "emu.h"

struct store;

/* Everything of a new card that the store does not make itself. */
struct store_factory {
	const char *chr;
	struct rd device_key; /* private scalar, brainpoolP256r1 */
	struct rd devaut;     /* contents of EF 2F02 */
	uint8_t scrypt_log2_n;
	const char *profile; /* core/profile.h */
};

/* Makes the file complete and durable, or not at all. HSM_E_TOKEN_EXISTS, _ACCESS. */
HSM_MUST hsm_rc store_create(const char *path, const struct store_factory *f);

/* A store in memory. */
HSM_MUST hsm_rc store_memory(const struct store_factory *f, struct store **out);

/* Opens an existing file and checks what it is, without changing it. HSM_E_TOKEN_*. */
HSM_MUST hsm_rc store_open(const char *path, struct store **out);
void store_close(struct store *s); /* accepts NULL */

/* The same for a copy, in memory, of such a file's bytes. */
HSM_MUST hsm_rc store_open_bytes(struct rd bytes, struct store **out);

/* What a token file with the present state has in it; replaces `out`. Not inside a transaction. */
HSM_MUST hsm_rc store_bytes(struct store *s, struct buf *out);

/* Change counter of the file (bytes 24 to 27 of an SQLite file), without locks: the cheap look.
 * Safe from any thread. */
HSM_MUST hsm_rc store_generation(struct store *s, uint32_t *out);

/* Version of the format that this program writes, and the oldest it can use. */
enum { STORE_SCHEMA = 1 };

/* Reads the whole state as one consistent image, `content` and `security` aside; records of `old`
 * (may be NULL) whose rev is the same are shared, not read again. Everything read is checked:
 * HSM_E_TOKEN_DAMAGED. */
HSM_MUST hsm_rc store_load(struct store *s, const struct emu_image *old, struct emu_image **out);

/* One write transaction; commit is durable when it returns. HSM_E_TOKEN_BUSY after some seconds. */
HSM_MUST hsm_rc store_begin(struct store *s);
HSM_MUST hsm_rc store_commit(struct store *s);
void store_rollback(struct store *s);

/* A mark inside a transaction that one command's changes can be taken back to. */
HSM_MUST hsm_rc store_mark(struct store *s);
HSM_MUST hsm_rc store_mark_end(struct store *s, bool keep);

/* Changes; only inside a transaction. Each gives what it writes a new rev. */
HSM_MUST hsm_rc store_put_file(struct store *s, uint16_t fid, struct rd data);
HSM_MUST hsm_rc store_delete_file(struct store *s, uint16_t fid);
HSM_MUST hsm_rc store_put_key(struct store *s, const struct emu_key_meta *meta, struct rd sealed);
HSM_MUST hsm_rc store_delete_key(struct store *s, uint8_t kid);
HSM_MUST hsm_rc store_put_pin(struct store *s, enum schsm_ref ref, const struct emu_pin *pin);
HSM_MUST hsm_rc store_put_tries(
        struct store *s, enum schsm_ref ref, uint8_t tries, int64_t tried_ms);

/* Uses of a key that are left; its rev stays. */
HSM_MUST hsm_rc store_put_uses(struct store *s, uint8_t kid, uint32_t left);

HSM_MUST hsm_rc store_put_kek(struct store *s, uint8_t domain, const struct emu_kek *kek);
HSM_MUST hsm_rc store_delete_kek(struct store *s, uint8_t domain);

/* What INITIALIZE DEVICE sets. */
HSM_MUST hsm_rc store_put_options(struct store *s, uint16_t options, uint8_t domains);

/* Public key authentication: how many keys, and the token key where they alone log in (else empty).
 */
HSM_MUST hsm_rc store_put_pka(
        struct store *s, uint8_t total, uint8_t required, struct rd token_key);

/* Registers a key under a number, in the place of the one that was there; `key` is its tag 7F49. */
HSM_MUST hsm_rc store_put_pka_key(struct store *s, uint8_t number, struct rd chr, struct rd key);

/* Removes all files but EF 2F02, all keys, all key domains, the user PIN and public key
 * authentication. */
HSM_MUST hsm_rc store_wipe(struct store *s);

#endif
