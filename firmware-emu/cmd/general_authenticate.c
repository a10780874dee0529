#include "base/ossl.h"
#include "base/tlv.h"
#include "cmd/cmd.h"
#include "key/key.h"

enum {
	TAG_DYNAMIC = 0x7C, /* dynamic authentication data */
	TAG_HOST_POINT = 0x80,
	TAG_NONCE = 0x81,
	TAG_TOKEN = 0x82,
};

/* Keys from the point that both sides come to; the point is checked by the arithmetic. */
static hsm_rc agree(
        const struct emu_image *image, struct rd host_point, struct rd nonce, struct sm *sm)
{
	uint8_t point[POINT_MAX];
	struct wr w = WR_ARRAY(point);
	hsm_rc rc = device_agree(image, host_point, &w);

	if (rc == HSM_OK)
		rc = sm_derive(rd_of(point + 1, (w.n - 1) / 2), nonce, sm);
	OPENSSL_cleanse(point, sizeof(point));
	return rc;
}

static hsm_rc authenticate(struct emu_lane *lane, struct rd host_point, struct wr *rsp)
{
	uint8_t nonce[SM_NONCE_LEN], token[SM_MAC_LEN];
	struct sm sm = { 0 };
	size_t mark;
	hsm_rc rc;

	TRY(ossl_random(nonce, sizeof(nonce)));
	rc = agree(lane->image, host_point, rd_of(nonce, sizeof(nonce)), &sm);
	if (rc == HSM_OK)
		rc = sm_token(&sm, host_point, token);
	if (rc == HSM_OK) {
		mark = tlv_open(rsp, TAG_DYNAMIC);
		tlv_put(rsp, TAG_NONCE, rd_of(nonce, sizeof(nonce)));
		tlv_put(rsp, TAG_TOKEN, rd_of(token, sizeof(token)));
		tlv_close(rsp, mark);
		channel_agree(lane, &sm);
	}
	sm_wipe(&sm);
	return rc;
}

/* GENERAL AUTHENTICATE: chip authentication with the device key (BSI TR-03110-3 section B.2). */
hsm_rc cmd_general_authenticate(
        struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	struct rd r = c->data, dynamic, host_point;

	if (c->p1 != 0 || c->p2 != 0)
		return HSM_E_BAD_PARAM;
	if (!lane->channel.chosen) {
		*sw = 0x6985;
		return HSM_E_NOT_ALLOWED;
	}
	if (!tlv_get(&r, TAG_DYNAMIC, &dynamic) || r.n != 0 ||
	        !tlv_get(&dynamic, TAG_HOST_POINT, &host_point) || dynamic.n != 0)
		return HSM_E_BAD_DATA;
	if (c->ne < 4 + SM_NONCE_LEN + 2 + SM_MAC_LEN)
		return HSM_E_BAD_LEN;
	return authenticate(lane, host_point, rsp);
}
