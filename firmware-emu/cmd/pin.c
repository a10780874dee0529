#include "cmd/pin.h"

hsm_rc pin_reference(uint8_t p2, enum schsm_ref *out)
{
	if (p2 < REF_USER_PIN || p2 > REF_SO_PIN)
		return HSM_E_BAD_PARAM;
	if (p2 != REF_USER_PIN && p2 != REF_SO_PIN)
		return HSM_E_NO_REF;
	*out = (enum schsm_ref)p2;
	return HSM_OK;
}

hsm_rc pin_wrong(unsigned tries, uint16_t *sw)
{
	*sw = (uint16_t)(0x63C0 | (tries & 0xF));
	return HSM_E_PIN_WRONG;
}
