/* What the parser of settings and their loader share. */
#ifndef TWINHSM_CARD_CONFIG_FILES_H
#define TWINHSM_CARD_CONFIG_FILES_H

#include "card/config.h"

/* Appends the address made of `front` and `where`. HSM_E_MEMORY. */
HSM_MUST hsm_rc config_add_card(struct config *c, const char *front, struct rd where);

#endif
