/* Changes of files and keys, as the commands make them. */
#ifndef TWINHSM_EMU_CMD_CHANGE_H
#define TWINHSM_EMU_CMD_CHANGE_H

#include "core/core.h"

/* Begins a transaction in which the user's login still holds: another process may have initialised
 * the token since the command's access was checked. HSM_E_NOT_AUTH. */
HSM_MUST hsm_rc change_begin(struct emu_lane *lane, struct store **out);

/* The same for what was sealed under the token key that lane_token stood for: initialised meanwhile
 * and logged in again, it is sealed under what is gone. HSM_E_NOT_AUTH. */
HSM_MUST hsm_rc change_begin_as(struct emu_lane *lane, uint64_t token, struct store **out);

/* Is there room for `n` more files and keys? HSM_E_FULL. */
HSM_MUST hsm_rc change_room(const struct emu_image *image, size_t n);

/* Is this the identifier of a key, CCkk? */
bool fid_is_key(uint16_t fid);

#endif
