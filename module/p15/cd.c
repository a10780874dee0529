#include "base/der.h"
#include "p15/object.h"
#include "p15/p15.h"

enum { X509 = DER_SEQ, CVC = 0xA5 };

/* classAttributes: the identifier. */
static bool get_id(struct rd *r, struct rd *id)
{
	struct rd seq;

	return tlv_get(r, DER_SEQ, &seq) && der_get_octets(&seq, id) && id->n <= P15_ID_MAX;
}

hsm_rc p15_cert_parse(struct rd record, struct p15_cert *out)
{
	struct p15_object object;
	struct p15_cert cert = { 0 };
	struct rd body, attrs, seq;
	uint16_t tag;

	if (!tlv_next(&record, &tag, &body, NULL) || (tag != X509 && tag != CVC))
		return HSM_E_CARD_DATA;
	if (!p15_object_get(&body, &object) || !get_id(&body, &cert.id) ||
	        !tlv_find(body, P15_TYPE_ATTRS, &attrs) || !tlv_get(&attrs, DER_SEQ, &seq) ||
	        !p15_path_get(&seq, &cert.fid))
		return HSM_E_CARD_DATA;
	cert.label = object.label;
	*out = cert;
	return HSM_OK;
}

hsm_rc p15_cert_build(const struct p15_cert *cert, struct wr *w)
{
	size_t record, part, seq;

	if (cert->label.n > P15_LABEL_MAX || cert->id.n > P15_ID_MAX)
		return HSM_E_BAD_LEN;
	record = tlv_open(w, X509);
	p15_object_put(w, cert->label, P15_MODIFIABLE);
	part = tlv_open(w, DER_SEQ);
	der_put_octets(w, cert->id);
	tlv_close(w, part);
	part = tlv_open(w, P15_TYPE_ATTRS);
	seq = tlv_open(w, DER_SEQ);
	p15_path_put(w, cert->fid);
	tlv_close(w, seq);
	tlv_close(w, part);
	tlv_close(w, record);
	return wr_done(w);
}
