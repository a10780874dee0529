#include "apdu/capdu.h"
#include "apdu/smartcardhsm.h"
#include "p15/cvc.h"
#include "twin.h"

enum { SW_OK = 0x9000, SW_HAS_SIGNED = 0x9001, SW_END_OF_FILE = 0x6282, BRAINPOOL_POINT = 65 };

static uint8_t answer_bytes[RAPDU_MAX];

static void check(const struct rapdu *a, size_t ne)
{
	const bool good = a->sw == SW_OK || a->sw == SW_HAS_SIGNED;

	FUZZ_ASSERT(good || (a->sw >> 8 >= 0x62 && a->sw >> 8 <= 0x6E)); /* 6F00: a bug */
	FUZZ_ASSERT(a->data.n == 0 || good || a->sw == SW_END_OF_FILE);
	FUZZ_ASSERT(a->data.n <= ne);
}

/* A command as it is; what is not one may have no data in its answer. */
static struct rd send_plain(struct twin *t, size_t lane, struct rd cmd)
{
	struct wr w = WR_ARRAY(answer_bytes);
	struct capdu c = { 0 };
	struct rapdu a;

	if (capdu_parse(cmd, &c) != HSM_OK)
		c.ne = 0;
	FUZZ_ASSERT(emu_lane_xfer(t->lanes[lane], cmd, &w) == HSM_OK);
	FUZZ_ASSERT(rapdu_parse(wr_rd(&w), &a) == HSM_OK);
	check(&a, c.ne);
	return wr_rd(&w);
}

/* ---- the host's end of secure messaging ---- */

/* The card's public point, which is what both come to when the host's private key is 1. */
static void card_point(struct twin *t, size_t lane, uint8_t *point)
{
	struct rd r =
	        send_plain(t, lane, RD_LIT("\x00\xB1\x2F\x02\x00\x00\x04\x54\x02\x00\x00\x00\x00"));
	struct cvc cert;

	FUZZ_ASSERT(cvc_parse(&r, &cert) == HSM_OK && cert.key.point.n == BRAINPOOL_POINT);
	memcpy(point, cert.key.point.p, BRAINPOOL_POINT);
}

/* Chip authentication, if the applet is selected. */
static void channel_open(struct twin *t, size_t lane)
{
	const struct rd host = curve_by_name("brainpoolP256r1")->g;
	uint8_t cmd[5 + 4 + BRAINPOOL_POINT + 1], point[BRAINPOOL_POINT], nonce[SM_NONCE_LEN];
	struct wr w = WR_ARRAY(cmd);
	struct rd answer =
	        send_plain(t, lane, RD_LIT("\x00\x22\x41\xA4\x0C\x80\x0A" SM_OID_AES_128));

	if (!rd_equal(answer, RD_LIT("\x90\x00")))
		return;
	wr_rd_put(&w, RD_LIT("\x00\x86\x00\x00\x45\x7C\x43\x80\x41"));
	wr_rd_put(&w, host);
	wr_u8(&w, 0);
	FUZZ_ASSERT(wr_done(&w) == HSM_OK);
	card_point(t, lane, point);
	answer = send_plain(t, lane, wr_rd(&w));
	FUZZ_ASSERT(answer.n == 4 + SM_NONCE_LEN + 2 + SM_MAC_LEN + 2);
	memcpy(nonce, answer.p + 4, sizeof(nonce));
	FUZZ_ASSERT(sm_derive(rd_of(point + 1, BRAINPOOL_POINT / 2), rd_of(nonce, sizeof(nonce)),
	                    &t->sm[lane]) == HSM_OK);
	t->secure[lane] = true;
}

/* New keys, which this host does not know, or the applet selected again. */
static bool ends_channel(const struct capdu *c, uint16_t sw)
{
	return (c->ins == INS_GENERAL_AUTHENTICATE && sw == SW_OK) ||
	       (c->ins == INS_SELECT && c->p1 == 0x04);
}

static bool can_be_protected(const struct capdu *c)
{
	return (c->cla & ~0x80) == 0 && c->data.n <= SM_DATA_MAX;
}

/* What is protected right is answered protected right. */
static struct rd send_secure(struct twin *t, size_t lane, const struct capdu *plain)
{
	static uint8_t data[APDU_DATA_MAX + SM_OVERHEAD], cmd[CAPDU_MAX], opened[RAPDU_MAX];
	struct wr w = WR_ARRAY(data), w_cmd = WR_ARRAY(cmd), w_opened = WR_ARRAY(opened);
	struct wr w_answer = WR_ARRAY(answer_bytes);
	struct rapdu outer, inner;
	struct capdu c;

	FUZZ_ASSERT(sm_protect_command(&t->sm[lane], plain, &w, &c) == HSM_OK);
	FUZZ_ASSERT(capdu_build(&c, &w_cmd) == HSM_OK);
	FUZZ_ASSERT(emu_lane_xfer(t->lanes[lane], wr_rd(&w_cmd), &w_answer) == HSM_OK);
	FUZZ_ASSERT(rapdu_parse(wr_rd(&w_answer), &outer) == HSM_OK);
	FUZZ_ASSERT(sm_unprotect_answer(&t->sm[lane], &outer, &w_opened, &inner) == HSM_OK);
	check(&inner, plain->ne);
	t->secure[lane] = !ends_channel(plain, inner.sw);
	return wr_rd(&w_answer);
}

struct rd twin_send(struct twin *t, size_t lane, struct rd cmd, bool secure)
{
	struct capdu c;

	if (secure && capdu_parse(cmd, &c) == HSM_OK && can_be_protected(&c)) {
		if (!t->secure[lane])
			channel_open(t, lane);
		if (t->secure[lane])
			return send_secure(t, lane, &c);
	}
	t->secure[lane] = false;
	return send_plain(t, lane, cmd);
}
