#include "dispatch.h"

#include "apdu/chain.h"
#include "cmd/cmd.h"

enum { SW_LEN = 2 };

enum access { ACCESS_FREE, ACCESS_USER };

/* One command of the card: lengths are of its data. */
struct emu_cmd {
	uint8_t cla, ins;
	enum access access;
	uint16_t min, max;
	emu_cmd_fn *run;
};

/* clang-format off */
static const struct emu_cmd rows[] = {
	{ 0x00, INS_SELECT,                ACCESS_FREE, 0, 255,           cmd_select },
	{ 0x00, INS_VERIFY,                ACCESS_FREE, 0, 255,           cmd_verify },
	{ 0x00, INS_CHANGE_REFERENCE_DATA, ACCESS_FREE, 1, 255,           cmd_change_pin },
	{ 0x00, INS_RESET_RETRY_COUNTER,   ACCESS_FREE, 0, 255,           cmd_reset_retry },
	{ 0x80, INS_SESSION_PIN,           ACCESS_FREE, 0, 0,             cmd_session_pin },
	{ 0x80, INS_INITIALIZE,            ACCESS_FREE, 0, 255,           cmd_initialize },
	{ 0x00, INS_READ_BINARY,           ACCESS_FREE, 4, 255,           cmd_read },
	{ 0x00, INS_UPDATE_BINARY,         ACCESS_USER, 6, APDU_DATA_MAX, cmd_update },
	{ 0x00, INS_DELETE_FILE,           ACCESS_USER, 2, 2,             cmd_delete },
	{ 0x80, INS_KEY_DOMAIN,            ACCESS_FREE, 0, 1024,          cmd_key_domain },
	{ 0x80, INS_ENUMERATE,             ACCESS_FREE, 0, 0,             cmd_enumerate },
	{ 0x00, INS_GET_CHALLENGE,         ACCESS_FREE, 0, 0,             cmd_challenge },
	{ 0x00, INS_GENERATE_KEY_PAIR,     ACCESS_USER, 1, APDU_DATA_MAX, cmd_generate_key_pair },
	{ 0x80, INS_SIGN,                  ACCESS_USER, 0, APDU_DATA_MAX, cmd_sign },
	{ 0x00, INS_GENERATE_SECRET_KEY,   ACCESS_USER, 0, 255,           cmd_generate_secret_key },
	{ 0x80, INS_CIPHER,                ACCESS_USER, 0, APDU_DATA_MAX, cmd_cipher },
	{ 0x80, INS_WRAP,                  ACCESS_USER, 0, 0,             cmd_wrap },
	{ 0x80, INS_UNWRAP,                ACCESS_USER, 0, APDU_DATA_MAX, cmd_unwrap },
	{ 0x80, INS_DECIPHER,              ACCESS_USER, 1, APDU_DATA_MAX, cmd_decipher },
	{ 0x80, INS_DERIVE_EC,             ACCESS_USER, 1, 255,           cmd_derive },
	{ 0x00, INS_MSE,                   ACCESS_FREE, 1, 255,           cmd_mse },
	{ 0x00, INS_GENERAL_AUTHENTICATE,  ACCESS_FREE, 1, 255,           cmd_general_authenticate },
	{ 0x80, INS_PKA,                   ACCESS_FREE, 0, 2048,          cmd_pka },
	{ 0x00, INS_EXTERNAL_AUTHENTICATE, ACCESS_FREE, 1, 512,           cmd_external_authenticate },
	{ 0x00, INS_PSO,                   ACCESS_FREE, 1, 1024,          cmd_pso },
};
/* clang-format on */

/* What the model of card does not have is unknown to it; before version 4.0 so is all that needs a
 * key domain, on a card that was set up without one. */
static bool is_known(const struct emu_image *image, uint8_t ins)
{
	const bool needs_domain = ins == INS_KEY_DOMAIN || ins == INS_WRAP || ins == INS_UNWRAP;

	return profile_has_instruction(image->profile, ins) &&
	       (!needs_domain || image->domains != 0 ||
	               profile_since(image->profile, APPLET(4, 0)));
}

