#include "keys.h"

#include <stdlib.h>

#include "base/text.h"
#include "p15/keyblob.h"

enum { DOMAINS_MAX = 16 };

/* ---- out ---- */

/* An empty `out` when there is no such file. */
static hsm_rc read_optional(struct session *s, uint16_t fid, struct buf *out)
{
	const hsm_rc rc = card_read_file(s->lane, fid, out);

	if (rc != HSM_E_NO_FILE)
		return rc;
	out->n = 0;
	return HSM_OK;
}

static hsm_rc collect(struct session *s, uint8_t kid, const struct buf *blob, struct buf *file)
{
	AUTO_BUF prkd = { 0 };
	AUTO_BUF cert = { 0 };
	struct wrapfile w = { .blob = buf_rd(blob) };
	struct wr out;

	TRY(read_optional(s, FID(FID_PRKD, kid), &prkd));
	TRY(read_optional(s, FID(FID_CERT, kid), &cert));
	w.prkd = buf_rd(&prkd);
	w.cert = buf_rd(&cert);
	TRY(buf_reserve(file, WRAPFILE_MAX));
	out = wr_of(file->p, file->cap);
	TRY(wrapfile_build(&w, &out));
	file->n = out.n;
	return HSM_OK;
}

static int wrap_failed(struct session *s, uint8_t kid, hsm_rc rc)
{
	struct card_domain d;
	struct card_key_info info;

	if (rc == HSM_E_NO_REF && card_key_info(s->lane, kid, &info) == HSM_E_NO_FILE)
		return ui_fail("%s: there is no key %u", s->address, kid);
	if (rc == HSM_E_UNSUPPORTED || rc == HSM_E_NO_REF) {
		if (card_domain_status(s->lane, 0, &d) == HSM_OK && d.state == CARD_DOMAIN_PENDING)
			return ui_fail(
			        "%s: %u DKEK share(s) are still missing", s->address, d.missing);
		return ui_fail("%s: the card cannot wrap keys; it was not initialised with "
		               "--dkek-shares",
		        s->address);
	}
	if (rc == HSM_E_KEY_REFUSED)
		return ui_fail("%s: key %u must not leave the card: its list of algorithms does "
		               "not have wrapping",
		        s->address, kid);
	return session_fail(s, "the key was not wrapped", rc);
}

int keys_export(struct session *s, uint8_t kid, struct buf *file)
{
	AUTO_BUF blob = { 0 };
	hsm_rc rc = card_wrap(s->lane, kid, &blob);

	if (rc != HSM_OK)
		return wrap_failed(s, kid, rc);
	rc = collect(s, kid, &blob, file);
	return rc == HSM_OK ? 0 : session_fail(s, "what belongs to the key", rc);
}

/* ---- in: whether it can be ---- */

static hsm_rc listed(struct session *s, uint16_t fid, bool *out)
{
	AUTO_BUF list = { 0 };

	*out = false;
	TRY(card_enumerate(s->lane, &list));
	for (size_t i = 0; i + 1 < list.n; i += 2)
		*out = *out || (list.p[i] << 8 | list.p[i + 1]) == fid;
	return HSM_OK;
}

