#include "base/tlv.h"
#include "cmd/cmd.h"

enum {
	SET_CHIP_AUTHENTICATION = 0x41A4,
	SET_VERIFICATION = 0x81B6,
	SET_AUTHENTICATION = 0x81A4,
	TAG_PROTOCOL = 0x80,
	TAG_KEY = 0x83,
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

/* A public key by its holder. */
static hsm_rc choose_key(struct emu_lane *lane, struct rd r)
{
	struct rd chr;

	if (!tlv_get(&r, TAG_KEY, &chr) || r.n != 0 || chr.n == 0)
		return HSM_E_BAD_DATA;
	return trust_select(lane, chr);
}

/* MANAGE SECURITY ENVIRONMENT. */
hsm_rc cmd_mse(struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	(void)rsp;
	(void)sw;
	switch (c->p1 << 8 | c->p2) {
	case SET_CHIP_AUTHENTICATION:
		return choose_protocol(lane, c->data);
	case SET_VERIFICATION:
		return choose_key(lane, c->data);
	case SET_AUTHENTICATION: /* no key is registered for public key authentication */
		return HSM_E_NO_REF;
	default:
		return HSM_E_BAD_PARAM;
	}
}
