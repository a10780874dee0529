#include "backup/backup.h"
#include "base/der.h"

enum {
	TAG_REQUEST = 0x67,
	TAG_CERT = 0x7F21,
	TAG_ISSUER_PART = 0x61,
	TAG_DEVICE_PART = 0x62,
	TAG_REQUEST_PART = 0x63,
};

/* 1.3.6.1.4.1.24991.4.3.1 */
#define OID_NEW RD_LIT("\x2B\x06\x01\x04\x01\x81\xC3\x1F\x04\x03\x01")

/* Takes an object of this tag, whole. */
static bool get_whole(struct rd *r, uint16_t tag, struct rd *whole)
{
	struct rd value;
	uint16_t found;

	return tlv_peek(*r, tag) && tlv_next(r, &found, &value, whole);
}

/* Takes a part of the new form, which holds one object of this tag. */
static bool get_part(struct rd *r, uint16_t part, uint16_t tag, struct rd *whole)
{
	struct rd value;

	return tlv_get(r, part, &value) && get_whole(&value, tag, whole) && value.n == 0;
}

static bool get_new(struct rd seq, struct pkafile *out)
{
	struct rd oid;

	return tlv_get(&seq, DER_OID, &oid) && rd_equal(oid, OID_NEW) &&
	       get_part(&seq, TAG_ISSUER_PART, TAG_CERT, &out->issuer) &&
	       get_part(&seq, TAG_DEVICE_PART, TAG_CERT, &out->device) &&
	       get_part(&seq, TAG_REQUEST_PART, TAG_REQUEST, &out->request) && seq.n == 0;
}

static bool get_old(struct rd seq, struct pkafile *out)
{
	return get_whole(&seq, TAG_REQUEST, &out->request) &&
	       get_whole(&seq, TAG_CERT, &out->device) && get_whole(&seq, TAG_CERT, &out->issuer) &&
	       seq.n == 0;
}

hsm_rc pkafile_parse(struct rd file, struct pkafile *out)
{
	struct rd seq;

	if (!tlv_get(&file, DER_SEQ, &seq) || file.n != 0)
		return HSM_E_BAD_DATA;
	return get_new(seq, out) || get_old(seq, out) ? HSM_OK : HSM_E_BAD_DATA;
}

hsm_rc pkafile_from_card(struct rd request, struct rd chain, struct pkafile *out)
{
	if (!get_whole(&request, TAG_REQUEST, &out->request) ||
	        !get_whole(&chain, TAG_CERT, &out->device) ||
	        !get_whole(&chain, TAG_CERT, &out->issuer))
		return HSM_E_BAD_DATA;
	return HSM_OK;
}

static bool is_whole(struct rd object, uint16_t tag)
{
	struct rd whole;

	return get_whole(&object, tag, &whole) && object.n == 0;
}

static bool is_complete(const struct pkafile *f)
{
	return is_whole(f->request, TAG_REQUEST) && is_whole(f->device, TAG_CERT) &&
	       is_whole(f->issuer, TAG_CERT);
}

hsm_rc pkafile_build_old(const struct pkafile *file, struct wr *out)
{
	size_t seq;

	if (!is_complete(file))
		return HSM_E_BAD_DATA;
	seq = tlv_open(out, DER_SEQ);
	wr_rd_put(out, file->request);
	wr_rd_put(out, file->device);
	wr_rd_put(out, file->issuer);
	tlv_close(out, seq);
	return wr_done(out);
}

hsm_rc pkafile_build_new(const struct pkafile *file, struct wr *out)
{
	size_t seq;

	if (!is_complete(file))
		return HSM_E_BAD_DATA;
	seq = tlv_open(out, DER_SEQ);
	tlv_put(out, DER_OID, OID_NEW);
	tlv_put(out, TAG_ISSUER_PART, file->issuer);
	tlv_put(out, TAG_DEVICE_PART, file->device);
	tlv_put(out, TAG_REQUEST_PART, file->request);
	tlv_close(out, seq);
	return wr_done(out);
}
