#include "base/secret.h"
#include "base/tlv.h"
#include "card/command.h"

enum {
	CLA_OWN = 0x80,
	CHALLENGE_MAX = 1024,
	INIT_MAX = 64, /* all TLVs of INITIALIZE DEVICE with the longest PIN */
};

/* The most tries a user PIN of this length may have: 3 for 6 characters, 5 for 7, else 10. */
static uint8_t tries_max(size_t pin_n)
{
	return pin_n == 6 ? 3 : pin_n == 7 ? 5 : 10;
}

static hsm_rc init_check(const struct card_init *init)
{
	if (init->so_pin.n != SO_PIN_LEN)
		return HSM_E_PIN_LEN;
	if (init->pin.n == 0 && init->pka_n != 0)
		return init->pin_tries == 0 ? HSM_E_BAD_PARAM : HSM_OK;
	if (init->pin.n < USER_PIN_MIN || init->pin.n > USER_PIN_MAX)
		return HSM_E_PIN_LEN;
	if (init->pin_tries == 0 || init->pin_tries > tries_max(init->pin.n))
		return HSM_E_BAD_PARAM;
	return HSM_OK;
}

static void init_put(struct wr *w, const struct card_init *init)
{
	const uint8_t options[] = { (uint8_t)(init->options >> 8), (uint8_t)init->options };
	const uint8_t pka[] = { init->pka_n, init->pka_m };

	tlv_put(w, 0x80, rd_of(options, sizeof(options)));
	if (init->pin.n != 0)
		tlv_put(w, 0x81, init->pin);
	tlv_put(w, 0x82, init->so_pin);
	tlv_put(w, 0x91, rd_of(&init->pin_tries, 1));
	if (init->has_dkek)
		tlv_put(w, 0x92, rd_of(&init->dkek_shares, 1));
	if (init->pka_n != 0)
		tlv_put(w, 0x93, rd_of(pka, sizeof(pka)));
	if (init->domains != 0)
		tlv_put(w, 0x97, rd_of(&init->domains, 1));
}

hsm_rc card_initialize(struct card_lane *lane, const struct card_init *init)
{
	static const struct sw_rule rules[] = {
		{ 0x6900, HSM_E_SO_REFUSED },
		{ 0x6985, HSM_E_SO_REFUSED },
		{ 0x6986, HSM_E_SO_REFUSED },
		{ 0 },
	};
	struct capdu c = { .cla = CLA_OWN, .ins = INS_INITIALIZE };
	AUTO_SECRET data = { 0 };
	struct wr w = wr_of(data.p, INIT_MAX);
	hsm_rc rc;

	TRY(init_check(init));
	init_put(&w, init);
	TRY(wr_done(&w));
	c.data = wr_rd(&w);
	rc = command_run(lane, &c, rules, NULL);
	command_wipe(lane);
	if (rc == HSM_E_PIN_WRONG) /* the SO-PIN's counter, where a card tells it */
		rc = HSM_E_SO_REFUSED;
	TRY(rc);
	return applet_select(lane);
}

hsm_rc card_free_memory(struct card_lane *lane, uint32_t *out)
{
	struct capdu c = { .cla = CLA_OWN, .ins = INS_INITIALIZE, .ne = 256 };
	struct rd data;

	TRY(command_run(lane, &c, NULL, &data));
	return rd_u32(&data, out) ? HSM_OK : HSM_E_CARD_DATA;
}

hsm_rc card_random(struct card_lane *lane, uint8_t *out, size_t n)
{
	while (n != 0) {
		size_t part = n < CHALLENGE_MAX ? n : CHALLENGE_MAX;
		struct capdu c = { .ins = INS_GET_CHALLENGE, .ne = part };
		struct rd data;

		TRY(command_run(lane, &c, NULL, &data));
		if (data.n != part)
			return HSM_E_CARD_DATA;
		memcpy(out, data.p, part);
		command_wipe(lane);
		out += part;
		n -= part;
	}
	return HSM_OK;
}
