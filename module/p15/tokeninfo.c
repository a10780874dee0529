#include "base/der.h"
#include "p15/p15.h"

enum {
	LABEL = 0x80,
	PRN_GENERATION = 1 << 2, /* TokenFlags, the only one set */
};

hsm_rc p15_tokeninfo_parse(struct rd record, struct rd *label)
{
	struct rd body, text;

	if (!tlv_get(&record, DER_SEQ, &body) || !tlv_find(body, LABEL, &text) ||
	        text.n > P15_LABEL_MAX)
		return HSM_E_CARD_DATA;
	*label = text;
	return HSM_OK;
}

hsm_rc p15_tokeninfo_build(struct rd label, struct wr *w)
{
	size_t record;

	if (label.n > P15_LABEL_MAX)
		return HSM_E_BAD_LEN;
	record = tlv_open(w, DER_SEQ);
	der_put_u32(w, 0); /* version */
	tlv_put(w, LABEL, label);
	der_put_flags(w, PRN_GENERATION);
	tlv_close(w, record);
	return wr_done(w);
}
