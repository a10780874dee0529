#include "twin.h"

#include "apdu/smartcardhsm.h"
#include "base/log.h"
#include "base/ossl.h"
#include "p15/cvc.h"
#include "pool.h"
#include "reuse.h"

#define SELECT_APPLET RD_LIT("\x00\xA4\x04\x00\x0B\xE8\x2B\x06\x01\x04\x01\x81\xC3\x1F\x02\x01\x00")
#define VERIFY                                                                                     \
	RD_LIT("\x00\x20\x00\x81\x06"                                                              \
	       "648219")

/* ---- the token files ---- */

static void do_right(struct twin *t, struct rd cmd)
{
	const struct rd answer = twin_send(t, 0, cmd, false);

	FUZZ_ASSERT(answer.p[answer.n - 2] == 0x90);
}

/* GENERATE ASYMMETRIC KEY PAIR. */
static void generate(struct twin *t, uint8_t kid, const struct cvc_key *key)
{
	uint8_t data[512], bytes[600];
	struct wr w = WR_ARRAY(data), cmd = WR_ARRAY(bytes);
	struct capdu c = { .ins = 0x46, .p1 = kid };

	wr_rd_put(&w, RD_LIT("\x5F\x29\x01\x00\x42\x09UTCA00001"));
	cvc_key_put(&w, key);
	wr_rd_put(&w, RD_LIT("\x5F\x20\x0DZZTEST0100001"));
	FUZZ_ASSERT(wr_done(&w) == HSM_OK);
	c.data = wr_rd(&w);
	FUZZ_ASSERT(capdu_build(&c, &cmd) == HSM_OK);
	do_right(t, wr_rd(&cmd));
}

static void fill(struct twin *t)
{
	const struct rd cmds[] = {
		/* INITIALIZE DEVICE with one DKEK share, that share, VERIFY */
		RD_LIT("\x80\x50\x00\x00\x1C\x80\x02\x00\x01\x81\x06"
		       "648219"
		       "\x82\x08"
		       "57621880"
		       "\x91\x01\x03\x92\x01\x01"),
		RD_LIT("\x80\x52\x00\x00\x20"
		       "0123456789ABCDEF0123456789ABCDEF"
		       "\x00"),
		VERIFY,
		/* AES-128 under kid F1; a label; a public, a private data object */
		RD_LIT("\x00\x48\xF1\xB0\x06\x91\x04\x10\x11\x18\x92"),
		RD_LIT("\x00\xD7\xCF\xF0\x0B\x54\x02\x00\x00\x53\x05hello"),
		RD_LIT("\x00\xD7\xCD\xF0\x0C\x54\x02\x00\x00\x53\x06secret"),
	};
	const struct cvc_key ec = {
		.oid = RD_LIT("\x04\x00\x7F\x00\x07\x02\x02\x02\x02\x03"),
		.curve = curve_by_name("prime256v1"),
	};
	const struct cvc_key rsa = {
		.oid = RD_LIT("\x04\x00\x7F\x00\x07\x02\x02\x02\x01\x02"),
		.is_rsa = true,
		.exponent = RD_LIT("\x01\x00\x01"),
		.modulus_bits = 1024,
	};

	do_right(t, SELECT_APPLET);
	for (size_t i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++)
		do_right(t, cmds[i]);
	generate(t, 0xF0, &ec);
	generate(t, 0xF2, &rsa);
}

static void add_lanes(struct twin *t)
{
	for (size_t i = 0; i <= TWIN_LANES; i++)
		FUZZ_ASSERT(emu_lane_new(t->card, &t->lanes[i]) == HSM_OK);
}

static void file_make(bool filled, struct buf *out)
{
	struct twin t = { 0 };

	FUZZ_ASSERT(emu_open(":memory:", &t.card) == HSM_OK);
	add_lanes(&t);
	if (filled)
		fill(&t);
	FUZZ_ASSERT(emu_bytes(t.card, out) == HSM_OK);
	twin_close(&t);
}

