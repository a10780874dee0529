#include "wire/atr.h"

enum { TS_DIRECT = 0x3B, TS_INVERSE = 0x3F };
enum { HAS_TA = 0x10, HAS_TB = 0x20, HAS_TC = 0x40, HAS_TD = 0x80 };
enum { T1 = 1, T15 = 15, IFSC_DEFAULT = 32, BWI_DEFAULT = 4, BWI_MAX = 9, CWI_DEFAULT = 13 };

struct group {
	unsigned level; /* i of TAi */
	uint8_t y, t;   /* which bytes there are, and the protocol they are for */
	uint8_t a, b, c, d;
};

static bool group_get(struct rd *r, struct group *g)
{
	return ((g->y & HAS_TA) == 0 || rd_u8(r, &g->a)) &&
	       ((g->y & HAS_TB) == 0 || rd_u8(r, &g->b)) &&
	       ((g->y & HAS_TC) == 0 || rd_u8(r, &g->c)) &&
	       ((g->y & HAS_TD) == 0 || rd_u8(r, &g->d));
}

/* TA1 to TC2 are for all protocols, 8.3. */
static void global(struct atr *atr, const struct group *g)
{
	if (g->level == 1) {
		if ((g->y & HAS_TA) != 0)
			atr->fidi = g->a;
		if ((g->y & HAS_TC) != 0)
			atr->guard = g->c;
	} else if ((g->y & HAS_TA) != 0) {
		atr->specific = true;
		atr->only = g->a & 0x0F;
	}
}

/* The first TA, TB, TC for T=1 behind TA2, 11.4. */
static hsm_rc for_t1(struct atr *atr, const struct group *g)
{
	if ((g->y & HAS_TA) != 0) {
		if (g->a == 0x00 || g->a == 0xFF)
			return HSM_E_CARD_DATA;
		atr->ifsc = g->a;
	}
	if ((g->y & HAS_TB) != 0) {
		atr->cwi = g->b & 0x0F;
		atr->bwi = g->b >> 4;
		if (atr->bwi > BWI_MAX)
			return HSM_E_CARD_DATA;
	}
	if ((g->y & HAS_TC) != 0)
		atr->crc = (g->c & 1) != 0;
	return HSM_OK;
}

static hsm_rc groups(struct rd *r, uint8_t y, struct atr *atr)
{
	struct group g = { .level = 1, .y = y };
	bool seen_t1 = false, seen_t15 = false;

	for (;; g.level++) {
		if (!group_get(r, &g))
			return HSM_E_CARD_DATA;
		if (g.level <= 2)
			global(atr, &g);
		if (g.level > 2 && g.t == T1 && !seen_t1) {
			seen_t1 = true;
			TRY(for_t1(atr, &g));
		}
		if (g.level > 2 && g.t == T15 && !seen_t15 && (g.y & HAS_TA) != 0) {
			seen_t15 = true;
			atr->clock_stop = g.a >> 6;
		}
		if ((g.y & HAS_TD) == 0)
			return HSM_OK;
		g.y = g.d & 0xF0;
		g.t = g.d & 0x0F;
		if (atr->protocols == 0)
			atr->first = g.t;
		atr->protocols |= (uint16_t)(1U << g.t);
	}
}

static bool check_byte(struct rd bytes)
{
	uint8_t sum = 0;

	for (size_t i = 1; i < bytes.n; i++)
		sum ^= bytes.p[i];
	return sum == 0;
}

hsm_rc atr_get(struct rd bytes, struct atr *out)
{
	struct rd r = bytes, tck;
	uint8_t ts, t0;

	*out = (struct atr){
		.fidi = 0x11, .ifsc = IFSC_DEFAULT, .bwi = BWI_DEFAULT, .cwi = CWI_DEFAULT
	};
	if (bytes.n > ATR_MAX || !rd_u8(&r, &ts) || (ts != TS_DIRECT && ts != TS_INVERSE) ||
	        !rd_u8(&r, &t0))
		return HSM_E_CARD_DATA;
	out->inverse = ts == TS_INVERSE;
	TRY(groups(&r, t0 & 0xF0, out));
	if (!rd_take(&r, t0 & 0x0F, &out->history))
		return HSM_E_CARD_DATA;
	if (out->protocols == 0)
		out->protocols = 1;
	/* TCK is there unless T=0 is the only protocol, 8.2.5. */
	if (out->protocols != 1 && (!rd_take(&r, 1, &tck) || !check_byte(bytes)))
		return HSM_E_CARD_DATA;
	return r.n == 0 ? HSM_OK : HSM_E_CARD_DATA;
}

uint32_t atr_bwt_ms(const struct atr *atr, uint32_t clock_khz)
{
	uint32_t khz = clock_khz == 0 ? 1000 : clock_khz;
	uint32_t cycles = 11 * 372 + (uint32_t)960 * 372 * (1U << atr->bwi);

	return cycles / khz + (cycles % khz != 0);
}

bool atr_is_hsm(const struct atr *atr)
{
	/* category 80, then compact TLV: service data 31, issuer's data 54 */
	static const uint8_t hsm1[] = { 0x80, 0x31, 0x81, 0x54, 'H', 'S', 'M', '1' };

	return atr->history.n >= sizeof(hsm1) &&
	       rd_equal(rd_of(atr->history.p, sizeof(hsm1)), rd_of(hsm1, sizeof(hsm1)));
}
