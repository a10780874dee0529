/* The algorithm numbers of SIGN and DECIPHER as rows: what each does with which key. */
#ifndef TWINHSM_EMU_KEY_ALGS_H
#define TWINHSM_EMU_KEY_ALGS_H

#include "core/image.h"

enum key_op { KEY_SIGN = 1, KEY_DECRYPT, KEY_AGREE };

/* What the card does with the command's data before the key is used. */
enum key_input {
	INPUT_PLAIN,       /* taken as it is, of any length that the padding has room for */
	INPUT_MODULUS,     /* exactly as long as the modulus */
	INPUT_MESSAGE,     /* a message, hashed by the card with `md` */
	INPUT_HASH_BY_LEN, /* a hash value, alone or in a DigestInfo; its length names the digest */
	INPUT_POINT,       /* an uncompressed point */
};

struct key_alg {
	enum key_op op;
	enum emu_key_type type;
	enum key_input input;
	int padding;    /* RSA_*_PADDING; EC: 0 */
	const char *md; /* digest of message and padding; NULL: none, or by length */
};

/* The row of a number, NULL when there is none. */
const struct key_alg *key_alg_find(uint8_t alg);

#endif
