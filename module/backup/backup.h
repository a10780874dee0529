/* Files and texts that carry keys from card to card, as sc-hsm-tool has them: DKEK share files,
 * passwords split n of m, wrapped keys, public keys for authentication (specs/backup.md). Bytes
 * and views only; callers hold ossl_acquire. */
#ifndef TWINHSM_BACKUP_BACKUP_H
#define TWINHSM_BACKUP_BACKUP_H

#include "base/secret.h"
#include "base/wr.h"

/* ---- DKEK share file ---- */

enum {
	SHARE_LEN = 32,
	SHAREFILE_LEN = 64,
	SHAREFILE_SALT = 8,
	SHAREFILE_ROUNDS = 10000000,
};

/* Told now and then how far a long computation is; what it answers false to ends as
 * HSM_E_CANCELLED. */
struct progress {
	bool (*tell)(void *arg, uint32_t done, uint32_t total);
	void *arg;
};

/* Writes a share file of SHAREFILE_LEN bytes. `share` has SHARE_LEN bytes and `salt`
 * SHAREFILE_SALT random ones, else HSM_E_BAD_LEN; the password may have any length. Takes seconds;
 * `progress` may be NULL. HSM_E_SMALL, HSM_E_CANCELLED. */
HSM_MUST hsm_rc sharefile_seal(struct rd share, struct rd salt, struct rd password,
        const struct progress *progress, struct wr *out);

/* Is this a share file, or the beginning of one? Bytes after SHAREFILE_LEN are ignored. Cheap: to
 * be asked before a password is. HSM_E_BAD_DATA. */
HSM_MUST hsm_rc sharefile_check(struct rd file);

/* Opens a share file: `share` gets SHARE_LEN bytes, or nothing unless HSM_OK. HSM_E_BAD_DATA when
 * it is not one, HSM_E_PASSWORD_WRONG (or the file was damaged), HSM_E_CANCELLED. Takes seconds;
 * `progress` may be NULL. */
HSM_MUST hsm_rc sharefile_open(
        struct rd file, struct rd password, const struct progress *progress, struct secret *share);

/* ---- a password split n of m ---- */

enum {
	SPLIT_LEN = 8, /* of the secret, the prime and the values */
	SPLIT_THRESHOLD_MIN = 2,
	SPLIT_TOTAL_MIN = 3,
	SPLIT_TOTAL_MAX = 255,
	SPLIT_TEXT = 3 * SPLIT_LEN, /* with the terminator */
};

struct split_share {
	uint8_t id; /* from 1 */
	uint8_t value[SPLIT_LEN];
};

struct split {
	uint8_t prime[SPLIT_LEN];
	size_t n;
	struct split_share share[SPLIT_TOTAL_MAX]; /* the id of share[i] is i + 1 */
};

void split_wipe(struct split *s);
#define AUTO_SPLIT __attribute__((cleanup(split_wipe))) struct split

/* A secret from SPLIT_LEN random bytes (of a card, or ossl_random): the top bit is cleared.
 * HSM_E_BAD_DATA when the first byte is 0 then, which sc-hsm-tool would lose: take other bytes. */
HSM_MUST hsm_rc split_secret(struct rd random, struct secret *out);

/* HSM_E_BAD_PARAM unless threshold and total are in the limits above and threshold <= total. */
HSM_MUST hsm_rc split_limits(unsigned threshold, unsigned total);

/* Splits a secret of split_secret so that any `threshold` of `total` shares give it back.
 * HSM_E_BAD_PARAM for limits not kept, or a secret whose first byte is not 01 to 7F. */
HSM_MUST hsm_rc split_make(struct rd secret, unsigned threshold, unsigned total, struct split *out);

/* Recombines `n` shares into SPLIT_LEN bytes. Too few shares, or those of another split, give other
 * bytes: that shows only where the password is used. HSM_E_BAD_PARAM for fewer than
 * SPLIT_THRESHOLD_MIN or more than SPLIT_TOTAL_MAX shares, HSM_E_BAD_DATA for what
 * split_prime_check or split_share_check refuse. */
