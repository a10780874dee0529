#include "base/rc.h"

#include <stddef.h>

struct rc_words {
	const char *name;
	const char *text;
};

static const struct rc_words words[HSM_RC_COUNT] = {
	[HSM_OK] = { "OK", "done" },
#define X(name, ckr, sw, text) [HSM_E_##name] = { #name, text },
#include "base/rc.def"
#undef X
};

const char *rc_text(hsm_rc rc)
{
	return (unsigned)rc < HSM_RC_COUNT ? words[rc].text : "unknown outcome";
}

const char *rc_name(hsm_rc rc)
{
	return (unsigned)rc < HSM_RC_COUNT ? words[rc].name : "UNKNOWN";
}
