/* Reads the PKCS#15 files of a card into objects. What is malformed hides only its own object. */
#include "base/log.h"
#include "base/tlv.h"
#include "token/description.h"
#include "token/listing.h"
#include "token/state.h"

enum { X509_TAG = 0x30 };

/* The files of one key as they are on the card; empty where there is none. */
struct key_files {
	uint8_t kid;
	bool has_key;
	struct rd record, cert; /* C4kk, CEkk */
};

static hsm_rc read_if_there(
        struct card_lane *lane, const struct listing *l, uint16_t fid, struct buf *out)
{
	hsm_rc rc = listing_has(l, fid) ? card_read_file(lane, fid, out) : HSM_OK;

	if (!description_lost(rc))
		return rc;
	out->n = 0;
	log_say(LOG_INFO, "file %04X: %s", fid, rc_text(rc));
	return HSM_OK;
}

/* Label, identifier and usage of a key's objects; the number of the key where there are none.
 * OpenSC before 0.27 and sc-hsm-embedded write no access flags. */
static hsm_rc describe(struct object *o, const struct key_files *f, struct p15_key *prkd)
{
	*prkd = (struct p15_key){ 0 };
	TRY(buf_set(&o->bytes[0], f->record));
	if (p15_key_parse(buf_rd(&o->bytes[0]), prkd) != HSM_OK) {
		if (f->has_key)
			log_say(LOG_INFO, "key %02X has no readable description", f->kid);
		TRY(buf_set(&o->bytes[0], rd_of(&f->kid, 1)));
		prkd->id = buf_rd(&o->bytes[0]);
	}
	o->label = prkd->label;
	o->id = prkd->id;
	o->usage = prkd->usage;
	o->access = prkd->access != 0 ? prkd->access : P15_CARD_KEY;
	return HSM_OK;
}

/* The public half from CEkk, else type and size from C4kk. */
static void find_key(struct object *o, const struct p15_key *prkd)
{
	if (pubkey_from_cert_file(buf_rd(&o->bytes[1]), &o->key) == HSM_OK) {
		if (prkd->type == 0)
			o->usage = usage_default(o->key.type == PUBKEY_RSA ? P15_RSA : P15_EC);
		return;
	}
	o->key = (struct pubkey){ 0 };
	if (o->kind != OBJECT_PRIVATE_KEY || prkd->type == 0)
		return;
	o->key.type = prkd->type == P15_RSA ? PUBKEY_RSA : PUBKEY_EC;
	o->key.bits = prkd->bits;
}

/* A key's private half, public half or certificate; HSM_E_CARD_DATA when the files have none. */
static hsm_rc fill(struct object *o, const struct key_files *f)
{
	struct p15_key prkd;

	o->on_token = true;
	o->nn = f->kid;
	o->fid = FID(FID_CERT, f->kid);
	o->is_private = o->kind == OBJECT_PRIVATE_KEY;
	TRY(buf_set(&o->bytes[1], f->cert));
	TRY(describe(o, f, &prkd));
	find_key(o, &prkd);
	if (o->kind == OBJECT_PUBLIC_KEY)
		return o->key.type == PUBKEY_NONE ? HSM_E_CARD_DATA : HSM_OK;
	if (o->kind == OBJECT_CERTIFICATE) {
		TRY(x509_parse(buf_rd(&o->bytes[1]), &o->x509));
		o->value = o->x509.whole;
	}
	return HSM_OK;
}

static hsm_rc add(struct objlist *out, enum object_kind kind, const struct key_files *f)
{
	struct object *o = object_new(kind);
	hsm_rc rc;

	if (o == NULL)
		return HSM_E_MEMORY;
	rc = fill(o, f);
	if (rc == HSM_OK)
		return objlist_add(out, o);
	object_free(o);
	log_say(LOG_INFO, "file %04X holds no readable %s", FID(FID_CERT, f->kid),
	        kind == OBJECT_CERTIFICATE ? "certificate" : "public key");
	return rc == HSM_E_CARD_DATA ? HSM_OK : rc;
}

static bool is_secret_key(struct rd record)
{
	struct p15_key key;

	return p15_key_parse(record, &key) == HSM_OK && key.type == P15_AES;
}

static hsm_rc load_key(
        struct card_lane *lane, const struct listing *l, uint8_t kid, struct objlist *out)
{
	struct key_files f = { .kid = kid, .has_key = listing_has(l, FID(FID_KEY, kid)) };
	AUTO_BUF record = { 0 };
	AUTO_BUF cert = { 0 };

