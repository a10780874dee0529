#include "apdu/sm_crypto.h"
#include "base/tlv.h"

enum { STATUS_LEN = 2 };

/* ---- card ---- */

/* Bytes of an answer with its status and MAC objects; tag 87, whose length is in the shortest form.
 */
static size_t protected_n(size_t n)
{
	const size_t cryptogram = 1 + (n / SM_BLOCK_LEN + 1) * SM_BLOCK_LEN;
	const size_t length_n = cryptogram < 0x80 ? 1 : cryptogram < 0x100 ? 2 : 3;

	return (n == 0 ? 0 : 1 + length_n + cryptogram) + 2 + STATUS_LEN + 2 + SM_MAC_LEN;
}

hsm_rc sm_protect_answer(struct sm *sm, const struct rapdu *plain, size_t ne, struct wr *out)
{
	const uint8_t status[STATUS_LEN] = { (uint8_t)(plain->sw >> 8), (uint8_t)plain->sw };
	const size_t start = out->n;

	if (protected_n(plain->data.n) > ne)
		return HSM_E_BAD_LEN;
	sm_next(sm);
	if (plain->data.n != 0)
		TRY(sm_seal(sm, SM_CRYPTOGRAM, plain->data, out));
	tlv_put(out, SM_STATUS, rd_of(status, sizeof(status)));
	TRY(wr_done(out));
	TRY(sm_mac_put(sm, rd_of(NULL, 0), rd_of(out->p + start, out->n - start), out));
	wr_u16(out, plain->sw);
	return wr_done(out);
}

/* ---- host ---- */

/* The objects of an answer; p == NULL where there is none. */
struct objects {
	enum sm_tag tag; /* of the cryptogram */
	struct rd cryptogram, status, mac;
	struct rd covered; /* by the MAC */
};

/* Cards use 87 for every instruction, or 85 for odd ones. */
static hsm_rc split(struct rd r, struct objects *o)
{
	const struct rd all = r;

	o->tag = tlv_peek(r, SM_CRYPTOGRAM_TLV) ? SM_CRYPTOGRAM_TLV : SM_CRYPTOGRAM;
	if (!tlv_get_opt(&r, (uint16_t)o->tag, &o->cryptogram))
		return HSM_E_SM_WRONG;
	if (!tlv_get(&r, SM_STATUS, &o->status))
		return HSM_E_SM_MISSING;
	o->covered = rd_of(all.p, all.n - r.n);
	if (!tlv_get(&r, SM_MAC, &o->mac))
		return HSM_E_SM_MISSING;
	return r.n == 0 ? HSM_OK : HSM_E_SM_WRONG;
}

hsm_rc sm_unprotect_answer(
        struct sm *sm, const struct rapdu *answer, struct wr *room, struct rapdu *out)
{
	struct objects o = { 0 };
	struct rapdu plain = { 0 };

	sm_next(sm);
	TRY(split(answer->data, &o));
	TRY(sm_mac_check(sm, rd_of(NULL, 0), o.covered, o.mac));
	if (!rd_u16(&o.status, &plain.sw) || o.status.n != 0)
		return HSM_E_SM_WRONG;
	if (o.cryptogram.p != NULL)
		TRY(sm_open(sm, o.tag, o.cryptogram, room, &plain.data));
	*out = plain;
	return HSM_OK;
}