struct rd twin_file(bool filled)
{
	static struct buf files[2];

	if (files[0].n == 0) {
		log_set(LOG_OFF);
		pool_use();
		FUZZ_ASSERT(ossl_acquire() == HSM_OK); /* for good */
		file_make(false, &files[0]);
		file_make(true, &files[1]);
		reuse_start();
	}
	return buf_rd(&files[filled]);
}

/* ---- power ---- */

void twin_open(struct twin *t, struct rd file)
{
	*t = (struct twin){ 0 };
	FUZZ_ASSERT(emu_open_bytes(file, &t->card) == HSM_OK);
	add_lanes(t);
}

static void drop_lanes(struct twin *t)
{
	for (size_t i = 0; i <= TWIN_LANES; i++)
		emu_lane_free(t->lanes[i]);
	memset(t->secure, 0, sizeof(t->secure));
}

void twin_new_lanes(struct twin *t)
{
	drop_lanes(t);
	add_lanes(t);
}

void twin_close(struct twin *t)
{
	drop_lanes(t);
	emu_close(t->card);
	buf_free(&t->checked);
}

void twin_reset(struct twin *t)
{
	emu_reset(t->card);
	memset(t->secure, 0, sizeof(t->secure));
}

void twin_login(struct twin *t)
{
	twin_send(t, 0, SELECT_APPLET, false);
	twin_send(t, 0, VERIFY, false);
}

/* ---- what a card says of itself ---- */

static struct rd ask(struct twin *t, struct rd cmd)
{
	return twin_send(t, TWIN_PROBE, cmd, false);
}

/* Both answer the same, which is borrowed. */
static struct rd both(struct twin *a, struct twin *b, struct rd cmd)
{
	static uint8_t bytes[RAPDU_MAX];
	struct wr w = WR_ARRAY(bytes);

	wr_rd_put(&w, ask(a, cmd));
	FUZZ_ASSERT(rd_equal(wr_rd(&w), ask(b, cmd)));
	return wr_rd(&w);
}

#define USER       RD_LIT("\x00\x20\x00\x81")
#define PKA        RD_LIT("\x00\x20\x00\x85")
#define SO         RD_LIT("\x00\x20\x00\x88")
#define PKA_STATUS RD_LIT("\x80\x54\x00\x00\x00")

void twin_session(struct twin *t, struct twin_session *out)
{
	const struct rd cmds[] = { USER, PKA, SO, PKA_STATUS };

	*out = (struct twin_session){ 0 };
	for (size_t i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++) {
		const struct rd r = ask(t, cmds[i]);

		FUZZ_ASSERT(r.n <= sizeof(out->says[i]));
		memcpy(out->says[i], r.p, r.n);
	}
}

static bool says(struct twin *t, struct rd cmd, const char *sw)
{
	return rd_equal(ask(t, cmd), rd_of(sw, 2));
}

/* Takes the use counter out of the answer to SELECT of a key: 6F{82, 83, A5{90, ...}}. */
static uint32_t take_uses(uint8_t *p, size_t n)
{
	enum { AT = 13 };
	uint32_t uses = 0;

	if (n < AT + 4 || p[9] != 0xA5 || p[11] != 0x90 || p[12] != 4)
		return 0;
	for (size_t i = AT; i < AT + 4; i++) {
		uses = uses << 8 | p[i];
		p[i] = 0;
	}
	return uses;
}

/* The uses that `a` has leased are not stored as left (specs/token-file.md). */
static void compare_key(struct twin *a, struct twin *b, uint8_t kid)
{
	const uint8_t select[] = { 0x00, 0xA4, 0x00, 0x00, 0x02, FID_KEY, kid, 0x00 };
	uint8_t bytes_a[64], bytes_b[64];
	struct wr w_a = WR_ARRAY(bytes_a), w_b = WR_ARRAY(bytes_b);

	wr_rd_put(&w_a, ask(a, rd_of(select, sizeof(select))));
	wr_rd_put(&w_b, ask(b, rd_of(select, sizeof(select))));
	FUZZ_ASSERT(wr_done(&w_a) == HSM_OK && wr_done(&w_b) == HSM_OK);
	FUZZ_ASSERT(take_uses(bytes_a, w_a.n) >= take_uses(bytes_b, w_b.n));
	FUZZ_ASSERT(rd_equal(wr_rd(&w_a), wr_rd(&w_b)));
}

