#include "objects.h"

#include <stdlib.h>

#include "base/tlv.h"
#include "p15/cvc.h"
#include "p15/cvc_tags.h"

enum { X509_CERT = 0x30 };

/* File types of a kind: what the description is about, the description, what else belongs to it. */
static const struct kind {
	uint8_t content[2], description, beside;
	unsigned first; /* number */
} kinds[OBJECT_KINDS] = {
	[OBJECT_KEY] = { { FID_KEY, FID_KEY }, FID_PRKD, FID_CERT, 1 }, /* CC00 is the card's own */
	[OBJECT_CERT] = { { FID_CA_CERT, FID_CA_CERT }, FID_CD, FID_CA_CERT, 0 },
	[OBJECT_DATA] = { { FID_PRIVATE_DATA, FID_DATA }, FID_DCOD, 0, 0 },
};

/* ---- which files there are ---- */

struct listing {
	uint8_t seen[0x10000 / 8]; /* a bit for each identifier */
};

static hsm_rc listing_read(struct card_lane *lane, struct listing *out)
{
	AUTO_BUF bytes = { 0 };
	struct rd r;
	uint16_t fid;

	memset(out, 0, sizeof(*out));
	TRY(card_enumerate(lane, &bytes));
	r = buf_rd(&bytes);
	while (rd_u16(&r, &fid))
		out->seen[fid / 8] |= (uint8_t)(1 << fid % 8);
	return HSM_OK;
}

static bool has(const struct listing *l, unsigned type, unsigned nn)
{
	const uint16_t fid = FID(type, nn);

	return type != 0 && (l->seen[fid / 8] & 1 << fid % 8) != 0;
}

static bool has_any(const struct listing *l, const struct kind *k, unsigned nn)
{
	return has(l, k->content[0], nn) || has(l, k->content[1], nn) ||
	       has(l, k->description, nn) || has(l, k->beside, nn);
}

/* ---- one object ---- */

/* A file that is there but not to be had is empty; false then. Fails when the card does. */
static hsm_rc read_file(struct card_lane *lane, uint16_t fid, struct buf *out, bool *good)
{
	static const hsm_rc of_the_file[] = { HSM_E_NO_FILE, HSM_E_CARD_DATA, HSM_E_CARD_SW,
		HSM_E_NOT_AUTH, HSM_E_NOT_ALLOWED };
	const hsm_rc rc = card_read_file(lane, fid, out);

	*good = rc == HSM_OK;
	for (size_t i = 0; i < sizeof(of_the_file) / sizeof(of_the_file[0]); i++) {
		if (of_the_file[i] == rc) {
			out->n = 0;
			return HSM_OK;
		}
	}
	return rc;
}

static bool parse_description(struct card_object *o)
{
	struct p15_cert cert;

	switch (o->kind) {
	case OBJECT_KEY:
		if (p15_key_parse(buf_rd(&o->record), &o->key) != HSM_OK)
			return false;
		o->label = o->key.label;
		o->id = o->key.id;
		return true;
	case OBJECT_CERT:
		if (p15_cert_parse(buf_rd(&o->record), &cert) != HSM_OK)
			return false;
		o->label = cert.label;
		o->id = cert.id;
		return true;
	default:
		if (p15_data_parse(buf_rd(&o->record), &o->data) != HSM_OK)
			return false;
		o->label = o->data.label;
		return true;
	}
}

static hsm_rc read_description(
        struct card_lane *lane, const struct listing *l, struct card_object *o)
{
	const unsigned type = kinds[o->kind].description;
	bool good;

	if (!has(l, type, o->nn)) {
		o->problems |= PROBLEM_NO_DESCRIPTION;
		return HSM_OK;
	}
	TRY(read_file(lane, FID(type, o->nn), &o->record, &good));
	if (!good || !parse_description(o))
		o->problems |= PROBLEM_DESCRIPTION;
	return HSM_OK;
}

static bool parse_content(struct card_object *o)
{
	const struct rd file = buf_rd(&o->file);
	struct cvc_request request;
	struct rd rest = file;
	struct cvc cert;

	if (pubkey_from_cert_file(file, &o->pub) != HSM_OK)
		o->pub = (struct pubkey){ 0 };
	if (tlv_peek(file, X509_CERT)) {
		o->content = CONTENT_X509;
		return x509_parse(file, &o->x509) == HSM_OK;
	}
	if (tlv_peek(file, CVC_REQUEST)) {
		o->content = CONTENT_REQUEST;
		return cvc_request_parse(file, &request) == HSM_OK;
	}
	o->content = tlv_peek(file, CVC_CERT) ? CONTENT_CVC : CONTENT_OTHER;
	return cvc_parse(&rest, &cert) == HSM_OK;
}

static hsm_rc read_content(struct card_lane *lane, const struct listing *l, struct card_object *o)
{
	const unsigned type = kinds[o->kind].beside;
	bool good;

	if (!has(l, type, o->nn))
		return HSM_OK;
	TRY(read_file(lane, FID(type, o->nn), &o->file, &good));
	if (!good || !parse_content(o))
		o->problems |= PROBLEM_CONTENT;
	return HSM_OK;
}

/* What the description of a key does not say is taken from its public half. */
static void complete_key(struct card_object *o)
{
	if (o->key.type != 0 || o->pub.type == PUBKEY_NONE)
		return;
	o->key.type = o->pub.type == PUBKEY_RSA ? P15_RSA : P15_EC;
	o->key.bits = o->pub.bits;
}

static hsm_rc read_object(struct card_lane *lane, const struct listing *l, struct card_object *o)
{
	const struct kind *k = &kinds[o->kind];
	const uint8_t type = has(l, k->content[0], o->nn) ? k->content[0] : k->content[1];

	o->fid = FID(type, o->nn);
	if (!has(l, type, o->nn))
		o->problems |= PROBLEM_MISSING;
	TRY(read_description(lane, l, o));
	TRY(read_content(lane, l, o));
	if (o->kind == OBJECT_KEY)
		complete_key(o);
	return HSM_OK;
}

/* ---- all of them ---- */

static void object_done(struct card_object *o)
{
	buf_free(&o->record);
	buf_free(&o->file);
}

void objects_done(struct objects *o)
{
	for (size_t i = 0; i < o->n; i++)
		object_done(&o->v[i]);
	free(o->v);
	*o = (struct objects){ 0 };
}

static hsm_rc add(struct card_lane *lane, const struct listing *l, enum object_kind kind,
        unsigned nn, struct objects *out)
{
	struct card_object *more;

	if (nn < kinds[kind].first || !has_any(l, &kinds[kind], nn))
		return HSM_OK;
	more = realloc(out->v, (out->n + 1) * sizeof(*out->v));
	if (more == NULL)
		return HSM_E_MEMORY;
	out->v = more;
	out->v[out->n] = (struct card_object){ .kind = kind, .nn = (uint8_t)nn };
	return read_object(lane, l, &out->v[out->n++]);
}

hsm_rc objects_load(struct card_lane *lane, unsigned wanted, struct objects *out)
{
	struct listing l;

	TRY(listing_read(lane, &l));
	for (unsigned kind = 0; kind < OBJECT_KINDS; kind++) {
		for (unsigned nn = 0; (wanted & 1u << kind) != 0 && nn <= 0xFF; nn++)
			TRY(add(lane, &l, (enum object_kind)kind, nn, out));
	}
	return HSM_OK;
}

hsm_rc objects_load_one(
        struct card_lane *lane, enum object_kind kind, uint8_t nn, struct objects *out)
{
	struct listing l;

	TRY(listing_read(lane, &l));
	return add(lane, &l, kind, nn, out);
}