int key_place_free(struct session *s, uint8_t kid)
{
	static const struct {
		uint8_t type;
		const char *what;
	} rows[] = {
		{ FID_KEY, "key" },
		{ FID_PRKD, "private key description" },
		{ FID_CERT, "certificate" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool there;
		const hsm_rc rc = listed(s, FID(rows[i].type, kid), &there);

		if (rc != HSM_OK)
			return session_fail(s, "the list of files", rc);
		if (there)
			return ui_fail("%s: found existing %s in EF with fid %02x%02x; remove the "
			               "key first, select an unused key reference or use --force",
			        s->address, rows[i].what, rows[i].type, kid);
	}
	return 0;
}

static int other_kek(struct session *s, const struct card_domain *d, struct rd kcv)
{
	char blob[2 * KCV_LEN + 1], card[2 * KCV_LEN + 1];

	if (hex_put(kcv, blob, sizeof(blob)) != HSM_OK ||
	        hex_put(rd_of(d->kcv, sizeof(d->kcv)), card, sizeof(card)) != HSM_OK)
		return ui_fail("%s", rc_text(HSM_E_FAIL));
	if (d->state == CARD_DOMAIN_COMPLETE)
		return ui_fail("%s: wrapped key does not match DKEK: it was wrapped under %s, the "
		               "card has %s",
		        s->address, blob, card);
	if (d->state == CARD_DOMAIN_PENDING)
		return ui_fail("%s: %u DKEK share(s) are still missing; the key was wrapped under "
		               "%s",
		        s->address, d->missing, blob);
	return ui_fail("%s: the card has no DKEK; the key was wrapped under %s", s->address, blob);
}

int key_fits(struct session *s, struct rd blob)
{
	struct keyblob_frame frame;
	struct card_domain d, first = { 0 };

	if (keyblob_split(blob, &frame) != HSM_OK)
		return ui_fail("the key blob is malformed");
	for (uint8_t i = 0; i < DOMAINS_MAX; i++) {
		const hsm_rc rc = card_domain_status(s->lane, i, &d);

		if (rc != HSM_OK)
			return session_fail(s, "the state of its key domains", rc);
		if (i == 0)
			first = d;
		if (d.state == CARD_DOMAIN_NONE)
			break;
		if (d.state == CARD_DOMAIN_COMPLETE &&
		        rd_equal(rd_of(d.kcv, sizeof(d.kcv)), frame.kcv))
			return 0;
	}
	return other_kek(s, &first, frame.kcv);
}

/* ---- in: doing it ---- */

/* Removes whatever there is under this number. */
static hsm_rc remove_all(struct session *s, uint8_t kid)
{
	static const uint8_t types[] = { FID_KEY, FID_PRKD, FID_CERT };

	for (size_t i = 0; i < sizeof(types); i++) {
		const hsm_rc rc = card_delete_file(s->lane, FID(types[i], kid));

		if (rc != HSM_OK && rc != HSM_E_NO_FILE)
			return rc;
	}
	return HSM_OK;
}

static hsm_rc write_parts(struct session *s, uint8_t kid, const struct wrapfile *w)
{
	if (w->prkd.n != 0)
		TRY(card_write_file(s->lane, FID(FID_PRKD, kid), w->prkd));
	if (w->cert.n != 0)
		TRY(card_write_file(s->lane, FID(FID_CERT, kid), w->cert));
	return HSM_OK;
}

/* Within a hold. The key comes last where something is replaced, first otherwise: a card that loses
 * its power in between has a key without a description, never a description without a key. */
static hsm_rc place(struct session *s, uint8_t kid, const struct wrapfile *w, bool replace)
{
	hsm_rc rc;

	if (replace)
		TRY(remove_all(s, kid));
	TRY(card_unwrap(s->lane, kid, w->blob));
	rc = write_parts(s, kid, w);
	if (rc != HSM_OK && remove_all(s, kid) != HSM_OK)
		ui_fail("%s: key %u is on the card without its description; delete it", s->address,
		        kid);
	return rc;
}

static int import_failed(struct session *s, uint8_t kid, hsm_rc rc)
{
	switch (rc) {
	case HSM_E_BAD_DATA:
		return ui_fail(
		        "%s: wrapped key does not match DKEK, or the file is damaged", s->address);
	case HSM_E_EXISTS:
		return ui_fail("%s: there is a key %u already", s->address, kid);
	case HSM_E_BAD_ALG:
		return ui_fail("%s: the card does not know keys of this type and size", s->address);
	default:
		return session_fail(s, "the key was not imported", rc);
	}
}

int keys_import(struct session *s, uint8_t kid, const struct wrapfile *w, bool replace)
{
	hsm_rc rc = card_hold(s->lane, true), ended;

	if (rc != HSM_OK)
		return session_fail(s, "the key was not imported", rc);
	rc = place(s, kid, w, replace);
	ended = card_hold(s->lane, false);
	if (rc == HSM_OK)
		rc = ended;
	return rc == HSM_OK ? 0 : import_failed(s, kid, rc);
}
