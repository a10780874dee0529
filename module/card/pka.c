#include <string.h>

#include "base/tlv.h"
#include "card/command.h"
#include "p15/cvc.h"

enum {
	CLA_OWN = 0x80,
	P1_REGISTER = 0x00, /* without data: status */
	P1_HOLDER = 0x02,
	SW_AUTHENTICATED = 0x9001,
	STATUS_LEN = 4,
	SET_VERIFICATION_P1 = 0x81,
	SET_VERIFICATION_P2 = 0xB6,
	P2_CERTIFICATE = 0xBE,
};

static hsm_rc status_parse(struct rd r, struct card_pka *out)
{
	*out = (struct card_pka){ 0 };
	return rd_u8(&r, &out->total) && rd_u8(&r, &out->missing) && rd_u8(&r, &out->required) &&
	                       rd_u8(&r, &out->authenticated)
	               ? HSM_OK
	               : HSM_E_CARD_DATA;
}

hsm_rc card_pka_status(struct card_lane *lane, struct card_pka *out)
{
	static const struct sw_rule rules[] = { { 0x6A86, HSM_E_UNSUPPORTED }, { 0 } };
	const struct capdu c = { .cla = CLA_OWN, .ins = INS_PKA, .ne = STATUS_LEN };
	struct rd data;

	TRY(command_run(lane, &c, rules, &data));
	return status_parse(data, out);
}

/* ---- registering ---- */

/* Selects a public key by its holder: HSM_E_NO_REF when the card does not know it. */
static hsm_rc select_key(struct card_lane *lane, struct rd holder)
{
	uint8_t bytes[2 + P15_CHR_MAX];
	struct wr w = WR_ARRAY(bytes);

	tlv_put(&w, 0x83, holder);
	TRY(wr_done(&w));
	return command_run(lane,
	        &(struct capdu){ .ins = INS_MSE,
	                .p1 = SET_VERIFICATION_P1,
	                .p2 = SET_VERIFICATION_P2,
	                .data = wr_rd(&w) },
	        NULL, NULL);
}

/* Makes a certificate known to the card, unless it is. */
static hsm_rc introduce(struct card_lane *lane, struct rd cert)
{
	static const struct sw_rule rules[] = { { 0x6985, HSM_E_UNTRUSTED }, { 0 } };
	struct rd whole = cert, content;
	struct cvc c;
	uint16_t tag;
	hsm_rc rc;

	if (cvc_parse(&whole, &c) != HSM_OK || whole.n != 0 || c.chr.n > P15_CHR_MAX ||
	        c.car.n > P15_CHR_MAX || !tlv_next(&cert, &tag, &content, NULL))
		return HSM_E_BAD_DATA;
	rc = select_key(lane, c.chr);
	if (rc != HSM_E_NO_REF)
		return rc;
	rc = select_key(lane, c.car);
	if (rc == HSM_E_NO_REF)
		return HSM_E_UNTRUSTED;
	TRY(rc);
	return command_run(lane,
	        &(struct capdu){ .ins = INS_PSO, .p2 = P2_CERTIFICATE, .data = content }, rules,
	        NULL);
}

static hsm_rc signer_of(struct rd request, struct rd *out)
{
	struct rd skip;
	uint16_t tag;

	if (!tlv_next(&request, &tag, &skip, NULL) || tag != 0x7F21 ||
	        !tlv_next(&request, &tag, out, NULL) || tag != 0x42 || out->n > P15_CHR_MAX)
		return HSM_E_BAD_DATA;
	return HSM_OK;
}

hsm_rc card_pka_register(struct card_lane *lane, struct rd issuer, struct rd device,
        struct rd request, struct card_pka *out)
{
	struct capdu c = { .cla = CLA_OWN, .ins = INS_PKA, .data = request, .ne = STATUS_LEN };
	struct rd signer, data;

	TRY(signer_of(request, &signer));
	TRY(introduce(lane, issuer));
	TRY(introduce(lane, device));
	TRY(select_key(lane, signer));
	TRY(command_run(lane, &c, NULL, &data));
	return status_parse(data, out);
}

hsm_rc card_pka_holder(
        struct card_lane *lane, uint8_t index, char holder[P15_CHR_MAX + 1], bool *authenticated)
{
	const struct capdu c = {
		.cla = CLA_OWN, .ins = INS_PKA, .p1 = P1_HOLDER, .p2 = index, .ne = P15_CHR_MAX
	};
	struct rapdu answer;

	TRY(command_send(lane, &c, &answer));
	*authenticated = answer.sw == SW_AUTHENTICATED;
	if (!*authenticated)
		TRY(command_outcome(answer.sw, NULL));
	if (answer.data.n > P15_CHR_MAX || memchr(answer.data.p, 0, answer.data.n) != NULL)
		return HSM_E_CARD_DATA;
	memcpy(holder, answer.data.p, answer.data.n);
	holder[answer.data.n] = '\0';
	return HSM_OK;
}
