#include "token/listing.h"

hsm_rc listing_read(struct card_lane *lane, struct listing *out)
{
	AUTO_BUF bytes = { 0 };
	struct rd r;
	uint16_t fid;

	memset(out, 0, sizeof(*out));
	TRY(card_enumerate(lane, &bytes));
	r = buf_rd(&bytes);
	while (rd_u16(&r, &fid))
		(void)listing_add(out, fid);
	return HSM_OK;
}

bool listing_has(const struct listing *l, uint16_t fid)
{
	return (l->seen[fid / 8] & 1 << fid % 8) != 0;
}

bool listing_add(struct listing *l, uint16_t fid)
{
	if (listing_has(l, fid) || l->n == P15_FILES_MAX)
		return false;
	l->seen[fid / 8] |= (uint8_t)(1 << fid % 8);
	l->fid[l->n++] = fid;
	return true;
}

hsm_rc listing_free(
        const struct listing *l, const uint8_t *types, size_t n, uint8_t first, uint8_t *out)
{
	for (unsigned nn = first; nn <= 0xFF; nn++) {
		size_t i = 0;

		while (i < n && !listing_has(l, FID(types[i], nn)))
			i++;
		if (i == n) {
			*out = (uint8_t)nn;
			return HSM_OK;
		}
	}
	return HSM_E_FULL;
}
