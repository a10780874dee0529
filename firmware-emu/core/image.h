/* What persists of a card. An image never changes once published: a change makes a new one that
 * shares the records that stayed the same, so lanes read theirs without a lock. */
#ifndef TWINHSM_EMU_CORE_IMAGE_H
#define TWINHSM_EMU_CORE_IMAGE_H

#include <openssl/evp.h>
#include <stdatomic.h>

#include "apdu/smartcardhsm.h"
#include "base/alg.h"
#include "base/buf.h"
#include "base/lock.h"
#include "base/secret.h"
#include "core/profile.h"
#include "p15/keyblob.h"
#include "p15/limits.h"

/* A file. `rev` is unique for every write in the life of the token file. */
struct emu_file {
	atomic_uint refs;
	uint64_t rev;
	uint16_t fid;
	struct buf data;
};

enum emu_key_type { EMU_KEY_RSA = 1, EMU_KEY_EC = 2, EMU_KEY_AES = 3 };

/* What decides about a key; bound to the sealed key as associated data. */
struct emu_key_meta {
	uint8_t kid;
	enum emu_key_type type;
	uint16_t bits;             /* RSA modulus, EC field or AES key */
	const struct curve *curve; /* EC */
	uint8_t algs[16];          /* list of allowed algorithms, tag 91; none: all */
	uint8_t algs_n;
	uint8_t domain; /* key domain, tag 92 */
	uint32_t uses;  /* how often it can be used in all, tag 90; 0: without end */
};

/* A key: sealed as stored, opened on first use after a login, then kept opened. */
struct emu_key {
	atomic_uint refs;
	uint64_t rev;
	struct emu_key_meta meta;
	struct buf sealed;        /* store/seal.h */
	struct lock lock;         /* held while opening */
	_Atomic(EVP_PKEY *) pkey; /* owned; NULL until opened */
	_Atomic uint32_t leased;  /* uses taken off the file's counter that are still to be had */
};

/* Cost, salt, nonce, sealed token key and tag of a PIN record (core/pins.c). */
enum { PIN_SEALED_LEN = 1 + 16 + 12 + 32 + 16 };

/* A PIN record: the retry counter and the token key sealed under the PIN. */
struct emu_pin {
	uint64_t rev; /* changes with the PIN, not with its counter; 0: not set */
	uint8_t tries, initial;
	uint8_t length;    /* of the PIN: CHANGE REFERENCE DATA has no separator */
	bool transport;    /* must be changed before it can be used */
	int64_t tried_ms;  /* when a try still under way was counted, system clock; 0: none is */
	struct buf sealed; /* PIN_SEALED_LEN bytes */
};

enum { KEK_HALF_LEN = 32, KEK_PRIVATE_LEN = 60, KEK_SEALED_LEN = 92, KEK_UID_MAX = 64 };

/* The KEK of a key domain (key/kek.h): a DKEK, or the shares of one that are there so far. Shares
 * come without a login, so the DKEK is sealed to a key pair whose private half the token key opens.
 */
struct emu_kek {
	bool exists;
	uint8_t shares;                   /* in all; 0: by chance */
	uint8_t missing;                  /* shares still to come */
	uint8_t public[KEK_HALF_LEN];     /* of the pair */
	uint8_t private[KEK_PRIVATE_LEN]; /* of the pair, sealed under the token key */
	uint8_t pending[DKEK_LEN];        /* sum of the shares so far; zeros when complete */
	uint8_t kcv[KCV_LEN];             /* zeros until complete */
	uint8_t sealed[KEK_SEALED_LEN];   /* DKEK sealed to the pair; when complete */
	uint8_t uid_n;                    /* 0: not an XKEK */
	uint8_t uid[KEK_UID_MAX];         /* of the domain of an XKEK */
};

/* A public key registered for public key authentication; `rev` is unique for every registration. */
struct emu_pka_key {
	atomic_uint refs;
	uint64_t rev;
	uint8_t chr_n;
	uint8_t chr[P15_CHR_MAX]; /* its holder */
	struct buf key;           /* tag 7F49, with domain parameters */
};

