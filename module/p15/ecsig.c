#include "p15/ecsig.h"

#include "base/der.h"

hsm_rc ecsig_to_raw(struct rd der, size_t width, struct wr *out)
{
	struct rd seq, r, s;

	if (!tlv_get(&der, DER_SEQ, &seq) || der.n != 0 || !der_get_uint(&seq, &r) ||
	        !der_get_uint(&seq, &s) || seq.n != 0)
		return HSM_E_CARD_DATA;
	if (r.n == 0 || r.n > width || s.n == 0 || s.n > width)
		return HSM_E_CARD_DATA;
	wr_be_pad(out, r, width);
	wr_be_pad(out, s, width);
	return wr_done(out);
}

hsm_rc ecsig_to_der(struct rd raw, struct wr *out)
{
	size_t width = raw.n / 2, mark;

	if (raw.n == 0 || raw.n % 2 != 0)
		return HSM_E_BAD_LEN;
	mark = tlv_open(out, DER_SEQ);
	der_put_uint(out, rd_of(raw.p, width));
	der_put_uint(out, rd_of(raw.p + width, width));
	tlv_close(out, mark);
	return wr_done(out);
}
