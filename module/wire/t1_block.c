#include "wire/t1_block.h"

static uint8_t lrc(struct rd r)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < r.n; i++)
		sum ^= r.p[i];
	return sum;
}

/* CRC of ISO/IEC 13239 without the final complement, as readers and cards have it: low bit first,
 * x^16 + x^12 + x^5 + 1, beginning with FFFF. The eight steps of a byte at once. */
static uint16_t crc16(struct rd r)
{
	unsigned v = 0xFFFF;

	for (size_t i = 0; i < r.n; i++) {
		unsigned x = (v ^ r.p[i]) & 0xFF;

		x = (x ^ x << 4) & 0xFF;
		v = v >> 8 ^ x << 8 ^ x << 3 ^ x >> 4;
	}
	return (uint16_t)v;
}

hsm_rc t1_put(struct wr *w, const struct t1_block *b, bool crc)
{
	size_t start = w->n;
	struct rd covered;

	if (b->inf.n > T1_INF_MAX)
		return HSM_E_BAD_LEN;
	wr_put(w, (const uint8_t[]){ b->nad, b->pcb, (uint8_t)b->inf.n }, 3);
	wr_rd_put(w, b->inf);
	TRY(wr_done(w));
	covered = rd_of(w->p + start, w->n - start);
	if (crc)
		wr_u16(w, crc16(covered));
	else
		wr_u8(w, lrc(covered));
	return wr_done(w);
}

/* Is there such a block, and may it have these many bytes of INF? 11.3.2.2, 11.3.2.3 */
static bool pcb_valid(uint8_t pcb, size_t inf_n)
{
	if ((pcb & T1_R) == 0)
		return (pcb & 0x1F) == 0;
	if ((pcb & 0x40) == 0)
		return (pcb & 0x2C) == 0 && (pcb & 3) != 3 && inf_n == 0;
	switch (pcb & ~T1_S_RESPONSE) {
	case T1_S_RESYNCH:
	case T1_S_ABORT:
		return inf_n == 0;
	case T1_S_IFS:
	case T1_S_WTX:
		return inf_n == 1;
	default:
		return false;
	}
}

hsm_rc t1_get(struct rd bytes, bool crc, struct t1_block *b)
{
	size_t edc_n = crc ? 2 : 1;
	struct rd covered, edc, head;
	uint16_t sum;

	*b = (struct t1_block){ 0 };
	if (bytes.n < 3 + edc_n || bytes.n > 3 + T1_INF_MAX + edc_n ||
	        !rd_take(&bytes, bytes.n - edc_n, &covered) || !rd_take(&bytes, edc_n, &edc))
		return HSM_E_BAD_LEN;
	sum = crc ? crc16(covered) : lrc(covered);
	if (sum != (crc ? edc.p[0] << 8 | edc.p[1] : edc.p[0]))
		return HSM_E_CARD_DATA;
	if (!rd_take(&covered, 3, &head) || head.p[2] != covered.n)
		return HSM_E_BAD_LEN;
	*b = (struct t1_block){ head.p[0], head.p[1], covered };
	return pcb_valid(b->pcb, covered.n) ? HSM_OK : HSM_E_BAD_DATA;
}