enum { PKA_KEYS_MAX = 90, PKA_KEY_LEN_MAX = 1024, PKA_CHR_MIN = 8, PKA_TOKEN_KEY_LEN = 32 };

/* Public key authentication: `required` of `total` keys are the user. */
struct emu_pka {
	uint8_t total, required; /* 0: not configured */
	/* Where keys alone log in there is no PIN to open the token key, so it is kept in clear;
	 * otherwise empty. */
	struct secret token_key;
	struct emu_pka_key *keys[PKA_KEYS_MAX]; /* by number; NULL: not registered yet */
};

enum { DEVICE_SCALAR_LEN = 32, KEY_DOMAINS_MAX = 8 };

struct emu_image {
	atomic_uint refs;
	uint32_t generation;                      /* change counter of the file this was read at */
	uint32_t schema;                          /* version of the file format */
	uint64_t content;                         /* grows with every change of a file or key */
	uint64_t security;                        /* grows when the user PIN's rev changed */
	uint16_t options;                         /* enum schsm_option */
	uint8_t domains;                          /* key domains, set at INITIALIZE DEVICE */
	const struct profile *profile;            /* which card this is; not owned */
	uint8_t scrypt_log2_n;                    /* cost for PIN records made from now on */
	char chr[P15_CHR_MAX + 1];                /* holder of the device certificate */
	uint8_t device_scalar[DEVICE_SCALAR_LEN]; /* key CC00; not secret, see specs/token-file.md
	                                           */
	struct emu_pin user, so;
	struct emu_pka pka;
	struct emu_kek keks[KEY_DOMAINS_MAX]; /* by domain */
	struct emu_file **files;              /* creation order, EF 2F02 first */
	size_t files_n;
	struct emu_key *keys[256]; /* by kid */
	uint32_t uses_left[256];   /* by kid; of keys with a use counter, leased ones taken off */
	uint8_t key_order[256];    /* kids in creation order */
	size_t keys_n;
};

/* An empty image with one reference; NULL when memory is short. */
struct emu_image *image_new(void);
struct emu_image *image_ref(struct emu_image *image); /* returns it */
void image_free(struct emu_image *image);             /* drops one reference; accepts NULL */

/* Is this a private data object, CDnn? Such a file is kept sealed under the token key. */
static inline bool fid_is_sealed(uint16_t fid)
{
	return fid >> 8 == FID_PRIVATE_DATA;
}

/* Bytes of a file's contents, opened. */
size_t emu_file_size(const struct emu_file *file);

/* Borrowed from the image; NULL when there is none. */
struct emu_file *image_file(const struct emu_image *image, uint16_t fid);

/* Do registered keys alone log in, without the PIN? */
static inline bool pka_opens(const struct emu_image *image)
{
	return image->pka.total != 0 && (image->options & OPT_PIN_AND_PKA) == 0;
}

const struct emu_pin *image_pin(const struct emu_image *image, enum schsm_ref ref);

/* Bytes of the card's memory that files and keys take, and those left. */
size_t image_used(const struct emu_image *image);
size_t image_free_memory(const struct emu_image *image);

/* Has ENUMERATE OBJECTS room for `n` more files and keys? */
bool image_has_room(const struct emu_image *image, size_t n);

/* Does this model of card have keys of this type and size? */
bool image_takes_key(const struct emu_image *image, const struct emu_key_meta *meta);

struct emu_file *emu_file_ref(struct emu_file *file);
struct emu_key *emu_key_ref(struct emu_key *key);
struct emu_pka_key *emu_pka_key_ref(struct emu_pka_key *key);
void emu_file_free(struct emu_file *file);      /* drops one reference; accepts NULL */
void emu_key_free(struct emu_key *key);         /* drops one reference; accepts NULL */
void emu_pka_key_free(struct emu_pka_key *key); /* drops one reference; accepts NULL */

#endif
