#include "base/der.h"
#include "p15/object.h"
#include "p15/p15.h"

/* classAttributes: application label and object identifier. */
static bool get_application(struct rd *r, struct p15_data *data)
{
	struct rd seq;

	return tlv_get(r, DER_SEQ, &seq) && tlv_get_opt(&seq, DER_UTF8, &data->application) &&
	       data->application.n <= P15_LABEL_MAX && tlv_get_opt(&seq, DER_OID, &data->oid) &&
	       data->oid.n <= P15_ID_MAX;
}

hsm_rc p15_data_parse(struct rd record, struct p15_data *out)
{
	struct p15_object object;
	struct p15_data data = { 0 };
	struct rd body, attrs;

	if (!tlv_get(&record, DER_SEQ, &body) || !p15_object_get(&body, &object) ||
	        !get_application(&body, &data) || !tlv_find(body, P15_TYPE_ATTRS, &attrs) ||
	        !p15_path_get(&attrs, &data.fid))
		return HSM_E_CARD_DATA;
	data.label = object.label;
	data.is_private = (object.flags & P15_PRIVATE) != 0;
	*out = data;
	return HSM_OK;
}

hsm_rc p15_data_build(const struct p15_data *data, struct wr *w)
{
	size_t record, part;

	if (data->label.n > P15_LABEL_MAX || data->application.n > P15_LABEL_MAX ||
	        data->oid.n > P15_ID_MAX)
		return HSM_E_BAD_LEN;
	record = tlv_open(w, DER_SEQ);
	p15_object_put(
	        w, data->label, data->is_private ? P15_PRIVATE | P15_MODIFIABLE : P15_MODIFIABLE);
	part = tlv_open(w, DER_SEQ);
	if (data->application.n != 0)
		tlv_put(w, DER_UTF8, data->application);
	if (data->oid.n != 0)
		tlv_put(w, DER_OID, data->oid);
	tlv_close(w, part);
	part = tlv_open(w, P15_TYPE_ATTRS);
	p15_path_put(w, data->fid);
	tlv_close(w, part);
	tlv_close(w, record);
	return wr_done(w);
}
