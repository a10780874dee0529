#include "core/core.h"

uint16_t rc_to_sw(hsm_rc rc)
{
	static const uint16_t table[HSM_RC_COUNT] = {
		[HSM_OK] = 0x9000,
#define X(name, ckr, sw, text) [HSM_E_##name] = (sw),
#include "base/rc.def"
#undef X
	};

	return (unsigned)rc < HSM_RC_COUNT ? table[rc] : 0x6F00;
}
