/* Which card is emulated: what tells the models of the SmartCard-HSM apart. */
#ifndef TWINHSM_EMU_CORE_PROFILE_H
#define TWINHSM_EMU_CORE_PROFILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/rd.h"

struct profile {
	const char *name;
	struct rd atr;
	uint8_t platform, major, minor; /* of the applet */
	uint32_t memory;                /* bytes for files and keys */
};

/* NULL when there is none of this name. */
const struct profile *profile_find(const char *name);

/* What a card is when nothing else was asked for. */
const struct profile *profile_default(void);

#endif
