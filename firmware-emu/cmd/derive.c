#include "key/derive.h"
#include "cmd/cmd.h"
#include "cmd/new_pair.h"

enum { CHR_SEQUENCE_LEN = 5 };

/* Nobody gives the new key a reference: the card's serial number and the kid as its sequence. */
static struct rd reference(const struct emu_image *image, uint8_t kid, char chr[P15_CHR_MAX + 1])
{
	const size_t serial_n = strlen(image->chr) - CHR_SEQUENCE_LEN;

	(void)snprintf(chr, P15_CHR_MAX + 1, "%.*s%05u", (int)serial_n, image->chr, kid);
	return rd_str(chr);
}

static hsm_rc derive(struct emu_lane *lane, uint8_t source, uint8_t target, struct rd parameter,
        struct new_pair *k)
{
	const uint64_t token = lane_token(lane);
	const struct rd none = { 0 };
	char chr[P15_CHR_MAX + 1];

	TRY(key_derive(lane, source, parameter, &k->meta, &k->pkey));
	k->meta.kid = target;
	TRY(new_pair_finish(lane, k, none, reference(lane->image, target, chr), none));
	return new_pair_keep(lane, k, token, true);
}

/* DERIVE EC KEY: P1 is the source, P2 the new key, whose request the card keeps in EF CEkk. */
hsm_rc cmd_derive(struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	struct rd parameter = c->data;
	struct new_pair k = { 0 };
	uint8_t alg;
	hsm_rc rc;

	(void)rsp;
	(void)sw;
	if (c->p2 == 0)
		return HSM_E_BAD_PARAM;
	if (!rd_u8(&parameter, &alg) || alg != ALG_EC_DERIVE)
		return HSM_E_BAD_ALG;
	if (lane->image->keys[c->p2] != NULL)
		return HSM_E_EXISTS;
	rc = derive(lane, c->p1, c->p2, parameter, &k);
	new_pair_done(&k);
	return rc;
}
