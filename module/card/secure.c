/* Chip authentication and secure messaging, the host's side. What crosses the carrier is readable
 * by nobody else, and comes from a card whose certificate was checked. */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include "base/log.h"
#include "base/ossl.h"
#include "base/secret.h"
#include "base/tlv.h"
#include "card/command.h"
#include "p15/cvc_verify.h"

enum {
	NE_SHORT_MAX = 256,
	POINT_LEN = 65,
	SHARED_LEN = 32,
	TAG_PROTOCOL = 0x80,
	TAG_DYNAMIC = 0x7C,
	TAG_HOST_POINT = 0x80,
	TAG_NONCE = 0x81,
	TAG_TOKEN = 0x82,
	SW_OK = 0x9000,
};

/* ---- who the card is ---- */

hsm_rc secure_trust(struct card *card, struct rd devaut)
{
	const struct cvc_root *root;
	struct cvc device;
	hsm_rc rc = cvc_chain_verify(devaut, &device, &root);

	if (rc == HSM_OK && !root->is_production && card->secure != CARD_SECURE_TEST)
		rc = HSM_E_NO_REF;
	if (rc != HSM_OK) {
		log_say(LOG_ERROR, "the card's certificate %s",
		        rc == HSM_E_NO_REF ? "is of a root that is not trusted" : "is not valid");
		return HSM_E_UNTRUSTED;
	}
	if (device.key.point.n != sizeof(card->device_point))
		return HSM_E_CARD_DATA;
	memcpy(card->device_point, device.key.point.p, sizeof(card->device_point));
	return HSM_OK;
}

/* ---- chip authentication ---- */

static hsm_rc ephemeral_make(EVP_PKEY **out, uint8_t *point)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(ossl_ctx(), OSSL_TYPE_EC, NULL);
	size_t n = 0;
	const bool ok = ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1 &&
	                EVP_PKEY_CTX_set_group_name(ctx, cvc_chain_curve()->name) == 1 &&
	                EVP_PKEY_generate(ctx, out) == 1 &&
	                EVP_PKEY_get_octet_string_param(
	                        *out, OSSL_PKEY_PARAM_PUB_KEY, point, POINT_LEN, &n) == 1 &&
	                n == POINT_LEN;

	EVP_PKEY_CTX_free(ctx);
	return ok ? HSM_OK : HSM_E_FAIL;
}

static hsm_rc agree(EVP_PKEY *own, struct rd device_point, uint8_t *shared_x)
{
	EVP_PKEY *device;
	EVP_PKEY_CTX *ctx;
	size_t n = SHARED_LEN;
	bool ok;

	TRY(ec_public_open(cvc_chain_curve(), device_point, &device));
	ctx = EVP_PKEY_CTX_new_from_pkey(ossl_ctx(), own, NULL);
	ok = ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
	     EVP_PKEY_derive_set_peer(ctx, device) == 1 &&
	     EVP_PKEY_derive(ctx, shared_x, &n) == 1 && n == SHARED_LEN;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(device);
	return ok ? HSM_OK : HSM_E_FAIL;
}

static hsm_rc choose_protocol(struct card_lane *lane)
{
	uint8_t data[16];
	struct wr w = WR_ARRAY(data);
	struct capdu c = { .ins = INS_MSE, .p1 = 0x41, .p2 = 0xA4 };
	struct rapdu answer;

	tlv_put(&w, TAG_PROTOCOL, RD_LIT(SM_OID_AES_128));
	TRY(wr_done(&w));
	c.data = wr_rd(&w);
	TRY(command_transmit(lane, &c, &answer));
	return answer.sw == SW_OK ? HSM_OK : HSM_E_UNSUPPORTED;
}

/* `*nonce` and `*token` are borrowed from the lane. */
static hsm_rc exchange_points(
        struct card_lane *lane, struct rd point, struct rd *nonce, struct rd *token)
{
	uint8_t data[4 + POINT_LEN];
	struct wr w = WR_ARRAY(data);
	struct capdu c = { .ins = INS_GENERAL_AUTHENTICATE, .ne = NE_SHORT_MAX };
	const size_t mark = tlv_open(&w, TAG_DYNAMIC);
	struct rapdu answer;
	struct rd r;

