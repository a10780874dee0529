/* A host's end of secure messaging, with libcrypto alone. */
#ifndef TWINHSM_TESTS_EMU_SECURE_HOST_H
#define TWINHSM_TESTS_EMU_SECURE_HOST_H

#include "emu_keys.h"

struct host {
	struct emu_bench *b;
	uint8_t enc[16], mac[16], ssc[16];
	uint8_t sent[4096]; /* the last protected command */
	size_t sent_n;
	uint8_t data[4096]; /* of the last answer, opened */
	size_t n;
	uint16_t sw; /* protected one */
};

/* Chip authentication against the device certificate; checks the card's token. */
void host_open(struct host *h, struct emu_bench *b);

/* Writes the protected form of a plain command (short or extended, by its header) to h->sent. */
void host_protect(struct host *h, uint32_t header, struct rd data, size_t ne);

/* Sends h->sent; the status word outside. */
uint16_t host_send(struct host *h);

/* Checks the MAC of the answer and opens it. */
void host_receive(struct host *h);

/* All three; the status words inside and outside must agree. */
uint16_t host_cmd(struct host *h, uint32_t header, struct rd data, size_t ne);

#endif
