#include "apdu/capdu.h"

enum { NE_SHORT_MAX = 256, NC_SHORT_MAX = 255, HEADER = 4 };

/* Le of one byte: 00 asks for 256. */
static bool take_le_short(struct rd *r, size_t *ne)
{
	uint8_t le;

	if (!rd_u8(r, &le))
		return false;
	*ne = le == 0 ? NE_SHORT_MAX : le;
	return true;
}

/* Le of two bytes: 0000 asks for 65536. */
static bool take_le_extended(struct rd *r, size_t *ne)
{
	uint16_t le;

	if (!rd_u16(r, &le))
		return false;
	*ne = le == 0 ? APDU_NE_MAX : le;
	return true;
}

/* Cases 2S, 3S and 4S: what follows the header. */
static bool parse_short(struct rd r, struct capdu *c)
{
	uint8_t lc;

	if (r.n == 1)
		return take_le_short(&r, &c->ne);
	if (!rd_u8(&r, &lc) || !rd_take(&r, lc, &c->data))
		return false;
	return r.n == 0 || (take_le_short(&r, &c->ne) && r.n == 0);
}

/* Cases 2E, 3E and 4E: what follows the header and the byte 00. */
static bool parse_extended(struct rd r, struct capdu *c)
{
	uint16_t lc;

	c->extended = true;
	if (r.n == 2)
		return take_le_extended(&r, &c->ne);
	if (!rd_u16(&r, &lc) || lc == 0 || !rd_take(&r, lc, &c->data))
		return false;
	return r.n == 0 || (take_le_extended(&r, &c->ne) && r.n == 0);
}

hsm_rc capdu_parse(struct rd bytes, struct capdu *out)
{
	struct capdu c = { 0 };
	struct rd r = bytes;
	bool good;

	if (!rd_u8(&r, &c.cla) || !rd_u8(&r, &c.ins) || !rd_u8(&r, &c.p1) || !rd_u8(&r, &c.p2))
		return HSM_E_BAD_LEN;
	if (r.n == 0)
		good = true;
	else if (r.n == 1 || r.p[0] != 0)
		good = parse_short(r, &c);
	else
		good = parse_extended(rd_of(r.p + 1, r.n - 1), &c);
	if (!good)
		return HSM_E_BAD_LEN;
	*out = c;
	return HSM_OK;
}

static void put_short(struct wr *w, const struct capdu *c)
{
	if (c->data.n != 0) {
		wr_u8(w, (uint8_t)c->data.n);
		wr_rd_put(w, c->data);
	}
	if (c->ne != 0)
		wr_u8(w, (uint8_t)c->ne);
}

static void put_extended(struct wr *w, const struct capdu *c)
{
	if (c->data.n != 0 || c->ne != 0)
		wr_u8(w, 0);
	if (c->data.n != 0) {
		wr_u16(w, (uint16_t)c->data.n);
		wr_rd_put(w, c->data);
	}
	if (c->ne != 0)
		wr_u16(w, (uint16_t)c->ne);
}

hsm_rc capdu_build(const struct capdu *c, struct wr *w)
{
	if (c->data.n > APDU_DATA_MAX || c->ne > APDU_NE_MAX)
		return HSM_E_BAD_LEN;
	wr_put(w, (const uint8_t[HEADER]){ c->cla, c->ins, c->p1, c->p2 }, HEADER);
	if (c->extended || c->data.n > NC_SHORT_MAX || c->ne > NE_SHORT_MAX)
		put_extended(w, c);
	else
		put_short(w, c);
	return wr_done(w);
}
