/* The form that all operations of a private key have. */
#ifndef TWINHSM_CARD_KEY_OP_H
#define TWINHSM_CARD_KEY_OP_H

#include "card/command.h"

/* Runs SIGN or DECIPHER; `*answer` is borrowed from the lane until its next command. */
HSM_MUST hsm_rc key_op(struct card_lane *lane, enum schsm_ins ins, uint8_t kid, enum schsm_alg alg,
        struct rd input, struct rd *answer);

#endif
