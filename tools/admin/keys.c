#include "keys.h"

#include <stdlib.h>

#include "base/text.h"
#include "card/transfer.h"
#include "p15/keyblob.h"

/* ---- out ---- */

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
	const hsm_rc rc = card_export_key(s->lane, kid, file);

	return rc == HSM_OK ? 0 : wrap_failed(s, kid, rc);
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

int key_place_find(struct session *s, uint8_t *kid)
{
	static const uint8_t types[] = { FID_KEY, FID_PRKD, FID_CERT };

	for (unsigned k = 1; k <= UINT8_MAX; k++) {
		bool there = false;

		for (size_t i = 0; i < sizeof(types) && !there; i++) {
			const hsm_rc rc = listed(s, FID(types[i], k), &there);

			if (rc != HSM_OK)
				return session_fail(s, "the list of files", rc);
		}
		*kid = (uint8_t)k;
		if (!there)
			return 0;
	}
	return session_fail(s, "the key was not imported", HSM_E_FULL);
}

static int other_kek(struct session *s, struct rd kcv)
{
	char blob[2 * KCV_LEN + 1], card[2 * KCV_LEN + 1];
	struct card_domain d;
	const hsm_rc rc = card_domain_status(s->lane, 0, &d);

	if (rc != HSM_OK)
		return session_fail(s, "the state of its key domains", rc);
	if (hex_put(kcv, blob, sizeof(blob)) != HSM_OK ||
	        hex_put(rd_of(d.kcv, sizeof(d.kcv)), card, sizeof(card)) != HSM_OK)
		return ui_fail("%s", rc_text(HSM_E_FAIL));
	if (d.state == CARD_DOMAIN_COMPLETE)
		return ui_fail("%s: wrapped key does not match DKEK: it was wrapped under %s, the "
		               "card has %s",
		        s->address, blob, card);
	if (d.state == CARD_DOMAIN_PENDING)
		return ui_fail("%s: %u DKEK share(s) are still missing; the key was wrapped under "
		               "%s",
		        s->address, d.missing, blob);
	return ui_fail("%s: the card has no DKEK; the key was wrapped under %s", s->address, blob);
}

int key_fits(struct session *s, struct rd blob)
{
	struct keyblob_frame frame;
	hsm_rc rc;

	if (keyblob_split(blob, &frame) != HSM_OK)
		return ui_fail("the key blob is malformed");
	rc = card_find_kek(s->lane, frame.kcv);
	if (rc == HSM_E_NO_REF || rc == HSM_E_UNSUPPORTED)
		return other_kek(s, frame.kcv);
	return rc == HSM_OK ? 0 : session_fail(s, "the state of its key domains", rc);
}

/* ---- in: doing it ---- */

/* A key that could neither be completed nor be removed. */
static bool is_rest(struct session *s, uint8_t kid, hsm_rc rc)
{
	bool there;

	return rc != HSM_E_EXISTS && listed(s, FID(FID_KEY, kid), &there) == HSM_OK && there;
}

static int import_failed(struct session *s, uint8_t kid, hsm_rc rc)
{
	if (is_rest(s, kid, rc))
		ui_fail("%s: key %u is on the card without its description; delete it", s->address,
		        kid);
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
	rc = card_import_key(s->lane, kid, w, replace);
	ended = card_hold(s->lane, false);
	if (rc == HSM_OK)
		rc = ended;
	return rc == HSM_OK ? 0 : import_failed(s, kid, rc);
}
