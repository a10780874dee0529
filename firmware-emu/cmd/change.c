#include "cmd/change.h"

hsm_rc change_begin(struct emu_lane *lane, struct store **out)
{
	TRY(txn_begin(lane, out));
	return lane_user(lane) ? HSM_OK : txn_end(lane, HSM_E_NOT_AUTH);
}

hsm_rc change_begin_as(struct emu_lane *lane, uint64_t token, struct store **out)
{
	TRY(change_begin(lane, out));
	return lane_token(lane) == token ? HSM_OK : txn_end(lane, HSM_E_NOT_AUTH);
}

hsm_rc change_room(const struct emu_image *image, size_t n)
{
	return image_has_room(image, n) ? HSM_OK : HSM_E_FULL;
}

bool fid_is_key(uint16_t fid)
{
	return fid >> 8 == FID_KEY;
}
