/* The host's end of public key authentication: authenticator cards, and the card they log in to. */
#ifndef TWINHSM_TESTS_EMU_PKA_HOST_H
#define TWINHSM_TESTS_EMU_PKA_HOST_H

#include "emu_keys.h"

/* INITIALIZE with n and m as four hex digits, without and with PIN, and with options. */
#define PKA_INIT(nm) "80500000 12 80020001 8208" TEST_SO " 9302" nm
#define PKA_INIT_PIN(opt, nm)                                                                      \
	"80500000 1D 8002" opt " 8106363438323139 8208" TEST_SO " 910103 9302" nm
#define PKA_INIT_OPTION(opt, nm) "80500000 12 8002" opt " 8208" TEST_SO " 9302" nm

/* A card with a key that is going to be registered with another card. */
struct signer {
	struct emu_bench *b;
	const struct key_spec *spec;
	char chr[17];
	uint8_t request[2048]; /* contents of 67 */
	size_t n;
};

void signer_new(struct signer *s, const struct key_spec *spec, const char *chr);
void signer_free(struct signer *s);

/* The holder of a card's device certificate. */
void device_chr(struct emu_bench *b, char chr[17]);

/* MSE 81 B6, or with another header. */
uint16_t choose_holder(struct emu_bench *b, uint32_t header, const char *chr);

/* Verifies the signer's device certificate and selects its key; all of it must succeed. */
void trust_signer(struct emu_bench *b, const struct signer *s);

/* trust_signer, then MANAGE PKA; the status word. */
uint16_t register_signer(struct emu_bench *b, const struct signer *s);

/* The plain signature over holder and challenge, made by the signer's card. */
struct rd signer_sign(
        const struct signer *s, const char *chr, struct rd challenge, uint8_t *out, size_t cap);

/* Selects the registered key and signs a new challenge; the status word. */
uint16_t login_signer(struct emu_bench *b, const struct signer *s);

#endif
