/* From the bytes of a command to the bytes of its answer. */
#ifndef TWINHSM_EMU_DISPATCH_H
#define TWINHSM_EMU_DISPATCH_H

#include "core/core.h"

/* See emu_lane_xfer. */
HSM_MUST hsm_rc dispatch(struct emu_lane *lane, struct rd cmd, struct wr *rsp);

#endif
