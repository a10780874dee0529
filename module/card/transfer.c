#include "card/transfer.h"

enum { DOMAINS_MAX = 16 };

/* ---- out ---- */

/* An empty `out` when there is no such file. */
static hsm_rc read_optional(struct card_lane *lane, uint16_t fid, struct buf *out)
{
	const hsm_rc rc = card_read_file(lane, fid, out);

	if (rc != HSM_E_NO_FILE)
		return rc;
	out->n = 0;
	return HSM_OK;
}

hsm_rc card_export_key(struct card_lane *lane, uint8_t kid, struct buf *file)
{
	AUTO_BUF blob = { 0 };
	AUTO_BUF prkd = { 0 };
	AUTO_BUF cert = { 0 };
	struct wr out;

	TRY(card_wrap(lane, kid, &blob));
	TRY(read_optional(lane, FID(FID_PRKD, kid), &prkd));
	TRY(read_optional(lane, FID(FID_CERT, kid), &cert));
	file->n = 0;
	TRY(buf_reserve(file, WRAPFILE_MAX));
	out = wr_of(file->p, file->cap);
	TRY(wrapfile_build(
	        &(struct wrapfile){
	                .blob = buf_rd(&blob), .prkd = buf_rd(&prkd), .cert = buf_rd(&cert) },
	        &out));
	file->n = out.n;
	return HSM_OK;
}

/* ---- in ---- */

hsm_rc card_find_kek(struct card_lane *lane, struct rd kcv)
{
	hsm_rc rc = HSM_E_UNSUPPORTED;
	struct card_domain d;

	for (uint8_t i = 0; i < DOMAINS_MAX; i++) {
		TRY(card_domain_status(lane, i, &d));
		if (d.state == CARD_DOMAIN_NONE)
			break;
		if (d.state != CARD_DOMAIN_COMPLETE)
			continue;
		if (rd_equal(rd_of(d.kcv, sizeof(d.kcv)), kcv))
			return HSM_OK;
		rc = HSM_E_NO_REF;
	}
	return rc;
}

static hsm_rc remove_all(struct card_lane *lane, uint8_t kid)
{
	static const uint8_t types[] = { FID_PRKD, FID_CERT, FID_KEY };

	for (size_t i = 0; i < sizeof(types); i++) {
		const hsm_rc rc = card_delete_file(lane, FID(types[i], kid));

		if (rc != HSM_OK && rc != HSM_E_NO_FILE)
			return rc;
	}
	return HSM_OK;
}

static hsm_rc write_parts(struct card_lane *lane, uint8_t kid, const struct wrapfile *w)
{
	if (w->cert.n != 0)
		TRY(card_write_file(lane, FID(FID_CERT, kid), w->cert));
	if (w->prkd.n != 0)
		TRY(card_write_file(lane, FID(FID_PRKD, kid), w->prkd));
	return HSM_OK;
}

/* The description goes first and comes last: a card that loses its power in between has a key
 * without a description, never a description without a key. */
hsm_rc card_import_key(struct card_lane *lane, uint8_t kid, const struct wrapfile *w, bool replace)
{
	hsm_rc rc;

	if (replace)
		TRY(remove_all(lane, kid));
	TRY(card_unwrap(lane, kid, w->blob));
	rc = write_parts(lane, kid, w);
	if (rc != HSM_OK)
		(void)!remove_all(lane, kid);
	return rc;
}
