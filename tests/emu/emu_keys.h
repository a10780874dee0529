/* Keys on a card under test, and libcrypto's opinion of them. */
#ifndef TWINHSM_TESTS_EMU_KEYS_H
#define TWINHSM_TESTS_EMU_KEYS_H

#include "base/alg.h"
#include "emu_card.h"

/* A key pair to make: RSA of `bits`, or a curve as libcrypto calls it. */
struct key_spec {
	const char *curve; /* NULL: RSA */
	int bits;
};

extern const struct key_spec rsa_specs[5];
extern const struct key_spec ec_specs[12];

/* The template of GENERATE ASYMMETRIC KEY PAIR, domain parameters as libcrypto has them. `car` and
 * `rules` (tags after the holder reference, hex) may be NULL. Returns its length. */
size_t key_template_put(const struct key_spec *spec, const char *car, const char *chr,
        const char *rules, uint8_t *out, size_t cap);

/* Generates under `kid`, checks both signatures of the request and that the public key is of the
 * kind asked for; the caller frees it. */
EVP_PKEY *key_on_card(struct emu_bench *b, uint8_t kid, const struct key_spec *spec);
EVP_PKEY *key_on_card_with(
        struct emu_bench *b, uint8_t kid, const struct key_spec *spec, const char *rules);

/* Checks an authenticated request: its form and, with `device`, both signatures; returns its public
 * key, which the caller frees. */
EVP_PKEY *request_check(struct rd request, EVP_PKEY *device, const struct key_spec *spec);

/* The public key of a point on a curve; the caller frees it. */
EVP_PKEY *ec_public(const char *curve, struct rd point);

/* The device key of the card, from EF 2F02. */
EVP_PKEY *device_public(struct emu_bench *b);

/* Does a plain signature r and s over the SHA-256 of `data` verify? */
bool plain_ecdsa_ok(EVP_PKEY *pkey, struct rd data, struct rd sig);

#endif
