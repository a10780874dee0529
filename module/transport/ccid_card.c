#include "transport/ccid_card.h"

#include "base/log.h"

enum { POWER_MS = 10000, ROUNDS = 2, T1 = 1, FIDI_DEFAULT = 0x11 };

/* ---- power ---- */

/* bPowerSelect of what is to be tried, in this order: 5 V, 3 V, 1.8 V, or what the reader thinks.
 */
static size_t voltages(const struct ccid_class *c, uint8_t out[3])
{
	size_t n = 0;

	for (uint8_t i = 0; i < 3 && (c->features & CCID_AUTO_VOLTAGE) == 0; i++) {
		if ((c->voltages >> i & 1) != 0)
			out[n++] = (uint8_t)(i + 1);
	}
	if (n == 0)
		out[n++] = 0;
	return n;
}

hsm_rc ccid_power_off(struct ccid_link *l)
{
	struct ccid_answer a;

	return ccid_ask(l, (struct ccid_msg){ .type = CCID_POWER_OFF }, CCID_ANSWER_MS, &a);
}

static hsm_rc atr_keep(struct rd bytes, struct ccid_card_facts *card)
{
	if (bytes.n > sizeof(card->bytes))
		return HSM_E_CARD_DATA;
	if (bytes.n != 0)
		memcpy(card->bytes, bytes.p, bytes.n);
	card->n = bytes.n;
	return atr_get(rd_of(card->bytes, card->n), &card->atr);
}

static hsm_rc power(struct ccid_link *l, uint8_t voltage, struct ccid_card_facts *card)
{
	struct ccid_answer a;
	hsm_rc rc = ccid_power_off(l);

	if (l->pending)
		return rc;
	TRY(ccid_ask(
	        l, (struct ccid_msg){ .type = CCID_POWER_ON, .param = { voltage } }, POWER_MS, &a));
	return atr_keep(a.data, card);
}

/* Until one voltage brings an ATR, or the reader does not answer any more. */
static hsm_rc power_any(struct ccid_link *l, struct ccid_card_facts *card)
{
	uint8_t tries[3];
	const size_t n = voltages(&l->pipe->function.class_desc, tries);
	hsm_rc rc = HSM_E_MUTE;

	for (size_t i = 0; i < ROUNDS * n; i++) {
		rc = power(l, tries[i % n], card);
		if (rc == HSM_OK || rc == HSM_E_NO_CARD || l->pending)
			return rc;
	}
	return rc;
}

/* ---- parameters ---- */

/* Bits per second that a reader needs for these F and D (ISO/IEC 7816-3, tables 7 and 8); 0: there
 * is no such F or D. */
static uint64_t rate(uint8_t fidi, uint32_t clock_khz)
{
	static const uint16_t f[16] = { 372, 372, 558, 744, 1116, 1488, 1860, 0, 0, 512, 768, 1024,
		1536, 2048, 0, 0 };
	static const uint8_t d[16] = { 0, 1, 2, 4, 8, 16, 32, 64, 12, 20, 0, 0, 0, 0, 0, 0 };

	return f[fidi >> 4] == 0 ? 0 : (uint64_t)clock_khz * 1000 * d[fidi & 15] / f[fidi >> 4];
}

static uint8_t fidi_for(const struct ccid_class *c, const struct atr *atr)
{
	const uint64_t needed = rate(atr->fidi, c->clock);

	return needed == 0 || needed > c->rate_max ? FIDI_DEFAULT : atr->fidi;
}

/* Protocol and parameters selection, ISO/IEC 7816-3 clause 9: the card repeats what it agrees to.
 */
static hsm_rc pps(struct ccid_link *l, uint8_t *fidi)
{
	uint8_t request[4] = { 0xFF, 0x10 | T1, *fidi };
	struct ccid_answer a;

	request[3] = request[0] ^ request[1] ^ request[2];
	TRY(ccid_ask(l,
	        (struct ccid_msg){
	                .type = CCID_XFR_BLOCK, .data = rd_of(request, sizeof(request)) },
	        CCID_ANSWER_MS, &a));
	if (rd_equal(a.data, rd_of(request, sizeof(request))))
		return HSM_OK;
	*fidi = FIDI_DEFAULT;
	return rd_equal(a.data, rd_of((const uint8_t[]){ 0xFF, T1, 0xFF ^ T1 }, 3))
	               ? HSM_OK
	               : HSM_E_CARD_DATA;
}

static bool needs_pps(const struct ccid_class *c, const struct atr *atr, uint8_t fidi)
{
	return ccid_level(c) == CCID_LEVEL_TPDU &&
	       (c->features & (CCID_AUTO_NEGOTIATION | CCID_AUTO_PPS)) == 0 && !atr->specific &&
	       (fidi != FIDI_DEFAULT || atr->first != T1);
}

static hsm_rc set_parameters(struct ccid_link *l, const struct atr *atr, uint8_t fidi)
{
	uint8_t data[CCID_T1_PARAMS];
	struct wr w = WR_ARRAY(data);
	struct ccid_answer a;
	hsm_rc rc;

	ccid_t1_put(&w, &(struct ccid_t1){
	                        .fidi = fidi,
	                        .crc = atr->crc,
	                        .inverse = atr->inverse,
	                        .guard = atr->guard,
	                        .bwi_cwi = (uint8_t)(atr->bwi << 4 | atr->cwi),
	                        .clock_stop = atr->clock_stop,
	                        .ifsc = atr->ifsc,
	                });
	TRY(wr_done(&w));
	rc = ccid_ask(l,
	        (struct ccid_msg){
	                .type = CCID_SET_PARAMETERS, .param = { T1 }, .data = wr_rd(&w) },
	        CCID_ANSWER_MS, &a);
	return rc == HSM_E_UNSUPPORTED ? HSM_OK : rc; /* a reader that knows what it does */
}

static hsm_rc configure(struct ccid_link *l, const struct atr *atr)
{
	const struct ccid_class *c = &l->pipe->function.class_desc;
	const struct quirk *q = l->pipe->quirk;
	uint8_t fidi = atr->specific ? atr->fidi : fidi_for(c, atr);

	if ((atr->protocols & 1U << T1) == 0 || (atr->specific && atr->only != T1)) {
		log_say(LOG_ERROR, "USB reader: the card does not speak T=1");
		return HSM_E_UNSUPPORTED;
	}
	if (needs_pps(c, atr, fidi))
		TRY(pps(l, &fidi));
	if ((c->features & CCID_AUTO_NEGOTIATION) != 0 ||
	        (q != NULL && (q->flags & QUIRK_ONLY_T1) != 0))
		return HSM_OK;
	return set_parameters(l, atr, fidi);
}

hsm_rc ccid_power_on(struct ccid_link *l, struct ccid_card_facts *card)
{
	TRY(power_any(l, card));
	return configure(l, &card->atr);
}
