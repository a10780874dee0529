/* A SmartCard-HSM behind a carrier: one typed function for each command. */
#ifndef TWINHSM_CARD_CARD_H
#define TWINHSM_CARD_CARD_H

#include "apdu/smartcardhsm.h"
#include "base/alg.h"
#include "base/buf.h"
#include "p15/limits.h"
#include "transport/transport.h"

struct card;
struct card_lane;

/* What a card said of itself when it was opened. */
struct card_identity {
	uint16_t options;                /* enum schsm_option, given at INITIALIZE */
	uint8_t platform, major, minor;  /* applet */
	char chr[P15_CHR_MAX + 1];       /* holder of the device certificate */
	char serial[P15_SERIAL_MAX + 1]; /* the same without the five digits at its end */
};

/* ---- open.c, lanes.c ---- */

/* Opens "scheme:where", selects the applet, reads the device certificate. The card is the
 * caller's until card_close. HSM_E_CARD_DATA when it is no SmartCard-HSM. */
HSM_MUST hsm_rc card_open(const char *address, struct card **out);

/* What crosses the carrier. */
enum card_secure {
	CARD_PLAIN,
	CARD_SECURE,      /* secure messaging with a card of the production root */
	CARD_SECURE_TEST, /* the roots of twins and of test cards too, whose keys are no secret */
};

/* As card_open; with secure messaging there is one lane. HSM_E_UNTRUSTED when its certificate is
 * not, HSM_E_SM_WRONG when the card is not the one of its certificate, HSM_E_UNSUPPORTED when it
 * has no AES channel. */
HSM_MUST hsm_rc card_open_secure(const char *address, enum card_secure secure, struct card **out);

/* As card_open, on a carrier that is open already; takes the carrier over, also when it fails. */
HSM_MUST hsm_rc card_open_tp(struct tp *tp, struct card **out);
HSM_MUST hsm_rc card_open_tp_secure(struct tp *tp, enum card_secure secure, struct card **out);

/* All lanes must have been given back. Accepts NULL. */
void card_close(struct card *card);

/* A copy of the identity; re-read after an initialisation. */
struct card_identity card_identity(struct card *card);

/* The largest keys that this model of card has, bits. */
struct card_limits {
	uint16_t rsa, ec;
};
struct card_limits card_limits(struct card *card);

/* Takes a lane, waiting for one if all are busy. Every card_ function below sends its command
 * on the lane it is given. */
HSM_MUST hsm_rc card_take(struct card *card, struct card_lane **out);
void card_give(struct card_lane *lane);

static inline void card_lane_cleanup(struct card_lane **lane)
{
	if (*lane != NULL)
		card_give(*lane);
}

/* A lane that goes back at the end of the scope. Start it as NULL. */
#define AUTO_LANE __attribute__((cleanup(card_lane_cleanup))) struct card_lane

/* See tp_ops.hold. An unreleased hold ends, kept, when the lane is given back. */
HSM_MUST hsm_rc card_hold(struct card_lane *lane, bool on);

/* See tp_ops.look. Costs no command. */
HSM_MUST hsm_rc card_look(struct card *card, struct tp_epoch *out);

/* See tp_ops.present. Costs no command. */
HSM_MUST hsm_rc card_present(struct card *card);

/* ---- pin.c ---- */

struct pin_status {
	bool verified; /* in this card session; tries is not known then */
	bool locked;
	bool unset;     /* never set, or the card was never initialised */
	bool transport; /* must be changed before use */
	bool keys;      /* never set, because registered keys log in instead of it */
	unsigned tries; /* left, where known */
};

HSM_MUST hsm_rc card_pin_status(struct card_lane *lane, enum schsm_ref ref, struct pin_status *out);

/* HSM_E_PIN_WRONG (the card counted it), HSM_E_PIN_LOCKED, HSM_E_PIN_LEN, HSM_E_PIN_UNSET,
 * HSM_E_PIN_TRANSPORT. The SO-PIN is its eight binary bytes. */