	TRY(read_if_there(lane, l, FID(FID_PRKD, kid), &record));
	if (is_secret_key(buf_rd(&record)))
		return HSM_OK;
	TRY(read_if_there(lane, l, FID(FID_CERT, kid), &cert));
	f.record = buf_rd(&record);
	f.cert = buf_rd(&cert);
	if (f.has_key)
		TRY(add(out, OBJECT_PRIVATE_KEY, &f));
	if (f.cert.n != 0)
		TRY(add(out, OBJECT_PUBLIC_KEY, &f));
	if (tlv_peek(f.cert, X509_TAG))
		TRY(add(out, OBJECT_CERTIFICATE, &f));
	return HSM_OK;
}

/* A certificate without a key: C8nn describes CAnn, whatever path it gives. */
static hsm_rc fill_cert(struct object *o, uint8_t nn)
{
	struct p15_cert cd;

	o->on_token = true;
	o->nn = nn;
	o->fid = FID(FID_CA_CERT, nn);
	TRY(p15_cert_parse(buf_rd(&o->bytes[0]), &cd));
	TRY(x509_parse(buf_rd(&o->bytes[1]), &o->x509));
	o->label = cd.label;
	o->id = cd.id;
	o->value = o->x509.whole;
	if (pubkey_from_spki(o->x509.spki, &o->key) != HSM_OK)
		o->key = (struct pubkey){ 0 };
	return HSM_OK;
}

/* A data object: C9nn describes CFnn or, for private ones, CDnn. */
static hsm_rc fill_data(struct object *o, uint8_t nn)
{
	struct p15_data dcod;
	uint8_t type;

	TRY(p15_data_parse(buf_rd(&o->bytes[0]), &dcod));
	type = (uint8_t)(dcod.fid >> 8);
	if ((type != FID_PRIVATE_DATA && type != FID_DATA) || (uint8_t)dcod.fid != nn)
		return HSM_E_CARD_DATA;
	o->on_token = true;
	o->nn = nn;
	o->fid = dcod.fid;
	o->is_private = type == FID_PRIVATE_DATA;
	o->label = dcod.label;
	o->application = dcod.application;
	o->oid = dcod.oid;
	return HSM_OK;
}

/* Adds the object that a description other than that of a key is about. */
static hsm_rc load_described(struct card_lane *lane, const struct listing *l, uint16_t fid,
        enum object_kind kind, struct objlist *out)
{
	struct object *o = object_new(kind);
	uint8_t nn = (uint8_t)fid;
	hsm_rc rc;

	if (o == NULL)
		return HSM_E_MEMORY;
	rc = read_if_there(lane, l, fid, &o->bytes[0]);
	if (rc == HSM_OK && kind == OBJECT_CERTIFICATE)
		rc = read_if_there(lane, l, FID(FID_CA_CERT, nn), &o->bytes[1]);
	if (rc == HSM_OK)
		rc = kind == OBJECT_CERTIFICATE ? fill_cert(o, nn) : fill_data(o, nn);
	if (rc == HSM_OK)
		return objlist_add(out, o);
	object_free(o);
	log_say(LOG_INFO, "file %04X describes nothing readable", fid);
	return rc == HSM_E_CARD_DATA ? HSM_OK : rc;
}

static hsm_rc load_one(
        struct card_lane *lane, const struct listing *l, uint16_t fid, struct objlist *out)
{
	uint8_t nn = (uint8_t)fid;

	switch (fid >> 8) {
	case FID_KEY: /* CC00 is the card's own */
		return nn == 0 ? HSM_OK : load_key(lane, l, nn, out);
	case FID_PRKD: /* what a deleted key left behind */
		if (nn == 0 || listing_has(l, FID(FID_KEY, nn)) ||
		        !listing_has(l, FID(FID_CERT, nn)))
			return HSM_OK;
		return load_key(lane, l, nn, out);
	case FID_CD:
		return load_described(lane, l, fid, OBJECT_CERTIFICATE, out);
	case FID_DCOD:
		return load_described(lane, l, fid, OBJECT_DATA, out);
	default:
		return HSM_OK;
	}
}

hsm_rc load_objects(struct card_lane *lane, struct objlist *out)
{
	struct listing l;

	TRY(listing_read(lane, &l));
	for (size_t i = 0; i < l.n; i++)
		TRY(load_one(lane, &l, l.fid[i], out));
	return HSM_OK;
}
