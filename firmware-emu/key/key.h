/* Keys of the card: generation, the sealed form, prepared operations; and the device identity. */
#ifndef TWINHSM_EMU_KEY_KEY_H
#define TWINHSM_EMU_KEY_KEY_H

#include "core/core.h"
#include "p15/cvc.h"

/* Generates a key pair; the caller frees it. */
HSM_MUST hsm_rc key_generate(const struct emu_key_meta *meta, EVP_PKEY **out);

/* The plain form that is sealed, and back; both sides check all of it. HSM_E_TOKEN_DAMAGED. */
HSM_MUST hsm_rc key_export(const struct emu_key_meta *meta, EVP_PKEY *pkey, struct buf *plain);
HSM_MUST hsm_rc key_import(const struct emu_key_meta *meta, struct rd plain, EVP_PKEY **out);

/* The opened private key of a kid, borrowed from its record: opens it with the card's token key the
 * first time. HSM_E_NO_REF when there is no such key, HSM_E_KEY_REFUSED when its list of
 * algorithms does not have `alg`. */
HSM_MUST hsm_rc keystore_open(struct emu_lane *lane, uint8_t kid, uint8_t alg, EVP_PKEY **out);

/* The prepared context of this lane for key, algorithm and input length, borrowed from the lane;
 * made on first use, thrown away when the key's record changed. */
HSM_MUST hsm_rc keystore_sign_ctx(
        struct emu_lane *lane, uint8_t kid, uint8_t alg, size_t input_n, EVP_PKEY_CTX **out);
void keystore_forget(struct emu_lane *lane);

/* Writes the authenticated request (67) of a new key: inner body with the given references, signed
 * by the key, then signed by the device key. */
HSM_MUST hsm_rc request_build(const struct emu_image *image, EVP_PKEY *pkey,
        const struct emu_key_meta *meta, struct rd car, struct rd chr, struct rd outer_car,
        struct wr *out);

/* A new device identity: key, CHR, and the chain of EF 2F02 under the twins' public test root. */
struct device_identity {
	char chr[P15_CHR_MAX + 1];
	uint8_t scalar[32];
	struct buf devaut;
};
HSM_MUST hsm_rc device_make(struct device_identity *out);
void device_done(struct device_identity *d);

/* Writes the certificate of the twins' root, which signed the second certificate of EF 2F02. */
HSM_MUST hsm_rc device_root_cert(struct wr *out);

/* The device key from its scalar. */
HSM_MUST hsm_rc device_key_open(struct rd scalar, EVP_PKEY **out);

#endif