HSM_MUST hsm_rc card_verify(struct card_lane *lane, enum schsm_ref ref, struct rd pin);

HSM_MUST hsm_rc card_change_pin(
        struct card_lane *lane, enum schsm_ref ref, struct rd old_pin, struct rd new_pin);

/* Unblocks the user PIN with the SO-PIN and sets it to `new_pin`; an empty one keeps it as it is.
 */
HSM_MUST hsm_rc card_reset_retry(struct card_lane *lane, struct rd so_pin, struct rd new_pin);

/* Selects the applet again, the only way to log out. */
HSM_MUST hsm_rc card_logout(struct card_lane *lane);

/* ---- device.c ---- */

struct card_init {
	uint16_t options;
	struct rd pin;     /* user PIN */
	struct rd so_pin;  /* eight bytes */
	uint8_t pin_tries; /* initial retry counter, 1 to 10 */
	bool has_dkek;
	uint8_t dkek_shares;  /* with has_dkek; 0 means a random DKEK */
	uint8_t pka_n, pka_m; /* public keys in all and needed; 0: no public key authentication */
	uint8_t domains;      /* key domains, not together with has_dkek; 0: none */
};

/* INITIALIZE DEVICE: wipes everything but the device key. HSM_E_SO_REFUSED on a wrong SO-PIN,
 * HSM_E_PIN_LOCKED when that one is blocked. The card is logged out afterwards. */
HSM_MUST hsm_rc card_initialize(struct card_lane *lane, const struct card_init *init);

/* Free memory in bytes. */
HSM_MUST hsm_rc card_free_memory(struct card_lane *lane, uint32_t *out);

/* Random bytes made by the card. */
HSM_MUST hsm_rc card_random(struct card_lane *lane, uint8_t *out, size_t n);

/* ---- kek.c: key domains and what leaves the card under their keys ---- */

enum card_domain_state {
	CARD_DOMAIN_NONE,    /* not configured at INITIALIZE */
	CARD_DOMAIN_EMPTY,   /* holds no key encryption key; or, from applet 4.0, not configured */
	CARD_DOMAIN_PENDING, /* shares are missing */
	CARD_DOMAIN_COMPLETE,
};

enum { CARD_KCV_LEN = 8, CARD_UID_MAX = 64 };

struct card_domain {
	enum card_domain_state state;
	uint8_t shares, missing;   /* in all, and still to come */
	uint8_t kcv[CARD_KCV_LEN]; /* key check value; means something when complete */
	uint8_t uid[CARD_UID_MAX]; /* of a domain whose key is agreed with other cards */
	size_t uid_n;              /* 0: a DKEK of shares */
};

/* State of a key domain; domain 0 is that of a card with DKEK shares. */
HSM_MUST hsm_rc card_domain_status(struct card_lane *lane, uint8_t domain, struct card_domain *out);

/* Gives the card one share of 32 bytes; needs no login. HSM_E_NOT_ALLOWED: all are there already.
 * HSM_E_UNSUPPORTED: the card was not initialised for shares. */
HSM_MUST hsm_rc card_import_share(
        struct card_lane *lane, uint8_t domain, struct rd share, struct card_domain *out);

/* Turns an empty domain into one of `shares` DKEK shares; takes its key away; removes it, when it
 * holds no keys (HSM_E_EXISTS). All need a login: HSM_E_NOT_AUTH. HSM_E_BAD_PARAM: no such domain.
 */
HSM_MUST hsm_rc card_domain_create(struct card_lane *lane, uint8_t domain, uint8_t shares);
HSM_MUST hsm_rc card_domain_forget(struct card_lane *lane, uint8_t domain);
HSM_MUST hsm_rc card_domain_delete(struct card_lane *lane, uint8_t domain);

/* Replaces `blob` by the key blob of a key. HSM_E_NO_REF: no such key, or its domain has no key;
 * HSM_E_KEY_REFUSED: its list does not have WRAP; HSM_E_UNSUPPORTED: no DKEK was set up. */
HSM_MUST hsm_rc card_wrap(struct card_lane *lane, uint8_t kid, struct buf *blob);