	tlv_put(&w, TAG_HOST_POINT, point);
	tlv_close(&w, mark);
	TRY(wr_done(&w));
	c.data = wr_rd(&w);
	TRY(command_transmit(lane, &c, &answer));
	if (answer.sw != SW_OK)
		return HSM_E_CARD_SW;
	if (!tlv_get(&answer.data, TAG_DYNAMIC, &r) || answer.data.n != 0 ||
	        !tlv_get(&r, TAG_NONCE, nonce) || nonce->n != SM_NONCE_LEN ||
	        !tlv_get(&r, TAG_TOKEN, token) || token->n != SM_MAC_LEN || r.n != 0)
		return HSM_E_CARD_DATA;
	return HSM_OK;
}

static hsm_rc authenticate(struct card_lane *lane, EVP_PKEY *own, struct rd point)
{
	uint8_t shared_x[SHARED_LEN], want[SM_MAC_LEN];
	struct rd nonce, token;
	hsm_rc rc;

	TRY(choose_protocol(lane));
	TRY(exchange_points(lane, point, &nonce, &token));
	rc = agree(own, rd_of(lane->card->device_point, POINT_LEN), shared_x);
	if (rc == HSM_OK)
		rc = sm_derive(rd_of(shared_x, sizeof(shared_x)), nonce, &lane->sm);
	OPENSSL_cleanse(shared_x, sizeof(shared_x));
	if (rc == HSM_OK)
		rc = sm_token(&lane->sm, point, want);
	if (rc == HSM_OK && !secret_equal(token, rd_of(want, sizeof(want))))
		rc = HSM_E_SM_WRONG;
	return rc;
}

hsm_rc secure_open(struct card_lane *lane)
{
	uint8_t point[POINT_LEN];
	EVP_PKEY *own = NULL;
	hsm_rc rc;

	secure_close(lane);
	rc = ephemeral_make(&own, point);
	if (rc == HSM_OK)
		rc = authenticate(lane, own, rd_of(point, sizeof(point)));
	EVP_PKEY_free(own);
	if (rc != HSM_OK) {
		secure_close(lane);
		log_say(LOG_ERROR, "no secure channel to the card: %s", rc_text(rc));
		return rc;
	}
	lane->has_channel = true;
	return HSM_OK;
}

void secure_close(struct card_lane *lane)
{
	lane->has_channel = false;
	sm_wipe(&lane->sm);
}

/* ---- commands ---- */

static hsm_rc exchange(struct card_lane *lane, const struct capdu *c, struct rapdu *answer)
{
	struct capdu plain = *c, sent;
	struct rapdu protected;
	AUTO_BUF data = { 0 };
	struct wr w;

	if (plain.data.n == 0 && plain.ne == 0) /* cards cannot protect this case: ask for data */
		plain.ne = NE_SHORT_MAX;
	else if (plain.ne + SM_OVERHEAD > NE_SHORT_MAX)
		plain.extended = true;
	TRY(buf_reserve(&data, plain.data.n + SM_OVERHEAD));
	w = wr_of(data.p, data.cap);
	TRY(sm_protect_command(&lane->sm, &plain, &w, &sent));
	data.n = w.n;
	TRY(command_transmit(lane, &sent, &protected));
	TRY(buf_reserve(&lane->plain, protected.data.n + 1));
	w = wr_of(lane->plain.p, lane->plain.cap);
	TRY(sm_unprotect_answer(&lane->sm, &protected, &w, answer));
	lane->plain.n = w.n;
	return answer->data.n <= plain.ne ? HSM_OK : HSM_E_CARD_DATA;
}

hsm_rc secure_send(struct card_lane *lane, const struct capdu *c, struct rapdu *answer)
{
	hsm_rc rc;

	if (!lane->has_channel)
		TRY(secure_open(lane));
	rc = exchange(lane, c, answer);
	if (rc != HSM_OK)
		secure_close(lane);
	return rc;
}
