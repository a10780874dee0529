/* A new key pair on its way into the store, as the commands make them. */
#ifndef TWINHSM_EMU_CMD_NEW_PAIR_H
#define TWINHSM_EMU_CMD_NEW_PAIR_H

#include "core/core.h"
#include "key/key.h"

struct new_pair {
	struct emu_key_meta meta;
	EVP_PKEY *pkey;    /* owned */
	struct buf sealed; /* what is kept */
	struct wr request; /* authenticated request */
	uint8_t request_bytes[KEY_REQUEST_MAX];
};

void new_pair_done(struct new_pair *k);

/* Makes the request and the sealed form of `pkey`. An empty `outer_car` is the device's. No
 * transaction is open: this takes time. */
HSM_MUST hsm_rc new_pair_finish(struct emu_lane *lane, struct new_pair *k, struct rd car,
        struct rd chr, struct rd outer_car);

/* Puts the key into the store, with its request as EF CEkk if asked to, for the token key that it
 * was sealed under (lane_token). HSM_E_EXISTS, HSM_E_FULL, HSM_E_NOT_AUTH. */
HSM_MUST hsm_rc new_pair_keep(
        struct emu_lane *lane, const struct new_pair *k, uint64_t token, bool with_request);

#endif
