#include "base/tlv.h"
#include "card/command.h"
#include "p15/cvc.h"

#define OID_RSA_V1_5_SHA_256 "\x04\x00\x7F\x00\x07\x02\x02\x02\x01\x02"
#define OID_ECDSA_SHA_256    "\x04\x00\x7F\x00\x07\x02\x02\x02\x02\x03"
#define REQUEST_CAR          "UTCA00001"
#define REQUEST_SEQUENCE     "00001"

enum { TEMPLATE_MAX = 1024 };

/* The body of a certificate request, with the references that OpenSC gives it. */
static void template_put(struct wr *w, const struct cvc_key *key, const char *serial)
{
	size_t holder;

	tlv_put(w, 0x5F29, RD_LIT("\x00"));
	tlv_put(w, 0x42, RD_LIT(REQUEST_CAR));
	cvc_key_put(w, key);
	holder = tlv_open(w, 0x5F20);
	wr_rd_put(w, rd_str(serial));
	wr_rd_put(w, RD_LIT(REQUEST_SEQUENCE));
	tlv_close(w, holder);
}

static hsm_rc generate(
        struct card_lane *lane, uint8_t kid, const struct cvc_key *key, struct buf *request)
{
	static const struct sw_rule rules[] = {
		{ 0x6A80, HSM_E_BAD_ALG },
		{ 0x6A81, HSM_E_BAD_ALG },
		{ 0 },
	};
	struct card_identity id = card_identity(lane->card);
	struct capdu c = { .ins = INS_GENERATE_KEY_PAIR, .p1 = kid, .ne = APDU_NE_MAX };
	uint8_t template[TEMPLATE_MAX];
	struct wr w = WR_ARRAY(template);
	struct rd answer;

	template_put(&w, key, id.serial);
	TRY(wr_done(&w));
	c.data = wr_rd(&w);
	TRY(command_run(lane, &c, rules, &answer));
	return buf_set(request, answer);
}

hsm_rc card_generate_rsa(struct card_lane *lane, uint8_t kid, uint16_t bits, struct buf *request)
{
	struct cvc_key key = {
		.oid = RD_LIT(OID_RSA_V1_5_SHA_256),
		.is_rsa = true,
		.modulus_bits = bits,
		.exponent = RD_LIT("\x01\x00\x01"),
	};

	return generate(lane, kid, &key, request);
}

hsm_rc card_generate_ec(
        struct card_lane *lane, uint8_t kid, const struct curve *curve, struct buf *request)
{
	struct cvc_key key = { .oid = RD_LIT(OID_ECDSA_SHA_256), .curve = curve };

	return generate(lane, kid, &key, request);
}
