#include "base/tlv.h"
#include "token/listing.h"
#include "token/state.h"

enum { X509_TAG = 0x30 };

/* Deletes a file that may be missing: then there is nothing to do. */
static hsm_rc drop(struct card_lane *lane, uint16_t fid)
{
	hsm_rc rc = card_delete_file(lane, fid);

	return rc == HSM_E_NO_FILE ? HSM_OK : rc;
}

/* The description goes with the last of key and CEkk. */
static hsm_rc drop_description(struct card_lane *lane, uint8_t kid)
{
	struct listing l;

	TRY(listing_read(lane, &l));
	if (listing_has(&l, FID(FID_KEY, kid)) || listing_has(&l, FID(FID_CERT, kid)))
		return HSM_OK;
	return drop(lane, FID(FID_PRKD, kid));
}

static hsm_rc remove_private(struct card_lane *lane, uint8_t kid)
{
	TRY(card_delete_file(lane, FID(FID_KEY, kid)));
	return drop_description(lane, kid);
}

static hsm_rc remove_public(struct card_lane *lane, uint8_t kid)
{
	AUTO_BUF file = { 0 };

	TRY(card_read_file(lane, FID(FID_CERT, kid), &file));
	if (tlv_peek(buf_rd(&file), X509_TAG)) /* the certificate is what holds it */
		return HSM_E_NOT_ALLOWED;
	TRY(card_delete_file(lane, FID(FID_CERT, kid)));
	return drop_description(lane, kid);
}

static hsm_rc remove_cert(struct card_lane *lane, const struct object *o)
{
	TRY(card_delete_file(lane, o->fid));
	if (o->fid >> 8 == FID_CERT)
		return drop_description(lane, o->nn);
	return drop(lane, FID(FID_CD, o->nn));
}

static hsm_rc remove_data(struct card_lane *lane, const struct object *o)
{
	TRY(drop(lane, o->fid));
	return card_delete_file(lane, FID(FID_DCOD, o->nn));
}

static hsm_rc remove_object(struct card_lane *lane, void *arg)
{
	const struct object *o = *(const struct object **)arg;

	switch (o->kind) {
	case OBJECT_PRIVATE_KEY:
		return remove_private(lane, o->nn);
	case OBJECT_PUBLIC_KEY:
		return remove_public(lane, o->nn);
	case OBJECT_CERTIFICATE:
		return remove_cert(lane, o);
	case OBJECT_DATA:
		return remove_data(lane, o);
	default:
		return HSM_E_NOT_ALLOWED;
	}
}

hsm_rc token_remove(struct token *t, const struct object *o)
{
	return token_change(t, remove_object, &o, &o->nn);
}
