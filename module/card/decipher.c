#include "card/command.h"
#include "card/key_op.h"

hsm_rc card_decipher_rsa(
        struct card_lane *lane, uint8_t kid, struct rd cryptogram, size_t width, struct wr *out)
{
	struct rd block;
	hsm_rc rc;

	rc = key_op(lane, INS_DECIPHER, kid, ALG_RSA_DECRYPT_RAW, cryptogram, &block);
	if (rc == HSM_OK && block.n != width)
		rc = HSM_E_CARD_DATA;
	if (rc == HSM_OK)
		wr_rd_put(out, block);
	command_wipe(lane);
	TRY(rc);
	return wr_done(out);
}

/* The X coordinate of an uncompressed point with coordinates of `width` bytes. */
static hsm_rc point_x(struct rd point, size_t width, struct rd *x)
{
	uint8_t form;

	if (!rd_u8(&point, &form) || form != 0x04 || point.n != 2 * width ||
	        !rd_take(&point, width, x))
		return HSM_E_CARD_DATA;
	return HSM_OK;
}

hsm_rc card_ecdh(struct card_lane *lane, uint8_t kid, struct rd point, size_t width, struct wr *out)
{
	struct rd shared, x;
	hsm_rc rc;

	rc = key_op(lane, INS_DECIPHER, kid, ALG_ECDH, point, &shared);
	if (rc == HSM_OK)
		rc = point_x(shared, width, &x);
	if (rc == HSM_OK)
		wr_rd_put(out, x);
	command_wipe(lane);
	TRY(rc);
	return wr_done(out);
}
