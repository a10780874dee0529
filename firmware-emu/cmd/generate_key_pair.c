#include "cmd/cmd.h"
#include "cmd/new_pair.h"
#include "key/template.h"

static hsm_rc generate(
        struct emu_lane *lane, const struct key_template *t, struct new_pair *k, bool with_request)
{
	const uint64_t token = lane_token(lane);

	TRY(key_generate(&k->meta, &k->pkey));
	TRY(new_pair_finish(lane, k, t->car, t->chr, t->outer_car));
	return new_pair_keep(lane, k, token, with_request);
}

/* GENERATE ASYMMETRIC KEY PAIR: P1 is the new key, the device key (P2 00) vouches for it. With Le
 * the request is answered, without it the card keeps it in EF CEkk. */
hsm_rc cmd_generate_key_pair(
        struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	struct key_template template;
	struct new_pair k = { 0 };
	hsm_rc rc;

	(void)sw;
	if (c->p1 == 0 || c->p2 != 0)
		return HSM_E_BAD_PARAM;
	if (c->ne != 0 && c->ne != APDU_NE_MAX)
		return HSM_E_BAD_LEN;
	TRY(key_template_parse(lane->image, c->data, &template));
	k.meta = template.meta;
	k.meta.kid = c->p1;
	if (lane->image->keys[c->p1] != NULL)
		return HSM_E_EXISTS;
	rc = generate(lane, &template, &k, c->ne == 0);
	if (rc == HSM_OK && c->ne != 0) {
		wr_rd_put(rsp, wr_rd(&k.request));
		rc = wr_done(rsp);
	}
	new_pair_done(&k);
	return rc;
}
