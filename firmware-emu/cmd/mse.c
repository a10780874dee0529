#include "base/tlv.h"
#include "cmd/cmd.h"

enum {
	SET_BOTH = 0x41A4,
	SET_VERIFICATION = 0x81B6,
	SET_AUTHENTICATION = 0x81A4,
	TAG_PROTOCOL = 0x80,
	TAG_KEY = 0x83,
	SW_HAS_SIGNED = 0x6985,
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
static hsm_rc holder(struct rd r, struct rd *chr)
{
	return tlv_get(&r, TAG_KEY, chr) && r.n == 0 && chr->n != 0 ? HSM_OK : HSM_E_BAD_DATA;
}

static hsm_rc choose_verification_key(struct emu_lane *lane, struct rd r)
{
	struct rd chr;

	TRY(holder(r, &chr));
	return trust_select(lane, chr);
}

/* The key of who is going to sign a challenge. */
static hsm_rc choose_registered_key(struct emu_lane *lane, struct rd r, uint16_t *sw)
{
	struct rd chr;
	hsm_rc rc;

	TRY(holder(r, &chr));
	rc = pka_select(lane, chr);
	if (rc == HSM_E_NOT_ALLOWED)
		*sw = SW_HAS_SIGNED;
	return rc;
}

/* MANAGE SECURITY ENVIRONMENT. */
hsm_rc cmd_mse(struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	(void)rsp;
	switch (c->p1 << 8 | c->p2) {
	case SET_BOTH:
		return tlv_peek(c->data, TAG_KEY) ? choose_registered_key(lane, c->data, sw)
		                                  : choose_protocol(lane, c->data);
	case SET_VERIFICATION:
		return choose_verification_key(lane, c->data);
	case SET_AUTHENTICATION:
		return choose_registered_key(lane, c->data, sw);
	default:
		return HSM_E_BAD_PARAM;
	}
}