/* SELECT, which is answered with size and kind, and READ BINARY of all of it, if a user who may be
 * logged in with only one of them makes no difference. */
static void compare_file(struct twin *a, struct twin *b, uint16_t fid, bool same_user)
{
	const uint8_t high = (uint8_t)(fid >> 8), low = (uint8_t)fid;
	const uint8_t select[] = { 0x00, 0xA4, 0x00, 0x00, 0x02, high, low, 0x00 };
	const uint8_t read[] = { 0x00, 0xB1, high, low, 0, 0, 4, 0x54, 2, 0, 0, 0, 0 };

	(void)both(a, b, rd_of(select, sizeof(select)));
	if (same_user || high != FID_PRIVATE_DATA)
		(void)both(a, b, rd_of(read, sizeof(read)));
}

static void compare_files(struct twin *a, struct twin *b, bool same_user)
{
	static uint8_t fids[RAPDU_MAX];
	struct wr w = WR_ARRAY(fids);
	struct rd r;
	uint16_t fid;

	wr_rd_put(&w, both(a, b, RD_LIT("\x80\x58\x00\x00\x00\x00\x00")));
	r = rd_of(fids, w.n - 2);
	while (rd_u16(&r, &fid)) {
		if (fid >> 8 == FID_KEY)
			compare_key(a, b, (uint8_t)fid);
		else
			compare_file(a, b, fid, same_user);
	}
}

/* Who has registered a key, and whether he has signed. */
static void compare_pka(struct twin *a, struct twin *b)
{
	(void)both(a, b, PKA_STATUS);
	for (uint8_t number = 0; number < 4; number++)
		(void)both(a, b, rd_of((const uint8_t[]){ 0x80, 0x54, 2, number, 0 }, 5));
}

/* PINs of which nobody is logged in, free memory, key domains, and all objects. Both have the
 * applet selected. */
static void compare(struct twin *a, struct twin *b, bool same_user)
{
	if (same_user)
		compare_pka(a, b);
	if (same_user || !says(a, USER, "\x90\x00"))
		(void)both(a, b, USER);
	if (same_user || !says(a, SO, "\x90\x00"))
		(void)both(a, b, SO);
	(void)both(a, b, RD_LIT("\x80\x50\x00\x00\x00"));
	for (uint8_t domain = 0; domain < 8; domain++)
		(void)both(a, b, rd_of((const uint8_t[]){ 0x80, 0x52, 0, domain, 0 }, 5));
	compare_files(a, b, same_user);
}

void twin_check(struct twin *t)
{
	AUTO_BUF file = { 0 };
	struct twin other;

	FUZZ_ASSERT(emu_bytes(t->card, &file) == HSM_OK);
	if (rd_equal(buf_rd(&file), buf_rd(&t->checked)))
		return;
	if (says(t, USER, "\x6E\x00")) /* no applet is selected */
		return;
	twin_open(&other, buf_rd(&file));
	ask(&other, SELECT_APPLET);
	compare(t, &other, false);
	twin_close(&other);
	FUZZ_ASSERT(buf_set(&t->checked, buf_rd(&file)) == HSM_OK);
}

void twin_cut(struct twin *t, bool login)
{
	AUTO_BUF file = { 0 };
	struct twin next;

	FUZZ_ASSERT(emu_bytes(t->card, &file) == HSM_OK);
	twin_open(&next, buf_rd(&file));
	twin_reset(t);
	ask(t, SELECT_APPLET);
	ask(&next, SELECT_APPLET);
	if (login)
		(void)both(t, &next, VERIFY);
	compare(t, &next, true);
	twin_close(t);
	*t = next;
}
