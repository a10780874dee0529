#include "cmd/cmd.h"
#include "key/pka_key.h"

enum { SW_REFUSED = 0x6985 };

static hsm_rc authenticate(struct emu_lane *lane, struct rd sig)
{
	const struct emu_image *image = lane->image;
	struct rd challenge, key;
	uint8_t number;

	TRY(pka_pending(lane, &number, &challenge));
	key = buf_rd(&image->pka.keys[number]->key);
	if (!pka_key_signed(key, image->chr, challenge, sig))
		return HSM_E_NOT_ALLOWED;
	pka_accept(lane, number);
	return HSM_OK;
}

/* EXTERNAL AUTHENTICATE: the signature of the selected registered key over the holder of the device
 * certificate and the challenge. A wrong one counts nowhere and changes nothing. */
hsm_rc cmd_external_authenticate(
        struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	hsm_rc rc;

	(void)rsp;
	if (c->p1 != 0 || c->p2 != 0)
		return HSM_E_BAD_PARAM;
	rc = authenticate(lane, c->data);
	if (rc == HSM_E_NOT_ALLOWED)
		*sw = SW_REFUSED;
	return rc;
}
