/* Reads the PKCS#15 files of a card into objects. What is malformed hides only its own object. */
#include <stdlib.h>

#include "base/log.h"
#include "base/tlv.h"
#include "token/description.h"
#include "token/listing.h"
#include "token/source.h"

enum { X509_TAG = 0x30 };

static hsm_rc read_if_there(struct card_lane *lane, bool there, uint16_t fid, struct buf *out)
{
	hsm_rc rc = there ? card_read_file(lane, fid, out) : HSM_OK;

	if (!description_lost(rc))
		return rc;
	out->n = 0;
	log_say(LOG_INFO, "file %04X: %s", fid, rc_text(rc));
	return HSM_OK;
}

/* ---- keys ---- */

/* Label, identifier and usage of a key's objects; the number of the key where there are none.
 * OpenSC before 0.27 and sc-hsm-embedded write no access flags. */
static hsm_rc describe(struct object *o, const struct source *s, struct p15_key *prkd)
{
	*prkd = (struct p15_key){ 0 };
	TRY(buf_set(&o->bytes[0], buf_rd(&s->record)));
	if (p15_key_parse(buf_rd(&o->bytes[0]), prkd) != HSM_OK) {
		TRY(buf_set(&o->bytes[0], rd_of(&s->nn, 1)));
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

/* A key's private half, public half or certificate; HSM_E_CARD_DATA when CEkk, whose contents are
 * `value`, has none. */
static hsm_rc fill_key(struct object *o, const struct source *s, struct rd value)
{
	struct p15_key prkd;

	o->fid = FID(FID_CERT, s->nn);
	o->is_private = o->kind == OBJECT_PRIVATE_KEY;
	TRY(buf_set(&o->bytes[1], value));
	TRY(describe(o, s, &prkd));
	find_key(o, &prkd);
	if (o->kind == OBJECT_PUBLIC_KEY)
		return o->key.type == PUBKEY_NONE ? HSM_E_CARD_DATA : HSM_OK;
	if (o->kind == OBJECT_CERTIFICATE) {
		TRY(x509_parse(buf_rd(&o->bytes[1]), &o->x509));
		o->value = o->x509.whole;
	}
	return HSM_OK;
}

/* ---- certificates without a key, data ---- */

/* C8nn describes CAnn, whatever path it gives. */
static hsm_rc fill_cert(struct object *o, const struct source *s, struct rd value)
{
	struct p15_cert cd;

	o->fid = FID(FID_CA_CERT, s->nn);
	TRY(buf_set(&o->bytes[0], buf_rd(&s->record)));
	TRY(buf_set(&o->bytes[1], value));
	TRY(p15_cert_parse(buf_rd(&o->bytes[0]), &cd));
	TRY(x509_parse(buf_rd(&o->bytes[1]), &o->x509));
	o->label = cd.label;
	o->id = cd.id;
	o->value = o->x509.whole;
	if (pubkey_from_spki(o->x509.spki, &o->key) != HSM_OK)
		o->key = (struct pubkey){ 0 };
	return HSM_OK;
}

/* C9nn describes CFnn or, for private ones, CDnn. */
static hsm_rc fill_data(struct object *o, const struct source *s, struct rd none)
{
	struct p15_data dcod;
	uint8_t type;

	(void)none;
	TRY(buf_set(&o->bytes[0], buf_rd(&s->record)));
	TRY(p15_data_parse(buf_rd(&o->bytes[0]), &dcod));
	type = (uint8_t)(dcod.fid >> 8);
	if ((type != FID_PRIVATE_DATA && type != FID_DATA) || (uint8_t)dcod.fid != s->nn)
		return HSM_E_CARD_DATA;
	o->fid = dcod.fid;
	o->is_private = type == FID_PRIVATE_DATA;
	o->label = dcod.label;
	o->application = dcod.application;
	o->oid = dcod.oid;
	return HSM_OK;
}

/* ---- sources ---- */

typedef hsm_rc fill_object(struct object *o, const struct source *s, struct rd value);

/* Adds an object of this kind if the files have one; `value` is the contents of the value's file.
 */
static hsm_rc add(struct source *s, enum object_kind kind, fill_object *fill, struct rd value)
{
	struct object *o = object_new(kind);
	hsm_rc rc;

	if (o == NULL)
		return HSM_E_MEMORY;
	o->on_token = true;
	o->nn = s->nn;
	rc = fill(o, s, value);
	if (rc == HSM_OK) {
		s->objects[s->n++] = o;
		return HSM_OK;
	}
	object_free(o);
	log_say(LOG_INFO, "the files of %02X%02X hold no readable object", s->type, s->nn);
	return rc == HSM_E_CARD_DATA ? HSM_OK : rc;
}

/* What is known without CEkk. Only the private key, and only when it can be used so. */
static hsm_rc name_key(struct source *s)
{
	struct p15_key prkd = { 0 };

	if (p15_key_parse(buf_rd(&s->record), &prkd) != HSM_OK) {
		if (s->has_key)
			log_say(LOG_INFO, "key %02X has no readable description", s->nn);
		TRY(buf_set(&s->record, rd_of(&s->nn, 1)));
		prkd.id = buf_rd(&s->record);
	}
	s->label = prkd.label;
	s->id = prkd.id;
	s->stage = STAGE_NAMED;
	if (prkd.type == P15_AES)
		s->stage = STAGE_READ;
	else if (s->has_key && s->has_value && prkd.type != 0 && prkd.bits != 0) {
		TRY(add(s, OBJECT_PRIVATE_KEY, fill_key, (struct rd){ 0 }));
		s->objects[0]->partial = true;
	}
	return HSM_OK;
}

static hsm_rc name_cert(struct source *s)
{
	struct p15_cert cd;

	s->stage = STAGE_NAMED;
	if (p15_cert_parse(buf_rd(&s->record), &cd) != HSM_OK) {
		log_say(LOG_INFO, "file %02X%02X describes nothing readable", s->type, s->nn);
		s->stage = STAGE_READ;
		return HSM_OK;
	}
	s->label = cd.label;
	s->id = cd.id;
	return HSM_OK;
}

static hsm_rc name(struct card_lane *lane, struct source *s)
{
	const uint8_t type = s->type == SOURCE_KEY ? FID_PRKD : s->type;

	TRY(read_if_there(lane, s->has_record, FID(type, s->nn), &s->record));
	if (s->type == SOURCE_KEY)
		return name_key(s);
	if (s->type == SOURCE_CERT)
		return name_cert(s);
	s->stage = STAGE_READ;
	return add(s, OBJECT_DATA, fill_data, (struct rd){ 0 });
}

static hsm_rc add_key(struct source *s, struct rd value)
{
	if (s->has_key)
		TRY(add(s, OBJECT_PRIVATE_KEY, fill_key, value));
	if (value.n != 0)
		TRY(add(s, OBJECT_PUBLIC_KEY, fill_key, value));
	return tlv_peek(value, X509_TAG) ? add(s, OBJECT_CERTIFICATE, fill_key, value) : HSM_OK;
}

static void drop_objects(struct source *s)
{
	while (s->n != 0)
		object_free(s->objects[--s->n]);
}

static hsm_rc read_value(struct card_lane *lane, struct source *s)
{
	const uint8_t type = s->type == SOURCE_KEY ? FID_CERT : FID_CA_CERT;
	struct source next = *s;
	AUTO_BUF value = { 0 };
	hsm_rc rc;

	TRY(read_if_there(lane, s->has_value, FID(type, s->nn), &value));
	next.n = 0;
	rc = s->type == SOURCE_KEY ? add_key(&next, buf_rd(&value))
	                           : add(&next, OBJECT_CERTIFICATE, fill_cert, buf_rd(&value));
	if (rc != HSM_OK) {
		drop_objects(&next);
		return rc;
	}
	if (s->n != 0) /* only a private key was known before, and comes first */
		next.objects[0]->handle = s->objects[0]->handle;
	drop_objects(s);
	*s = next;
	s->stage = STAGE_READ;
	return HSM_OK;
}

/* Is there nothing to be known of a key without CEkk? */
static bool says_nothing(const struct source *s)
{
	return s->stage == STAGE_NAMED && s->type == SOURCE_KEY && s->has_key && s->n == 0;
}

static hsm_rc name_or_more(struct card_lane *lane, struct source *s)
{
	TRY(name(lane, s));
	return says_nothing(s) ? read_value(lane, s) : HSM_OK;
}

static void source_reset(struct source *s)
{
	drop_objects(s);
	buf_free(&s->record);
	s->label = s->id = (struct rd){ 0 };
	s->stage = STAGE_LISTED;
}

hsm_rc source_advance(struct card_lane *lane, struct source *s)
{
	hsm_rc rc;

	if (s->stage != STAGE_LISTED)
		return s->stage == STAGE_READ ? HSM_OK : read_value(lane, s);
	rc = name_or_more(lane, s);
	if (rc != HSM_OK)
		source_reset(s);
	return rc;
}

/* The kinds of object that may be in the files of a source. */
static unsigned possible(const struct source *s)
{
	const unsigned of_key = s->has_key ? 1U << OBJECT_PRIVATE_KEY : 0;
	const unsigned of_value = 1U << OBJECT_PUBLIC_KEY | 1U << OBJECT_CERTIFICATE;

	if (s->type == SOURCE_KEY)
		return s->has_value ? of_key | of_value : of_key;
	return s->type == SOURCE_CERT ? 1U << OBJECT_CERTIFICATE : 1U << OBJECT_DATA;
}

static bool holds_file(const struct source *s, uint16_t fid)
{
	const uint8_t type = (uint8_t)(fid >> 8);

	if ((uint8_t)fid != s->nn)
		return false;
	if (s->type == SOURCE_KEY)
		return type == FID_CERT;
	return s->type == SOURCE_CERT ? type == FID_CA_CERT
	                              : type == FID_DATA || type == FID_PRIVATE_DATA;
}

static bool has_name(const struct source *s, const struct wanted *w)
{
	return (w->label.n == 0 || rd_equal(w->label, s->label)) &&
	       (w->id.n == 0 || rd_equal(w->id, s->id));
}

enum stage source_needed(const struct source *s, const struct wanted *w)
{
	const unsigned kinds = possible(s) & w->kinds;

	if (kinds == 0 || (w->fid != 0 && !holds_file(s, w->fid)))
		return STAGE_LISTED;
	if (s->stage == STAGE_LISTED || !has_name(s, w))
		return STAGE_NAMED;
	return w->whole || kinds != 1U << OBJECT_PRIVATE_KEY ? STAGE_READ : STAGE_NAMED;
}

bool source_matches(const struct source *s, const struct wanted *w)
{
	return s->n != 0 && (possible(s) & w->kinds) != 0 && has_name(s, w);
}

/* ---- the list of files ---- */

/* The source that begins with this file; false when there is none. */
static bool source_begin(const struct listing *l, uint16_t fid, struct source *s)
{
	uint8_t nn = (uint8_t)fid;

	*s = (struct source){ .type = (uint8_t)(fid >> 8), .nn = nn, .has_record = true };
	switch (s->type) {
	case FID_PRKD: /* what a deleted key left behind */
		if (listing_has(l, FID(FID_KEY, nn)) || !listing_has(l, FID(FID_CERT, nn)))
			return false;
		s->type = SOURCE_KEY;
		s->has_value = true;
		return nn != 0;
	case FID_KEY: /* CC00 is the card's own */
		s->has_key = true;
		s->has_record = listing_has(l, FID(FID_PRKD, nn));
		s->has_value = listing_has(l, FID(FID_CERT, nn));
		return nn != 0;
	case FID_CD:
		s->has_value = listing_has(l, FID(FID_CA_CERT, nn));
		return true;
	default:
		return s->type == FID_DCOD;
	}
}

hsm_rc sources_list(struct card_lane *lane, struct sources *out)
{
	struct listing l;

	TRY(listing_read(lane, &l));
	out->v = calloc(l.n + 1, sizeof(*out->v));
	if (out->v == NULL)
		return HSM_E_MEMORY;
	for (size_t i = 0; i < l.n; i++) {
		if (source_begin(&l, l.fid[i], &out->v[out->n]))
			out->n++;
	}
	return HSM_OK;
}

void sources_free(struct sources *all)
{
	for (size_t i = 0; i < all->n; i++)
		source_reset(&all->v[i]);
	free(all->v);
	*all = (struct sources){ 0 };
}
