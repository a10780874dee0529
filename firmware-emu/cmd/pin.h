/* What the PIN commands share. */
#ifndef TWINHSM_EMU_CMD_PIN_H
#define TWINHSM_EMU_CMD_PIN_H

#include "core/core.h"

/* P2 of a PIN command: 81 or 88; the references of templates and further PINs that a card may
 * have, 82 to 87, are HSM_E_NO_REF, all others HSM_E_BAD_PARAM. */
HSM_MUST hsm_rc pin_reference(uint8_t p2, enum schsm_ref *out);

/* HSM_E_PIN_WRONG with 63Cx. */
HSM_MUST hsm_rc pin_wrong(unsigned tries, uint16_t *sw);

#endif
