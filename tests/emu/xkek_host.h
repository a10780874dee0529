/* What is outside of the card when a KEK is agreed: the key of the group, other devices, and
 * requests as a card would make them; all by libcrypto. */
#ifndef TWINHSM_TESTS_XKEK_HOST_H
#define TWINHSM_TESTS_XKEK_HOST_H

#include "emu_keys.h"
#include "p15/cvc.h"

/* A device of the twins that is not a card of ours: all its private keys are known. */
struct host_device {
	EVP_PKEY *key;
	const char *chr;
	uint8_t cert[512]; /* without 7F21 */
	size_t cert_n;
};

/* X and Y of a public key. */
void host_uid(EVP_PKEY *pkey, uint8_t uid[64]);

/* A new device with a certificate of the twins' issuer. */
void host_device_make(struct host_device *d, const char *chr);

/* Writes the content of a request's 7F21: key, holder, extensions, signed by the key. `uid` NULL:
 * no extension. */
void host_request_put(struct wr *w, EVP_PKEY *pkey, const char *curve, const uint8_t *uid);

/* Writes an authenticated request (67) that holds this content, signed by `device`. */
void host_authenticate(struct wr *w, struct rd content, EVP_PKEY *device, const char *chr);

/* Writes plain r and s of `width` bytes each. */
void host_sign(struct wr *w, EVP_PKEY *pkey, struct rd data, int width);

/* What 80 52 02 takes: the group's request, and its signature for the device with this key. */
void host_membership_put(struct wr *w, EVP_PKEY *group, const char *curve, EVP_PKEY *device);

/* MSE 81 B6; the status word. */
uint16_t host_choose(struct emu_bench *b, struct rd chr);

#endif
