#include "p15/object.h"

#include "base/der.h"
#include "p15/p15.h"

bool p15_object_get(struct rd *r, struct p15_object *out)
{
	struct rd seq;

	*out = (struct p15_object){ 0 };
	if (!tlv_get(r, DER_SEQ, &seq) || !tlv_get_opt(&seq, DER_UTF8, &out->label) ||
	        out->label.n > P15_LABEL_MAX)
		return false;
	return !tlv_peek(seq, DER_BITS) || der_get_flags(&seq, &out->flags);
}

void p15_object_put(struct wr *w, struct rd label, uint16_t flags)
{
	size_t mark = tlv_open(w, DER_SEQ);

	if (label.n != 0)
		tlv_put(w, DER_UTF8, label);
	der_put_flags(w, flags);
	if ((flags & P15_PRIVATE) != 0)
		der_put_octets(w, RD_LIT("\x01"));
	tlv_close(w, mark);
}

bool p15_path_get(struct rd *r, uint16_t *fid)
{
	struct rd seq, path;

	return tlv_get(r, DER_SEQ, &seq) && der_get_octets(&seq, &path) && rd_u16(&path, fid) &&
	       path.n == 0;
}

void p15_path_put(struct wr *w, uint16_t fid)
{
	const uint8_t be[2] = { (uint8_t)(fid >> 8), (uint8_t)fid };
	size_t mark = tlv_open(w, DER_SEQ);

	der_put_octets(w, rd_of(be, sizeof(be)));
	tlv_close(w, mark);
}
