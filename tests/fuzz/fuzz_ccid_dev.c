/* The twin as a USB device, against whatever a host does: transfers to both models, with faults or
 * without. The card is the functions below, put in its place when linked (option --wrap); the
 * device works in step, so that the same input does the same.
 *
 * Input: model and ATR, a list of faults and its length; then operations, see `ops`. */
#include "apdu/capdu.h"
#include "base/log.h"
#include "emu.h"
#include "front/ccid_dev.h"
#include "front/ccid_fault.h"
#include "fuzz.h"
#include "t1_input.h"
#include "wire/ccid_msg.h"

enum { STICK = 1, CRC = 2, MESSAGE_MAX = 271, ROOM = 512, OP_MAX = 300, PACKET = 64 };

static const uint8_t atrs[][24] = {
	{ 0x3B, 0xDE, 0x96, 0xFF, 0x81, 0x91, 0xFE, 0x1F, 0xC3, 0x80, 0x31, 0x81, 0x54, 0x48, 0x53,
	        0x4D, 0x31, 0x73, 0x80, 0x21, 0x40, 0x81, 0x07, 0x92 },
	{ 0x3B, 0x80, 0x81, 0x51, 0x20, 0x01, 0x71 }, /* CRC, IFSC 32 */
};
static const size_t atr_lengths[] = { 24, 7 };

static struct {
	uint8_t how;
	struct ccid_dev *dev;
	struct ccid_faults *faults;
	bool faulty, raw, gone;
	uint8_t seq;
	bool sent[256]; /* bSeq */
} bus;

/* ---- the card ---- */

hsm_rc __wrap_emu_open(const char *path, struct emu_card **out);
void __wrap_emu_close(struct emu_card *card);
void __wrap_emu_reset(struct emu_card *card);
struct rd __wrap_emu_atr(const struct emu_card *card);
hsm_rc __wrap_emu_lane_new(struct emu_card *card, struct emu_lane **out);
void __wrap_emu_lane_free(struct emu_lane *lane);
hsm_rc __wrap_emu_lane_xfer(struct emu_lane *lane, struct rd cmd, struct wr *rsp);

hsm_rc __wrap_emu_open(const char *path, struct emu_card **out)
{
	(void)path;
	*out = NULL;
	return HSM_OK;
}

void __wrap_emu_close(struct emu_card *card)
{
	(void)card;
}

void __wrap_emu_reset(struct emu_card *card)
{
	(void)card;
}

struct rd __wrap_emu_atr(const struct emu_card *card)
{
	const size_t i = (bus.how & CRC) != 0;

	(void)card;
	return rd_of(atrs[i], atr_lengths[i]);
}

hsm_rc __wrap_emu_lane_new(struct emu_card *card, struct emu_lane **out)
{
	(void)card;
	*out = NULL;
	return HSM_OK;
}

void __wrap_emu_lane_free(struct emu_lane *lane)
{
	(void)lane;
}

/* The first byte says whether it fails, the second how long the answer is. */
hsm_rc __wrap_emu_lane_xfer(struct emu_lane *lane, struct rd cmd, struct wr *rsp)
{
	static const hsm_rc fails[] = { HSM_E_IO, HSM_E_SMALL, HSM_E_TOKEN_BUSY };
	uint8_t first, n = 0;

	(void)lane;
	FUZZ_ASSERT(cmd.n <= CAPDU_MAX);
	if (rd_u8(&cmd, &first) && first >= 0xFD)
		return fails[first - 0xFD];
	if (rd_u8(&cmd, &n))
		for (unsigned i = 0; i < n; i++)
			wr_u16(rsp, (uint16_t)(i * 257));
	wr_u16(rsp, 0x9000);
	FUZZ_ASSERT(!rsp->bad);
	return HSM_OK;
}

/* ---- the device's large buffers, used again: to wipe new memory would be most of the work ---- */

static struct buf kept[3];
static size_t kept_n;

hsm_rc __real_buf_reserve(struct buf *b, size_t cap);
hsm_rc __wrap_buf_reserve(struct buf *b, size_t cap);
void __real_buf_free(struct buf *b);
void __wrap_buf_free(struct buf *b);

hsm_rc __wrap_buf_reserve(struct buf *b, size_t cap)
{
	if (b->p != NULL || kept_n == 0 || cap > kept[kept_n - 1].cap || cap < APDU_DATA_MAX)
		return __real_buf_reserve(b, cap);
	*b = kept[--kept_n];
	return HSM_OK;
}

