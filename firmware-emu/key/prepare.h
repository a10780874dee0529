/* Keys at work: looked up, opened, and with everything prepared that does not change between
 * one input and the next. */
#ifndef TWINHSM_EMU_KEY_PREPARE_H
#define TWINHSM_EMU_KEY_PREPARE_H

#include "core/core.h"
#include "key/algs.h"

/* A key and what an algorithm number does with it. */
struct key_use {
	struct emu_key *key; /* borrowed from the lane's image */
	const struct key_alg *row;
	uint8_t alg;
};

/* Is an algorithm in the key's list, or is there none? */
bool key_allows(const struct emu_key_meta *meta, uint8_t alg);

/* Looks both up and checks that they go together. Outcomes as key_sign. */
HSM_MUST hsm_rc keystore_find(
        struct emu_lane *lane, uint8_t kid, uint8_t alg, bool deciphers, struct key_use *out);

/* The opened private key, borrowed from its record. HSM_E_NOT_AUTH, HSM_E_TOKEN_DAMAGED. */
HSM_MUST hsm_rc keystore_open(struct emu_lane *lane, struct emu_key *key, EVP_PKEY **out);

/* The prepared context of this lane, borrowed from it; made again when key, algorithm or digest are
 * others than last time. `md_n` is the digest's length where that names it, else 0. Takes no
 * lock and allocates nothing when the last use was the same. */
HSM_MUST hsm_rc keystore_ctx(
        struct emu_lane *lane, const struct key_use *use, size_t md_n, EVP_PKEY_CTX **out);

/* A context ready for EVP_PKEY_sign or EVP_PKEY_decrypt as the row says, with digest `md` for
 * the padding (NULL: none); the caller frees it. */
HSM_MUST hsm_rc prepare_ctx(
        const struct key_alg *row, EVP_PKEY *pkey, const EVP_MD *md, EVP_PKEY_CTX **out);

#endif
