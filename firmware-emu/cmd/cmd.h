/* The commands of the card, one file per instruction. */
#ifndef TWINHSM_EMU_CMD_CMD_H
#define TWINHSM_EMU_CMD_CMD_H

#include "apdu/capdu.h"
#include "core/core.h"

/* Runs a command and writes the answer's data; the status word follows from the outcome, or is
 * `*sw` where that was set to something other than 0 (63Cx). The access rule and the length range
 * of the row in dispatch.c hold already. */
typedef hsm_rc emu_cmd_fn(
        struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw);

emu_cmd_fn cmd_select, cmd_verify, cmd_change_pin, cmd_reset_retry, cmd_initialize;
emu_cmd_fn cmd_session_pin;
emu_cmd_fn cmd_read, cmd_update, cmd_delete, cmd_enumerate, cmd_challenge;
emu_cmd_fn cmd_generate_secret_key, cmd_cipher;
emu_cmd_fn cmd_key_domain, cmd_wrap, cmd_unwrap;
emu_cmd_fn cmd_generate_key_pair, cmd_derive, cmd_sign, cmd_decipher;
emu_cmd_fn cmd_mse, cmd_general_authenticate, cmd_pso;
emu_cmd_fn cmd_pka, cmd_external_authenticate;

#endif