HSM_MUST hsm_rc split_combine(
        const uint8_t *prime, const struct split_share *share, size_t n, struct secret *out);

/* Is it a prime of exactly 64 bits? A mistyped one hardly ever is. HSM_E_BAD_DATA. */
HSM_MUST hsm_rc split_prime_check(const uint8_t *prime);

/* May share[n - 1] follow the ones before it? HSM_E_BAD_DATA when its id is 0, HSM_E_EXISTS when
 * the id was there already, HSM_E_BAD_PARAM when its value is not below the prime. */
HSM_MUST hsm_rc split_share_check(const uint8_t *prime, const struct split_share *share, size_t n);

/* The secret as sc-hsm-tool recombines it: without zeros in front. Borrowed. */
struct rd split_minimal(const struct secret *secret);

/* Lower-case hex with colons, all SPLIT_LEN bytes, and a terminator. */
void split_text(const uint8_t *number, char text[SPLIT_TEXT]);

/* Reads 1 to SPLIT_LEN bytes in hex, with or without colons or blanks between them and around,
 * right-aligned into SPLIT_LEN bytes. HSM_E_BAD_DATA. */
HSM_MUST hsm_rc split_text_parse(struct rd text, uint8_t *number);

/* Reads a share's id as sc-hsm-tool shows it, decimal, or as sc-hsm-tool wants it typed, which is
 * hexadecimal, when a letter or a zero in front tells. "10" is ten, "0a" as well. HSM_E_BAD_DATA
 * for anything but 1 to SPLIT_TOTAL_MAX. */
HSM_MUST hsm_rc split_id_parse(struct rd text, uint8_t *id);

/* ---- wrapped key (sc-hsm-tool --wrap-key) ---- */

enum { WRAPFILE_MAX = 0xFFFF + 4 };

/* Views. Absent ones are empty; the others are whole objects, but the blob is without tag. */
struct wrapfile {
	struct rd blob;
	struct rd prkd; /* as in EF C4kk */
	struct rd cert; /* certificate or request, as in EF CEkk */
	struct rd rest; /* whole objects after these, as files of the SmartCard shell have them */
};

/* HSM_E_BAD_DATA for malformed files, indefinite lengths and bytes after the end. The second of
 * two objects is the certificate when it is a request or parses as a certificate. */
HSM_MUST hsm_rc wrapfile_parse(struct rd file, struct wrapfile *out);

/* Writes blob, prkd and cert, and nothing else. HSM_E_BAD_DATA when one is not what it should be
 * or has bytes after its end, HSM_E_SMALL. */
HSM_MUST hsm_rc wrapfile_build(const struct wrapfile *file, struct wr *out);

/* ---- public key for authentication (sc-hsm-tool --export-for-pub-key-auth) ---- */

/* Views of whole objects. */
struct pkafile {
	struct rd request; /* 67: authenticated request of the key */
	struct rd device;  /* 7F21: certificate of the device that made it */
	struct rd issuer;  /* 7F21: certificate of the device's issuer */
};

/* Either form. HSM_E_BAD_DATA; whether the certificates belong together is for who uses them. */
HSM_MUST hsm_rc pkafile_parse(struct rd file, struct pkafile *out);

/* From the contents of EF CEkk and EF 2F02; what follows the parts there is left out.
 * HSM_E_BAD_DATA when there is a certificate in place of the request, or no issuer. */
HSM_MUST hsm_rc pkafile_from_card(struct rd request, struct rd chain, struct pkafile *out);

/* The form that sc-hsm-tool writes, and the one with an object identifier that newer programs
 * of the manufacturer write. HSM_E_BAD_DATA when a part is not what it should be, HSM_E_SMALL. */
HSM_MUST hsm_rc pkafile_build_old(const struct pkafile *file, struct wr *out);
HSM_MUST hsm_rc pkafile_build_new(const struct pkafile *file, struct wr *out);

#endif
