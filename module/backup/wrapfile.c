#include "backup/backup.h"
#include "base/der.h"
#include "p15/keyblob.h"
#include "p15/limits.h"
#include "p15/pubkey.h"

enum { TAG_REQUEST = 0x67 };

/* Takes the next object, whole; none leaves `*whole` empty. */
static bool get_object(struct rd *r, struct rd *whole)
{
	struct rd value;
	uint16_t tag;

	*whole = rd_of(NULL, 0);
	return r->n == 0 || tlv_next(r, &tag, &value, whole);
}

/* sc-hsm-tool takes the second object for a description always. But it also writes files without
 * one, and a certificate in its place would be stored as one. */
static bool is_cert(struct rd object)
{
	struct x509_fields x;

	return tlv_peek(object, TAG_REQUEST) || x509_parse(object, &x) == HSM_OK;
}

static bool all_objects(struct rd r)
{
	struct rd whole;

	while (r.n != 0) {
		if (!get_object(&r, &whole))
			return false;
	}
	return true;
}

static bool blob_fits(struct rd blob)
{
	return blob.n != 0 && blob.n <= KEYBLOB_MAX;
}

static bool get_parts(struct rd seq, struct wrapfile *out)
{
	*out = (struct wrapfile){ 0 };
	if (!der_get_octets(&seq, &out->blob) || !blob_fits(out->blob) ||
	        !get_object(&seq, &out->prkd) || !get_object(&seq, &out->cert) || !all_objects(seq))
		return false;
	out->rest = seq;
	return out->prkd.n <= P15_FILE_MAX && out->cert.n <= P15_FILE_MAX;
}

hsm_rc wrapfile_parse(struct rd file, struct wrapfile *out)
{
	struct rd seq;

	if (!tlv_get(&file, DER_SEQ, &seq) || file.n != 0 || !get_parts(seq, out))
		return HSM_E_BAD_DATA;
	if (out->cert.n == 0 && out->prkd.n != 0 && is_cert(out->prkd)) {
		out->cert = out->prkd;
		out->prkd = rd_of(NULL, 0);
	}
	return HSM_OK;
}

/* Absent, or one object and nothing after it. */
static bool at_most_one(struct rd r)
{
	struct rd whole;

	return get_object(&r, &whole) && r.n == 0;
}

hsm_rc wrapfile_build(const struct wrapfile *file, struct wr *out)
{
	size_t seq;

	if (!blob_fits(file->blob) || !at_most_one(file->prkd) || !at_most_one(file->cert))
		return HSM_E_BAD_DATA;
	seq = tlv_open(out, DER_SEQ);
	der_put_octets(out, file->blob);
	wr_rd_put(out, file->prkd);
	wr_rd_put(out, file->cert);
	tlv_close(out, seq);
	return wr_done(out);
}
