/* Polynomials modulo a prime of 64 bits (A. Shamir, How to share a secret, CACM 22, 1979).
 * Numbers are SPLIT_LEN bytes, big-endian, below the prime. */
#ifndef TWINHSM_BACKUP_POLY_H
#define TWINHSM_BACKUP_POLY_H

#include "backup/backup.h"

/* A prime p of exactly 64 bits for which (p - 1) / 2 is prime as well. */
HSM_MUST hsm_rc poly_new_prime(uint8_t *prime);

HSM_MUST hsm_rc poly_is_prime(const uint8_t *prime, bool *yes);

/* A random number. */
HSM_MUST hsm_rc poly_random(const uint8_t *prime, uint8_t *out);

/* The value at x of the polynomial with these `n` coefficients, the constant first. */
HSM_MUST hsm_rc poly_value(const uint8_t *prime, const uint8_t (*coefficient)[SPLIT_LEN], size_t n,
        uint8_t x, uint8_t *out);

/* The value at 0 of the polynomial of least degree through these points; their ids differ. */
HSM_MUST hsm_rc poly_at_zero(
        const uint8_t *prime, const struct split_share *point, size_t n, uint8_t *out);

#endif
