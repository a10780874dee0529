/* Keys of the card: generation, the sealed form, prepared operations; and the device identity. */
#ifndef TWINHSM_EMU_KEY_KEY_H
#define TWINHSM_EMU_KEY_KEY_H

#include "core/core.h"
#include "p15/cvc.h"

/* Generates a key or key pair; the caller frees it. */
HSM_MUST hsm_rc key_generate(const struct emu_key_meta *meta, EVP_PKEY **out);

/* The plain form that is sealed, and back; both sides check all of it. HSM_E_TOKEN_DAMAGED. */
HSM_MUST hsm_rc key_export(const struct emu_key_meta *meta, EVP_PKEY *pkey, struct buf *plain);
HSM_MUST hsm_rc key_import(const struct emu_key_meta *meta, struct rd plain, EVP_PKEY **out);

/* Seals a new key under the card's token key, bound to what decides about it. HSM_E_NOT_AUTH
 * without a login. */
HSM_MUST hsm_rc keystore_seal(
        struct emu_lane *lane, const struct emu_key_meta *meta, EVP_PKEY *pkey, struct buf *sealed);

/* SIGN and DECIPHER: writes the result. The key is opened with the card's token key the first time,
 * and what can be prepared is kept in the lane for the next time. HSM_E_NO_REF: no such key;
 * HSM_E_BAD_ALG: not an algorithm of this command and type of key; HSM_E_KEY_REFUSED: not in the
 * key's list; HSM_E_BAD_LEN, HSM_E_BAD_DATA: the input. */
HSM_MUST hsm_rc key_sign(
        struct emu_lane *lane, uint8_t kid, uint8_t alg, struct rd input, struct wr *out);
HSM_MUST hsm_rc key_decipher(
        struct emu_lane *lane, uint8_t kid, uint8_t alg, struct rd input, struct wr *out);

/* CIPHER, the same for AES keys; input of a wrong length is HSM_E_BAD_DATA. */
HSM_MUST hsm_rc key_cipher(
        struct emu_lane *lane, uint8_t kid, uint8_t alg, struct rd input, struct wr *out);

/* The contents of a file, a view into the file or into `room`: private data objects are sealed
 * under the token key. HSM_E_NOT_AUTH without a login. */
HSM_MUST hsm_rc file_content(
        struct emu_lane *lane, const struct emu_file *file, struct buf *room, struct rd *out);

/* Writes a file, sealed if it is a private data object. Only inside a transaction. */
HSM_MUST hsm_rc file_store(
        struct emu_lane *lane, struct store *store, uint16_t fid, struct rd content);

/* Throws away what the lane keeps prepared. */
void keystore_forget(struct emu_lane *lane);

/* An authenticated request is never longer. */
enum { KEY_REQUEST_MAX = 2048 };

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

/* Writes the device's public point, uncompressed. */
HSM_MUST hsm_rc device_point(const struct emu_image *image, struct wr *out);

/* Writes the point that the device key and another's point come to, uncompressed. HSM_E_BAD_DATA
 * when that one is not on the curve. */
HSM_MUST hsm_rc device_agree(const struct emu_image *image, struct rd point, struct wr *out);

#endif