void __wrap_buf_free(struct buf *b)
{
	if (b->cap < APDU_DATA_MAX || kept_n == sizeof(kept) / sizeof(kept[0])) {
		__real_buf_free(b);
		return;
	}
	b->n = 0;
	kept[kept_n++] = *b;
	*b = (struct buf){ 0 };
}

/* ---- what comes from the device ---- */

static void check_status(enum ccid_dev_status status)
{
	FUZZ_ASSERT(status <= CCID_DEV_GONE);
	FUZZ_ASSERT(!bus.gone || status == CCID_DEV_GONE);
	FUZZ_ASSERT(status != CCID_DEV_GONE || bus.gone || bus.faulty);
	bus.gone = status == CCID_DEV_GONE;
}

/* A block, an ATR, PPS, or what is read from a silent card. */
static bool is_tpdu(struct rd data)
{
	struct t1_block b;

	if (data.n == 2 || (data.n == 4 && data.p[0] == 0xFF) || data.p[0] == 0x3B)
		return true;
	return t1_get(data, (bus.how & CRC) != 0, &b) == HSM_OK && b.nad == 0;
}

static void check_message(struct rd bytes)
{
	struct ccid_msg m;

	if (bus.faulty)
		return;
	FUZZ_ASSERT(ccid_get(bytes, &m) == HSM_OK && bytes.n <= MESSAGE_MAX);
	FUZZ_ASSERT(m.type >= CCID_DATA_BLOCK && m.type <= CCID_RATE);
	FUZZ_ASSERT(bus.raw || bus.sent[m.seq]);
	FUZZ_ASSERT((m.param[0] & 0x3C) == 0 && (m.param[0] & 3) <= CCID_CARD_ABSENT);
	FUZZ_ASSERT((m.param[0] & 0xC0) == 0 || m.data.n == 0);
	if (m.type == CCID_DATA_BLOCK && (bus.how & STICK) == 0 && m.param[0] == 0)
		FUZZ_ASSERT(m.data.n >= 2 && is_tpdu(m.data));
	FUZZ_ASSERT(ccid_faults_in(bus.faults) <= ccid_faults_out(bus.faults));
}

/* One transfer; false when there is nothing. */
static bool in(uint8_t ep, size_t room)
{
	static uint8_t bytes[ROOM];
	struct wr w = wr_of(bytes, room);
	const enum ccid_dev_status status = ccid_dev_in(bus.dev, ep, &w);

	check_status(status);
	FUZZ_ASSERT(w.n <= room && !w.bad);
	return status == CCID_DEV_OK;
}

/* Whole messages, until there are no more. */
static unsigned drain(void)
{
	static uint8_t bytes[ROOM * 300];
	struct wr w = WR_ARRAY(bytes);
	unsigned n = 0;

	while (!bus.gone) {
		const enum ccid_dev_status status = ccid_dev_in(bus.dev, 0x82, &w);

		check_status(status);
		if (status != CCID_DEV_OK)
			break;
		check_message(wr_rd(&w));
		FUZZ_ASSERT(++n < OP_MAX);
		w.n = 0;
	}
	return n;
}

/* ---- what goes to it ---- */

static uint8_t ep_out(void)
{
	return (bus.how & STICK) != 0 ? 0x01 : 0x02;
}

static void out(struct rd bytes)
{
	check_status(ccid_dev_out(bus.dev, ep_out(), bytes));
}

static void send(uint8_t type, const uint8_t param[3], struct rd data)
{
	uint8_t bytes[CCID_HEAD + OP_MAX];
	struct wr w = WR_ARRAY(bytes);
	struct ccid_msg m = { .type = type, .seq = bus.seq++, .data = data };

	memcpy(m.param, param, sizeof(m.param));
	bus.sent[m.seq] = true;
	FUZZ_ASSERT(ccid_put(&w, &m) == HSM_OK);
	out(wr_rd(&w));
	if (w.n % PACKET == 0)
		out((struct rd){ 0 });
}

static void control(const uint8_t *setup)
{
	static uint8_t bytes[0x10000];
	const size_t length = (size_t)(setup[6] | setup[7] << 8);
	struct wr w = wr_of(bytes, length);

	check_status(ccid_dev_control(bus.dev, setup, (struct rd){ 0 }, &w));
	FUZZ_ASSERT(w.n <= length && !w.bad);
}

/* ---- operations ---- */

static bool op_control(struct rd *r)
{
	struct rd setup;

	if (!rd_take(r, 8, &setup))
		return false;
	control(setup.p);
	return true;
}

