/* Which card is emulated: what tells the models of the SmartCard-HSM apart. */
#ifndef TWINHSM_EMU_CORE_PROFILE_H
#define TWINHSM_EMU_CORE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rd.h"

struct profile {
	const char *name;
	struct rd atr;
	uint8_t platform, major, minor; /* of the applet */
	uint32_t memory;                /* bytes for files and keys */
	uint16_t files;                 /* entries of ENUMERATE OBJECTS */
	uint32_t apdu_max;              /* bytes of a command or an answer, all of it */
	uint16_t rsa_max, ec_max;       /* bits of a key */
};

/* A version of the applet, to be compared with. */
#define APPLET(major, minor) ((uint16_t)((major) << 8 | (minor)))

/* Is the applet of this version, or newer? */
static inline bool profile_since(const struct profile *p, uint16_t version)
{
	return APPLET(p->major, p->minor) >= version;
}

/* Does the applet know this instruction; this tag of INITIALIZE DEVICE? True for those that came
 * with the first version, and for what no version knows. */
bool profile_has_instruction(const struct profile *p, uint8_t ins);
bool profile_has_setup_tag(const struct profile *p, uint16_t tag);

/* Option bits of INITIALIZE DEVICE that the applet does not know yet. */
uint16_t profile_lacks_options(const struct profile *p);

/* NULL when there is none of this name. */
const struct profile *profile_find(const char *name);

/* All of them, the one that a card is when nothing else was asked for first; NULL past the end. */
const struct profile *profile_at(size_t i);

#endif
