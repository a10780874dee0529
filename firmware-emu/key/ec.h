/* Elliptic-curve keys as libcrypto holds them: from a scalar, to a scalar, multiples of points. */
#ifndef TWINHSM_EMU_KEY_EC_H
#define TWINHSM_EMU_KEY_EC_H

#include <openssl/evp.h>

#include "base/alg.h"
#include "base/wr.h"

enum { EC_NAME_MAX = 32 }; /* a curve's name with its terminator */

/* The curve as a parameter; its name is copied into `name` (EC_NAME_MAX bytes), which must live as
 * long as the parameter. */
OSSL_PARAM ec_group_param(const struct curve *curve, char *name);

/* The key pair of a private scalar (as wide as the curve); the caller frees it. HSM_E_BAD_DATA when
 * the scalar is not between 1 and the order. */
HSM_MUST hsm_rc ec_key_open(const struct curve *curve, struct rd scalar, EVP_PKEY **out);

/* The private scalar, `curve->width` bytes. HSM_E_BAD_DATA when `pkey` is not on the curve. */
HSM_MUST hsm_rc ec_key_scalar(const struct curve *curve, EVP_PKEY *pkey, uint8_t *out);

/* Writes the public point, uncompressed. */
HSM_MUST hsm_rc ec_key_point(const struct curve *curve, EVP_PKEY *pkey, struct wr *out);

/* Adds `term` (big-endian, of any length up to the curve's width) to a private scalar as wide as
 * the curve, modulo the order. HSM_E_BAD_DATA when the sum is 0. */
HSM_MUST hsm_rc ec_scalar_add(const struct curve *curve, uint8_t *scalar, struct rd term);

/* Writes scalar times `point` (uncompressed), in time that does not depend on the scalar.
 * HSM_E_BAD_DATA when the point is not on the curve. An empty point means the base point. */
HSM_MUST hsm_rc ec_multiply(
        const struct curve *curve, struct rd scalar, struct rd point, struct wr *out);

#endif
