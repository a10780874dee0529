#include "cmd/cmd.h"
#include "key/pka_key.h"

enum { P1_NEXT = 0x00, P1_REPLACE = 0x01, P1_QUERY = 0x02, STATUS_LEN = 4 };
enum { SW_REFUSED = 0x6985, SW_HAS_SIGNED = 0x9001 };

/* ---- state ---- */

static uint8_t registered(const struct emu_pka *pka)
{
	uint8_t n = 0;

	for (uint8_t i = 0; i < pka->total; i++) {
		if (pka->keys[i] != NULL)
			n++;
	}
	return n;
}

/* Keys in all, those still missing, those required, and those that have signed. */
static void status_put(const struct emu_lane *lane, struct wr *rsp)
{
	const struct emu_pka *pka = &lane->image->pka;

	wr_u8(rsp, pka->total);
	wr_u8(rsp, (uint8_t)(pka->total - registered(pka)));
	wr_u8(rsp, pka->required);
	wr_u8(rsp, pka_authenticated(lane));
}

static const struct emu_pka_key *key_at(const struct emu_image *image, uint8_t number)
{
	return number < image->pka.total ? image->pka.keys[number] : NULL;
}

/* The holder of a key. */
static hsm_rc query(
        const struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	const struct emu_pka_key *key = key_at(lane->image, c->p2);

	if (c->data.n != 0)
		return HSM_E_BAD_LEN;
	if (key == NULL)
		return HSM_E_NO_REF;
	if (c->ne < key->chr_n)
		return HSM_E_BAD_LEN;
	wr_put(rsp, key->chr, key->chr_n);
	if (pka_has_signed(lane, c->p2))
		*sw = SW_HAS_SIGNED;
	return HSM_OK;
}

/* ---- registration ---- */

/* Is holder or key that of another number? */
static bool is_known(
        const struct emu_pka *pka, uint8_t except, const struct pka_candidate *candidate)
{
	for (uint8_t i = 0; i < pka->total; i++) {
		const struct emu_pka_key *key = pka->keys[i];

		if (key != NULL && i != except &&
		        (rd_equal(rd_of(key->chr, key->chr_n), candidate->chr) ||
		                rd_equal(buf_rd(&key->key), buf_rd(&candidate->key))))
			return true;
	}
	return false;
}

/* The first number without a key, while there is one; anybody may register until then. */
static hsm_rc next_number(const struct emu_pka *pka, uint8_t *out)
{
	for (uint8_t i = 0; i < pka->total; i++) {
		if (pka->keys[i] == NULL) {
			*out = i;
			return HSM_OK;
		}
	}
	return HSM_E_NOT_ALLOWED;
}

/* Only the user may put a key in the place of another. */
static hsm_rc may_replace(const struct emu_lane *lane, uint8_t number)
{
	if ((lane->image->options & OPT_SESSION_STAYS) != OPT_REPLACE_PKA)
		return HSM_E_NOT_ALLOWED;
	if (!lane_user(lane))
		return HSM_E_NOT_AUTH;
	return key_at(lane->image, number) != NULL ? HSM_OK : HSM_E_NO_REF;
}

static hsm_rc put(struct emu_lane *lane, struct store *store, const struct capdu *c,
        const struct pka_candidate *candidate)
{
	uint8_t number = c->p2;

	TRY(c->p1 == P1_REPLACE ? may_replace(lane, number)
	                        : next_number(&lane->image->pka, &number));
	if (is_known(&lane->image->pka, number, candidate))
		return HSM_E_NOT_ALLOWED;
	return store_put_pka_key(store, number, candidate->chr, buf_rd(&candidate->key));
}

/* Durable also within a hold: nobody must sign for a revision that a failing commit would give to
 * another key. */
static hsm_rc keep(
        struct emu_lane *lane, const struct capdu *c, const struct pka_candidate *candidate)
{
	struct store *store = NULL;

	TRY(txn_begin(lane, &store));
	TRY(txn_end(lane, put(lane, store, c, candidate)));
	return txn_flush(lane);
}

static hsm_rc register_key(struct emu_lane *lane, const struct capdu *c)
{
	struct pka_candidate candidate = { .key = { 0 } };
	hsm_rc rc;

	if (c->data.n == 0 || (c->ne != 0 && c->ne < STATUS_LEN))
		return HSM_E_BAD_LEN;
	if (c->p1 == P1_REPLACE)
		TRY(may_replace(lane, c->p2));
	if (lane->trust.selected.chr_n == 0)
		return HSM_E_NO_REF;
	rc = pka_key_verify(&lane->trust.selected, c->data, &candidate);
	if (rc == HSM_OK)
		rc = keep(lane, c, &candidate);
	buf_free(&candidate.key);
	return rc;
}

static hsm_rc manage(struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	if (c->p1 == P1_QUERY)
		return query(lane, c, rsp, sw);
	if (c->p1 > P1_REPLACE || (c->p1 == P1_NEXT && c->p2 != 0))
		return HSM_E_BAD_PARAM;
	if (c->p1 == P1_REPLACE || c->data.n != 0)
		TRY(register_key(lane, c));
	else if (c->ne == 0)
		return HSM_E_BAD_LEN;
	if (c->ne != 0)
		status_put(lane, rsp);
	return HSM_OK;
}

/* MANAGE PKA: registers keys of those who are the user together, and tells which there are. */
hsm_rc cmd_pka(struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	hsm_rc rc;

	if (lane->image->pka.total == 0)
		return HSM_E_UNSUPPORTED;
	rc = manage(lane, c, rsp, sw);
	if (rc == HSM_E_NOT_ALLOWED)
		*sw = SW_REFUSED;
	return rc;
}
