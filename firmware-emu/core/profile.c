#include "core/profile.h"

#include <string.h>

#include "apdu/capdu.h"
#include "apdu/smartcardhsm.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum {
	MEMORY = 76 * 1024,
	JCOP_2_4_1_APDU = 1462,
	JCOP_3_APDU = 1232,
	JCOP_4_APDU = 1454,
	SW_LEN = 2,
};

/* As many entries as one answer holds. */
#define FILES(apdu_max) (((apdu_max)-SW_LEN) / 2)

/* clang-format off */
#define ATR(s) { (const uint8_t *)(s), sizeof(s) - 1 }
#define ATR_JCOP_2_4_1 \
	ATR("\x3B\xFE\x18\x00\x00\x81\x31\xFE\x45\x80\x31\x81\x54\x48\x53\x4D\x31\x73\x80\x21\x40\x81\x07\xFA")
#define ATR_JCOP_3 \
	ATR("\x3B\xDE\x18\xFF\x81\x91\xFE\x1F\xC3\x80\x31\x81\x54\x48\x53\x4D\x31\x73\x80\x21\x40\x81\x07\x1C")
#define ATR_JCOP_4 \
	ATR("\x3B\xDE\x96\xFF\x81\x91\xFE\x1F\xC3\x80\x31\x81\x54\x48\x53\x4D\x31\x73\x80\x21\x40\x81\x07\x92")

/* specs/card-commands.md, "Profiles". */
static const struct profile rows[] = {
	{ "nitrokey-hsm2",     ATR_JCOP_4,     0, 4, 1, MEMORY,  FILES(JCOP_4_APDU),     JCOP_4_APDU,     4096, 521 },
	{ "smartcard-hsm-4k",  ATR_JCOP_3,     0, 3, 5, MEMORY,  FILES(JCOP_3_APDU),     JCOP_3_APDU,     4096, 521 },
	{ "nitrokey-hsm",      ATR_JCOP_2_4_1, 0, 2, 6, MEMORY,  FILES(JCOP_2_4_1_APDU), JCOP_2_4_1_APDU, 2048, 320 },
	{ "smartcard-hsm-1.2", ATR_JCOP_2_4_1, 0, 1, 2, MEMORY,  FILES(JCOP_2_4_1_APDU), JCOP_2_4_1_APDU, 2048, 320 },
	{ "large",             ATR_JCOP_4,     0, 4, 1, 1 << 20, 1024,                   CAPDU_MAX,       4096, 521 },
};

/* The version that each came with. */
struct since {
	uint16_t what, version;
};

static const struct since instructions[] = {
	{ INS_KEY_DOMAIN,            APPLET(2, 0) },
	{ INS_WRAP,                  APPLET(2, 0) },
	{ INS_UNWRAP,                APPLET(2, 0) },
	{ INS_PKA,                   APPLET(2, 4) },
	{ INS_EXTERNAL_AUTHENTICATE, APPLET(2, 4) },
	{ INS_SESSION_PIN,           APPLET(2, 4) },
	{ INS_GENERATE_SECRET_KEY,   APPLET(3, 0) },
	{ INS_CIPHER,                APPLET(3, 0) },
	{ INS_DERIVE_EC,             APPLET(3, 0) },
};

static const struct since setup_tags[] = {
	{ 0x92, APPLET(2, 0) }, /* shares of the DKEK */
	{ 0x93, APPLET(2, 4) }, /* public key authentication */
	{ 0x97, APPLET(2, 4) }, /* key domains */
};

static const struct since options[] = {
	{ OPT_TRANSPORT_PIN, APPLET(2, 0) },
	{ OPT_SESSION_PIN,   APPLET(2, 4) },
	{ OPT_REPLACE_PKA,   APPLET(2, 4) },
	{ OPT_PIN_AND_PKA,   APPLET(2, 4) },
};
/* clang-format on */

static bool has(const struct profile *p, const struct since *list, size_t n, uint16_t what)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i].what == what)
			return profile_since(p, list[i].version);
	}
	return true;
}

bool profile_has_instruction(const struct profile *p, uint8_t ins)
{
	return has(p, instructions, COUNT(instructions), ins);
}

bool profile_has_setup_tag(const struct profile *p, uint16_t tag)
{
	return has(p, setup_tags, COUNT(setup_tags), tag);
}

uint16_t profile_lacks_options(const struct profile *p)
{
	uint16_t bits = 0;

	for (size_t i = 0; i < COUNT(options); i++) {
		if (!profile_since(p, options[i].version))
			bits |= options[i].what;
	}
	return bits;
}

const struct profile *profile_find(const char *name)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	}
	return NULL;
}

const struct profile *profile_at(size_t i)
{
	return i < COUNT(rows) ? &rows[i] : NULL;
}
