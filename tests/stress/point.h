/* Verification by libcrypto, knowing nothing of the module. */
#ifndef TWINHSM_TESTS_POINT_H
#define TWINHSM_TESTS_POINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An ECDSA signature on P-256, r and s of 32 bytes each, against CKA_EC_POINT (an OCTET STRING
 * with the uncompressed point). */
bool point_verify(const uint8_t *ec_point, size_t ec_point_n, const uint8_t *digest,
        size_t digest_n, const uint8_t *sig, size_t sig_n);

#endif