/* So many bytes as they are. */
static bool op_raw(struct rd *r)
{
	uint16_t n;
	struct rd bytes;

	if (!rd_u16(r, &n))
		return false;
	n %= OP_MAX;
	if (!rd_take(r, n < r->n ? n : r->n, &bytes))
		return false;
	bus.raw = true;
	out(bytes);
	return true;
}

static bool op_in(struct rd *r)
{
	uint8_t ep, n;

	if (!rd_u8(r, &ep) || !rd_u8(r, &n))
		return false;
	if (ep == 0x82)
		bus.raw = bus.faulty = true; /* part of a message: the rest is not checked */
	(void)in(ep, (size_t)n * 2);
	return true;
}

static bool op_drain(struct rd *r)
{
	(void)r;
	(void)drain();
	return true;
}

/* XfrBlock with a block of T=1 whose LRC is right. */
static bool op_block(struct rd *r)
{
	static const uint8_t param[3] = { 0 };
	uint8_t bytes[OP_MAX];
	struct wr block = WR_ARRAY(bytes);

	if (!t1_input(r, (bus.how & CRC) != 0, &block))
		return false;
	send(CCID_XFR_BLOCK, param, wr_rd(&block));
	return true;
}

/* XfrBlock with so many bytes of an APDU. */
static bool op_apdu(struct rd *r)
{
	uint8_t level, n;
	struct rd data;

	if (!rd_u8(r, &level) || !rd_u8(r, &n) || !rd_take(r, n < r->n ? n : r->n, &data))
		return false;
	send(CCID_XFR_BLOCK, (const uint8_t[]){ 0, level, 0 }, data);
	return true;
}

/* Another command, of up to 15 bytes. */
static bool op_command(struct rd *r)
{
	uint8_t type, param, n;
	struct rd data;

	if (!rd_u8(r, &type) || !rd_u8(r, &param) || !rd_u8(r, &n))
		return false;
	n &= 15;
	if (!rd_take(r, n < r->n ? n : r->n, &data))
		return false;
	send(type, (const uint8_t[]){ param, 0, 0 }, data);
	return true;
}

static void configure(void)
{
	control((const uint8_t[]){ 0x00, 0x09, 1, 0, 0, 0, 0, 0 });
}

static bool op_plug(struct rd *r)
{
	uint8_t what;

	if (!rd_u8(r, &what))
		return false;
	if (what == 0xFF) {
		ccid_dev_unplug(bus.dev);
		bus.gone = true;
	} else {
		ccid_dev_reset(bus.dev);
		if ((what & 1) != 0)
			configure();
	}
	return true;
}

static bool (*const ops[])(struct rd *) = { op_control, op_raw, op_in, op_drain, op_block, op_apdu,
	op_command, op_plug };

/* Whatever was: after a reset the card can be powered on. */
static void check_recovers(void)
{
	if (bus.gone || ccid_faults_hit(bus.faults) != 0)
		return;
	ccid_dev_reset(bus.dev);
	configure();
	send(CCID_POWER_ON, (const uint8_t[]){ 0, 0, 0 }, (struct rd){ 0 });
	if (!bus.gone && ccid_faults_hit(bus.faults) == 0)
		FUZZ_ASSERT(drain() == 1);
}

static bool setup(struct rd *in_bytes)
{
	struct ccid_dev_setup s = { .token = ":memory:", .in_step = true };
	struct rd list;
	uint8_t n;

	log_set(LOG_OFF);
	memset(&bus, 0, sizeof(bus));
	if (!rd_u8(in_bytes, &bus.how) || !rd_u8(in_bytes, &n) || !rd_take(in_bytes, n, &list) ||
	        ccid_faults_parse(list, &bus.faults) != HSM_OK)
		return false;
	bus.faulty = n != 0;
	s.model = (bus.how & STICK) != 0 ? CCID_DEV_STICK : CCID_DEV_NITROKEY;
	s.faults = bus.faults;
	FUZZ_ASSERT(ccid_dev_new(&s, &bus.dev) == HSM_OK);
	configure();
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd r = rd_of(data, size);
	uint8_t op;

	if (!setup(&r))
		return 0;
	while (rd_u8(&r, &op) && ops[op % (sizeof(ops) / sizeof(ops[0]))](&r))
		;
	check_recovers();
	ccid_dev_free(bus.dev);
	ccid_faults_free(bus.faults);
	return 0;
}
