/* Key blobs: keys as they leave a card, encrypted under a device key encryption key (DKEK). */
#ifndef TWINHSM_P15_KEYBLOB_H
#define TWINHSM_P15_KEYBLOB_H

#include "base/buf.h"
#include "base/secret.h"

enum { DKEK_LEN = 32, KCV_LEN = 8, KEYBLOB_RANDOM = 8, KEYBLOB_MAX = 2400, KEYBLOB_PARTS = 7 };

/* What a DKEK stands for: its check value, and the keys that encrypt and authenticate blobs. */
struct dkek {
	uint8_t kcv[KCV_LEN];
	struct secret enc, mac;
};

void dkek_wipe(struct dkek *d);
#define AUTO_DKEK __attribute__((cleanup(dkek_wipe))) struct dkek

/* HSM_E_BAD_LEN unless `value` has DKEK_LEN bytes. */
HSM_MUST hsm_rc dkek_derive(struct rd value, struct dkek *out);

enum keyblob_type {
	KEYBLOB_RSA = 5,
	KEYBLOB_RSA_CRT = 6,
	KEYBLOB_EC = 12,
	KEYBLOB_AES = 15,
};

/* Places in keyblob.part. */
enum keyblob_rsa { KB_RSA_D, KB_RSA_N, KB_RSA_E };
enum keyblob_crt { KB_CRT_DP, KB_CRT_DQ, KB_CRT_P, KB_CRT_QINV, KB_CRT_Q, KB_CRT_N, KB_CRT_E };
enum keyblob_ec { KB_EC_A, KB_EC_B, KB_EC_P, KB_EC_ORDER, KB_EC_G, KB_EC_D, KB_EC_Q };
enum keyblob_aes { KB_AES_KEY };

/* A key in the form of a blob; numbers are big-endian. */
struct keyblob {
	enum keyblob_type type;
	struct rd algs; /* list of allowed algorithms; empty: all */
	uint16_t bits;  /* RSA modulus, p of the curve, or AES key */
	struct rd part[KEYBLOB_PARTS];
};

/* The parts of a blob before it is opened, borrowed. */
struct keyblob_frame {
	struct rd kcv;
	uint8_t type;
	struct rd algs;
	struct rd encrypted; /* whole blocks, at least one */
	struct rd covered;   /* all that the code is over */
	struct rd mac;
};

/* HSM_E_BAD_DATA. */
HSM_MUST hsm_rc keyblob_split(struct rd blob, struct keyblob_frame *out);

/* The plain text of a blob's encrypted part: the views are into it. HSM_E_BAD_DATA when it is
 * malformed or the type unknown; whether the numbers are a key is left to who uses them. */
HSM_MUST hsm_rc keyblob_plain_parse(uint8_t type, struct rd plain, struct keyblob *out);

/* Opens a blob: `plain` owns what the parts of `out` are views into, its list is a view into the
 * blob. HSM_E_BAD_DATA when it was made under another DKEK, was changed, or is malformed. */
HSM_MUST hsm_rc keyblob_open(
        const struct dkek *dkek, struct rd blob, struct buf *plain, struct keyblob *out);

/* Writes a blob; `random` has KEYBLOB_RANDOM bytes, others for each blob. HSM_E_SMALL. */
HSM_MUST hsm_rc keyblob_build(
        const struct dkek *dkek, const struct keyblob *key, const uint8_t *random, struct wr *out);

#endif
