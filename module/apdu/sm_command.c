#include "apdu/sm_crypto.h"
#include "base/tlv.h"

enum { HEADER_LEN = 4, NC_SHORT_MAX = 255, NE_SHORT_MAX = 256 };

/* The header as it is authenticated: class already with CLA_SM. */
static struct rd header_of(const struct capdu *c, uint8_t *room)
{
	memcpy(room, (const uint8_t[HEADER_LEN]){ c->cla, c->ins, c->p1, c->p2 }, HEADER_LEN);
	return rd_of(room, HEADER_LEN);
}

static enum sm_tag data_tag(uint8_t ins)
{
	return ins % 2 != 0 ? SM_CRYPTOGRAM_TLV : SM_CRYPTOGRAM;
}

/* ---- host ---- */

static void le_put(struct wr *w, size_t ne, bool extended)
{
	const uint8_t le[2] = { (uint8_t)(ne >> 8), (uint8_t)ne };

	if (ne != 0)
		tlv_put(w, SM_LE, extended ? rd_of(le, 2) : rd_of(le + 1, 1));
}

hsm_rc sm_protect_command(
        struct sm *sm, const struct capdu *plain, struct wr *room, struct capdu *out)
{
	const bool extended = plain->extended || plain->ne > NE_SHORT_MAX;
	const size_t start = room->n;
	struct capdu c = *plain;
	uint8_t header[HEADER_LEN];

	if (plain->data.n > SM_DATA_MAX || plain->ne > APDU_NE_MAX)
		return HSM_E_BAD_LEN;
	sm_next(sm);
	c.cla |= CLA_SM;
	if (plain->data.n != 0)
		TRY(sm_seal(sm, data_tag(c.ins), plain->data, room));
	le_put(room, plain->ne, extended);
	TRY(wr_done(room));
	TRY(sm_mac_put(sm, header_of(&c, header), rd_of(room->p + start, room->n - start), room));
	c.data = rd_of(room->p + start, room->n - start);
	c.extended = extended || c.data.n > NC_SHORT_MAX;
	c.ne = c.extended ? APDU_NE_MAX : NE_SHORT_MAX;
	*out = c;
	return HSM_OK;
}

/* ---- card ---- */

/* The objects of a command; p == NULL where there is none. */
struct objects {
	struct rd cryptogram, le, mac;
	struct rd covered; /* by the MAC */
};

static hsm_rc split(struct rd r, enum sm_tag tag, struct objects *o)
{
	const struct rd all = r;

	if (!tlv_get_opt(&r, (uint16_t)tag, &o->cryptogram) || !tlv_get_opt(&r, SM_LE, &o->le))
		return HSM_E_SM_WRONG;
	o->covered = rd_of(all.p, all.n - r.n);
	if (!tlv_get(&r, SM_MAC, &o->mac))
		return HSM_E_SM_MISSING;
	return r.n == 0 ? HSM_OK : HSM_E_SM_WRONG;
}

static hsm_rc take_le(struct rd le, size_t *ne)
{
	const size_t full = le.n == 1 ? NE_SHORT_MAX : APDU_NE_MAX;

	*ne = 0;
	if (le.p == NULL)
		return HSM_OK;
	if (le.n != 1 && le.n != 2)
		return HSM_E_SM_WRONG;
	for (size_t i = 0; i < le.n; i++)
		*ne = *ne << 8 | le.p[i];
	if (*ne == 0)
		*ne = full;
	return HSM_OK;
}

hsm_rc sm_unprotect_command(
        struct sm *sm, const struct capdu *c, struct wr *room, struct capdu *out)
{
	const enum sm_tag tag = data_tag(c->ins);
	struct capdu plain = *c;
	struct objects o = { 0 };
	uint8_t header[HEADER_LEN];

	if (c->ne == 0)
		return HSM_E_BAD_LEN;
	sm_next(sm);
	TRY(split(c->data, tag, &o));
	TRY(sm_mac_check(sm, header_of(c, header), o.covered, o.mac));
	TRY(take_le(o.le, &plain.ne));
	plain.cla &= (uint8_t)~CLA_SM;
	plain.data = (struct rd){ 0 };
	if (o.cryptogram.p != NULL)
		TRY(sm_open(sm, tag, o.cryptogram, room, &plain.data));
	*out = plain;
	return HSM_OK;
}
