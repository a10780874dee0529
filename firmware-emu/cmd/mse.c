#include "base/tlv.h"
#include "cmd/cmd.h"

enum {
	SET_CHIP_AUTHENTICATION = 0x41A4,
	TAG_PROTOCOL = 0x80,
};

/* The protocol of GENERAL AUTHENTICATE; there is one. */
static hsm_rc choose_protocol(struct emu_lane *lane, struct rd r)
{
	struct rd oid;

	if (!tlv_get(&r, TAG_PROTOCOL, &oid) || r.n != 0 || !rd_equal(oid, RD_LIT(SM_OID_AES_128)))
		return HSM_E_BAD_DATA;
	lane->channel.chosen = true;
	return HSM_OK;
}

/* MANAGE SECURITY ENVIRONMENT. */
hsm_rc cmd_mse(struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	(void)rsp;
	(void)sw;
	switch (c->p1 << 8 | c->p2) {
	case SET_CHIP_AUTHENTICATION:
		return choose_protocol(lane, c->data);
	default:
		return HSM_E_BAD_PARAM;
	}
}
