#include "p11/p11.h"

CK_RV rc_to_ckr(hsm_rc rc)
{
	static const CK_RV table[HSM_RC_COUNT] = {
		[HSM_OK] = CKR_OK,
#define X(name, ckr, sw, text) [HSM_E_##name] = (ckr),
#include "base/rc.def"
#undef X
	};

	return (unsigned)rc < HSM_RC_COUNT ? table[rc] : CKR_GENERAL_ERROR;
}
