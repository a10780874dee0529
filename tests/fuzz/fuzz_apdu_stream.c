#include "apdu/capdu.h"
#include "base/ossl.h"
#include "emu.h"
#include "fuzz.h"

/* The input is a stream of commands into one fresh card in memory: a first byte (bit 0: the card is
 * initialised and the user logged in before), then each command after its lane and its length in
 * two bytes. Whatever comes, every command gets one answer that is well-formed. */

enum { LANES = 3, SW_END_OF_FILE = 0x6282, SW_HAS_SIGNED = 0x9001 };

/* RSA key generation would eat the time; chained parts are too short to hide much of it. */
static bool takes_long(const struct capdu *c)
{
	static const uint8_t oid[] = { 0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x02, 0x01 };

	return memmem(c->data.p, c->data.n, oid, sizeof(oid)) != NULL;
}

static void check_answer(struct rd answer, const struct capdu *c)
{
	uint16_t sw;
	size_t n;

	FUZZ_ASSERT(answer.n >= 2);
	n = answer.n - 2;
	sw = (uint16_t)(answer.p[n] << 8 | answer.p[n + 1]);
	FUZZ_ASSERT(sw == 0x9000 || sw == SW_HAS_SIGNED ||
	            (sw >> 8 >= 0x62 && sw >> 8 <= 0x6E)); /* 6F00: a bug */
	FUZZ_ASSERT(n == 0 || sw == 0x9000 || sw == SW_END_OF_FILE || sw == SW_HAS_SIGNED);
	FUZZ_ASSERT(n == 0 || (c != NULL && n <= c->ne));
}

static void send(struct emu_lane *lane, struct rd cmd)
{
	static uint8_t bytes[RAPDU_MAX];
	struct wr rsp = WR_ARRAY(bytes);
	struct capdu c;
	const bool parsed = capdu_parse(cmd, &c) == HSM_OK;

	if (parsed && c.ins == 0x46 && takes_long(&c))
		return;
	FUZZ_ASSERT(emu_lane_xfer(lane, cmd, &rsp) == HSM_OK);
	check_answer(wr_rd(&rsp), parsed ? &c : NULL);
}

/* SELECT, INITIALIZE DEVICE, VERIFY. */
static void prepare(struct emu_lane *lane)
{
	send(lane, RD_LIT("\x00\xA4\x04\x00\x0B\xE8\x2B\x06\x01\x04\x01\x81\xC3\x1F\x02\x01\x00"));
	send(lane, RD_LIT("\x80\x50\x00\x00\x19\x80\x02\x00\x01\x81\x06"
	                  "648219"
	                  "\x82\x08"
	                  "57621880"
	                  "\x91\x01\x03"));
	send(lane, RD_LIT("\x00\x20\x00\x81\x06"
	                  "648219"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in = rd_of(data, size), cmd;
	struct emu_card *card = NULL;
	struct emu_lane *lanes[LANES] = { NULL };
	uint8_t flags = 0, lane;
	uint16_t n;

	/* Held on to, so that libcrypto is not set up again for every input. */
	if (ossl_ctx() == NULL)
		FUZZ_ASSERT(ossl_acquire() == HSM_OK);
	FUZZ_ASSERT(emu_open(":memory:", &card) == HSM_OK);
	for (size_t i = 0; i < LANES; i++)
		FUZZ_ASSERT(emu_lane_new(card, &lanes[i]) == HSM_OK);
	if (rd_u8(&in, &flags) && (flags & 1) != 0)
		prepare(lanes[0]);
	while (rd_u8(&in, &lane) && rd_u16(&in, &n) && rd_take(&in, n, &cmd))
		send(lanes[lane % LANES], cmd);
	for (size_t i = 0; i < LANES; i++)
		emu_lane_free(lanes[i]);
	emu_close(card);
	return 0;
}
