#include "contents.h"

#include <stdio.h>

#include "base/text.h"
#include "folder.h"
#include "p15/p15.h"
#include "p15/pubkey.h"

enum { SPKI_MAX = 1200 };

hsm_rc contents_read(struct session *s, struct contents *out)
{
	out->list.n = 0;
	return card_enumerate(s->lane, &out->list);
}

bool contents_has(const struct contents *c, uint16_t wanted)
{
	struct rd list = buf_rd(&c->list);
	uint16_t fid;

	while (rd_u16(&list, &fid)) {
		if (fid == wanted)
			return true;
	}
	return false;
}

hsm_rc read_optional(struct session *s, uint16_t fid, struct buf *out)
{
	const hsm_rc rc = card_read_file(s->lane, fid, out);

	if (rc != HSM_E_NO_FILE)
		return rc;
	out->n = 0;
	return HSM_OK;
}

hsm_rc token_label(struct session *s, char *out, size_t cap)
{
	AUTO_BUF file = { 0 };
	struct rd label;

	out[0] = '\0';
	TRY(read_optional(s, EF_TOKENINFO, &file));
	if (file.n != 0 && p15_tokeninfo_parse(buf_rd(&file), &label) == HSM_OK)
		ui_clean(label, out, cap);
	return HSM_OK;
}

/* ---- keys ---- */

static void put_type(struct item *item, const struct p15_key *key)
{
	const char *name = key->type == P15_RSA ? "RSA" : key->type == P15_EC ? "EC" : "AES";

	snprintf(item->type, sizeof(item->type), key->bits != 0 ? "%s %u" : "%s", name, key->bits);
}

static void put_public(struct item *item, const struct pubkey *key)
{
	uint8_t bytes[SPKI_MAX], digest[MANIFEST_DIGEST];
	struct wr w = WR_ARRAY(bytes);

	if (key->type == PUBKEY_EC)
		snprintf(item->type, sizeof(item->type), "EC %s", key->curve->name);
	else
		snprintf(item->type, sizeof(item->type), "RSA %u", key->bits);
	pubkey_put_spki(&w, key);
	if (wr_done(&w) == HSM_OK && digest_of(wr_rd(&w), digest) == HSM_OK)
		(void)!hex_put(rd_of(digest, sizeof(digest)), item->public_sha256,
		        sizeof(item->public_sha256));
}

void describe_key(struct item *item, struct rd prkd, struct rd cert)
{
	struct p15_key key;
	struct pubkey pub;

	if (prkd.n != 0 && p15_key_parse(prkd, &key) == HSM_OK) {
		ui_clean(key.label, item->label, sizeof(item->label));
		(void)!hex_put(key.id, item->id, sizeof(item->id));
		put_type(item, &key);
	}
	if (cert.n != 0 && pubkey_from_cert_file(cert, &pub) == HSM_OK)
		put_public(item, &pub);
}

/* ---- files ---- */

/* The number of the file that describes this one. */
static uint16_t description_of(uint16_t fid)
{
	switch (fid >> 8) {
	case FID_CA_CERT:
		return FID(FID_CD, fid & 0xFF);
	case FID_CERT:
		return FID(FID_PRKD, fid & 0xFF);
	case FID_DATA:
	case FID_PRIVATE_DATA:
		return FID(FID_DCOD, fid & 0xFF);
	default:
		return fid;
	}
}

void describe_file(struct session *s, struct item *item)
{
	const uint16_t fid = description_of(item->fid);
	AUTO_BUF record = { 0 };
	struct p15_key key;
	struct p15_cert cert;
	struct p15_data data;
	struct rd label = { 0 }, id = { 0 };

	if (read_optional(s, fid, &record) != HSM_OK || record.n == 0)
		return;
	if (fid >> 8 == FID_CD && p15_cert_parse(buf_rd(&record), &cert) == HSM_OK) {
		label = cert.label;
		id = cert.id;
	} else if (fid >> 8 == FID_DCOD && p15_data_parse(buf_rd(&record), &data) == HSM_OK) {
		label = data.label;
	} else if (fid >> 8 == FID_PRKD && p15_key_parse(buf_rd(&record), &key) == HSM_OK) {
		label = key.label;
		id = key.id;
	}
	ui_clean(label, item->label, sizeof(item->label));
	(void)!hex_put(id, item->id, sizeof(item->id));
}

bool describes_private(struct session *s, uint16_t fid)
{
	AUTO_BUF record = { 0 };
	struct p15_data data;

	return fid >> 8 == FID_DCOD && read_optional(s, fid, &record) == HSM_OK &&
	       p15_data_parse(buf_rd(&record), &data) == HSM_OK &&
	       (data.is_private || data.fid >> 8 == FID_PRIVATE_DATA);
}
