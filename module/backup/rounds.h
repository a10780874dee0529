/* The share file with any number of rounds: published values exist for few, and no test could
 * take all of them often. */
#ifndef TWINHSM_BACKUP_ROUNDS_H
#define TWINHSM_BACKUP_ROUNDS_H

#include "backup/backup.h"

enum { STRETCH_KEY = 32, STRETCH_IV = 16 };

/* How passwords are stretched: `rounds` (at least 1) for each 16 bytes of key and IV. */
struct stretch {
	uint32_t rounds;
	const struct progress *progress; /* may be NULL */
};

/* EVP_BytesToKey with MD5: `out` gets key and IV. HSM_E_CANCELLED. */
HSM_MUST hsm_rc stretch(
        const struct stretch *how, struct rd password, struct rd salt, struct secret *out);

/* What sharefile_seal and sharefile_open are. */
HSM_MUST hsm_rc sharefile_seal_rounds(const struct stretch *how, struct rd share, struct rd salt,
        struct rd password, struct wr *out);
HSM_MUST hsm_rc sharefile_open_rounds(
        const struct stretch *how, struct rd file, struct rd password, struct secret *share);

#endif