static hsm_rc find(const struct emu_image *image, const struct capdu *c, const struct emu_cmd **out)
{
	const uint8_t cla = c->cla & (uint8_t)~CLA_CHAIN;

	if (cla != 0x00 && cla != 0x80)
		return HSM_E_BAD_CLASS;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].ins == c->ins && is_known(image, c->ins)) {
			*out = &rows[i];
			return rows[i].cla == cla ? HSM_OK : HSM_E_BAD_CLASS;
		}
	}
	return HSM_E_UNSUPPORTED;
}

/* Without the applet there is nobody but the card manager, who only knows SELECT by name. */
static hsm_rc check_selected(const struct emu_lane *lane, const struct capdu *c)
{
	const bool by_name = c->cla == 0x00 && c->ins == INS_SELECT && c->p1 == 0x04;

	return by_name || atomic_load(&lane->card->selected) ? HSM_OK : HSM_E_BAD_CLASS;
}

/* There is no GET RESPONSE: data that Le or the card leaves no room for is a wrong length. */
static hsm_rc answer(const struct emu_cmd *e, struct emu_lane *lane, const struct capdu *c,
        struct wr *rsp, uint16_t *sw)
{
	const size_t start = rsp->n, room = lane->image->profile->apdu_max - SW_LEN;
	const hsm_rc rc = e->run(lane, c, rsp, sw);
	const size_t n = rsp->n - start;

	if ((rc != HSM_OK && rc != HSM_E_END_OF_FILE) || (n <= c->ne && n <= room))
		return rc;
	*sw = 0;
	return HSM_E_BAD_LEN;
}

/* The plain command. What is none ends secure messaging as well. */
static hsm_rc receive(struct emu_lane *lane, struct rd cmd, struct buf *room, struct capdu *c)
{
	const hsm_rc rc =
	        cmd.n > lane->image->profile->apdu_max ? HSM_E_BAD_LEN : capdu_parse(cmd, c);

	if (rc == HSM_OK)
		return channel_receive(lane, room, c);
	if (lane->channel.open)
		channel_end(lane);
	return rc;
}

static hsm_rc run(struct emu_lane *lane, struct rd cmd, struct wr *rsp, uint16_t *sw)
{
	const struct emu_cmd *e;
	AUTO_BUF room = { 0 };
	struct capdu c;
	bool complete;

	TRY(lane_sync(lane));
	TRY(receive(lane, cmd, &room, &c));
	TRY(check_selected(lane, &c));
	TRY(find(lane->image, &c, &e));
	TRY(chain_add(&lane->chain, &c, &complete));
	if (!complete)
		return HSM_OK;
	if (c.data.n < e->min || c.data.n > e->max)
		return HSM_E_BAD_LEN;
	if (e->access == ACCESS_USER && !lane_user(lane))
		return HSM_E_NOT_AUTH;
	return answer(e, lane, &c, rsp, sw);
}

/* Outcomes after which there is no card left that could answer. */
static bool is_fatal(hsm_rc rc)
{
	return rc == HSM_E_IO || (rc >= HSM_E_TOKEN_MISSING && rc <= HSM_E_TOKEN_BUSY);
}

/* Of a PIN that was never set, applets before version 2.0 say what later stands for other things.
 */
static uint16_t status_word(const struct emu_image *image, hsm_rc rc)
{
	if (rc == HSM_E_PIN_UNSET && !profile_since(image->profile, APPLET(2, 0)))
		return 0x6984;
	return rc_to_sw(rc);
}

hsm_rc dispatch(struct emu_lane *lane, struct rd cmd, struct wr *rsp)
{
	const size_t start = rsp->n;
	uint16_t sw = 0;
	const hsm_rc rc = run(lane, cmd, rsp, &sw);

	if (is_fatal(rc)) {
		rsp->n = start;
		return rc;
	}
	if (rsp->bad)
		return HSM_E_SMALL;
	if (rc != HSM_OK && rc != HSM_E_END_OF_FILE)
		rsp->n = start;
	return channel_answer(lane, start, sw != 0 ? sw : status_word(lane->image, rc), rsp);
}
