#include "core/profile.h"

#include <string.h>

/* clang-format off */
#define ATR_JCOP_4 \
	"\x3B\xDE\x96\xFF\x81\x91\xFE\x1F\xC3\x80\x31\x81\x54\x48\x53\x4D\x31\x73\x80\x21\x40\x81\x07\x92"

static const struct profile rows[] = {
	{ "nitrokey-hsm2", { (const uint8_t *)ATR_JCOP_4, 24 }, 0x00, 4, 1, 1 << 20 },
};
/* clang-format on */

const struct profile *profile_find(const char *name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	}
	return NULL;
}

const struct profile *profile_default(void)
{
	return &rows[0];
}
