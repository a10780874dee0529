#include "base/tlv.h"
#include "cmd/cmd.h"

enum { P1_VERIFY = 0x00, P2_CERTIFICATE = 0xBE, TAG_CERT = 0x7F21, TAG_HEADER_MAX = 2 + 3 };

/* PERFORM SECURITY OPERATION: VERIFY CERTIFICATE. The data is a certificate without its outermost
 * tag. */
hsm_rc cmd_pso(struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	AUTO_BUF cert = { 0 };
	struct wr w;
	hsm_rc rc;

	(void)rsp;
	if (c->p1 != P1_VERIFY || c->p2 != P2_CERTIFICATE)
		return HSM_E_BAD_PARAM;
	TRY(buf_reserve(&cert, c->data.n + TAG_HEADER_MAX));
	w = wr_of(cert.p, cert.cap);
	tlv_put(&w, TAG_CERT, c->data);
	TRY(wr_done(&w));
	rc = trust_verify(lane, wr_rd(&w));
	if (rc == HSM_E_NOT_ALLOWED)
		*sw = 0x6985;
	return rc;
}