/* Makes a key of a blob; descriptions and certificate are the caller's to write. HSM_E_BAD_DATA:
 * wrapped under another key, or damaged; HSM_E_EXISTS: kid is taken. */
HSM_MUST hsm_rc card_unwrap(struct card_lane *lane, uint8_t kid, struct rd blob);

/* What SELECT tells of a key. */
struct card_key_info {
	bool has_uses;
	uint32_t uses; /* left */
	uint8_t algs[16];
	size_t algs_n; /* 0: everything is allowed */
	bool has_domain;
	uint8_t domain;
};
HSM_MUST hsm_rc card_key_info(struct card_lane *lane, uint8_t kid, struct card_key_info *out);

/* ---- pka.c: public key authentication ---- */

struct card_pka {
	uint8_t total, missing, required, authenticated;
};

/* HSM_E_UNSUPPORTED: the card was not initialised for it. */
HSM_MUST hsm_rc card_pka_status(struct card_lane *lane, struct card_pka *out);

/* Registers the next public key: contents of its request (tag 67) after the certificates of the
 * device that made it, issuer first, as complete 7F21 objects. HSM_E_UNTRUSTED: a certificate is
 * refused; HSM_E_NOT_ALLOWED: the request is. */
HSM_MUST hsm_rc card_pka_register(struct card_lane *lane, struct rd issuer, struct rd device,
        struct rd request, struct card_pka *out);

/* Holder of registered key `index`, and whether it has authenticated. HSM_E_NO_REF: none there. */
HSM_MUST hsm_rc card_pka_holder(
        struct card_lane *lane, uint8_t index, char holder[P15_CHR_MAX + 1], bool *authenticated);

/* ---- files.c ---- */

/* Appends the identifiers of all files and keys, two bytes each, in the card's order. */
HSM_MUST hsm_rc card_enumerate(struct card_lane *lane, struct buf *out);

/* Replaces `out` by the whole contents. HSM_E_NO_FILE, HSM_E_NOT_AUTH. */
HSM_MUST hsm_rc card_read_file(struct card_lane *lane, uint16_t fid, struct buf *out);

/* Makes the file hold exactly these bytes. HSM_E_NOT_AUTH, HSM_E_FULL. */
HSM_MUST hsm_rc card_write_file(struct card_lane *lane, uint16_t fid, struct rd content);

/* Deletes a file or key. HSM_E_NO_FILE when it is not there. */
HSM_MUST hsm_rc card_delete_file(struct card_lane *lane, uint16_t fid);

/* ---- genkey.c, sign.c, decipher.c ---- */

/* Generates a key pair under `kid`; `request` becomes the authenticated CV request that the card
 * answers, to be written to EF CEkk by the caller. HSM_E_EXISTS when kid is taken. */
HSM_MUST hsm_rc card_generate_rsa(
        struct card_lane *lane, uint8_t kid, uint16_t bits, struct buf *request);
HSM_MUST hsm_rc card_generate_ec(
        struct card_lane *lane, uint8_t kid, const struct curve *curve, struct buf *request);

/* Signs; RSA answers have the modulus length `width`, checked. */
HSM_MUST hsm_rc card_sign_rsa(struct card_lane *lane, uint8_t kid, enum schsm_alg alg,
        struct rd input, size_t width, struct wr *out);

/* Signs and turns the answer into r and s of `width` bytes each. */
HSM_MUST hsm_rc card_sign_ec(struct card_lane *lane, uint8_t kid, enum schsm_alg alg,
        struct rd input, size_t width, struct wr *out);

/* RSA private operation; the raw block of `width` bytes, padding left in place. */
HSM_MUST hsm_rc card_decipher_rsa(
        struct card_lane *lane, uint8_t kid, struct rd cryptogram, size_t width, struct wr *out);

/* ECDH with an uncompressed peer point; writes the X coordinate, `width` bytes. */
HSM_MUST hsm_rc card_ecdh(
        struct card_lane *lane, uint8_t kid, struct rd point, size_t width, struct wr *out);

#endif
