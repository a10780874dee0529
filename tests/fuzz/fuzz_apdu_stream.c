#include "apdu/capdu.h"
#include "apdu/smartcardhsm.h"
#include "twin.h"

/* The input is a stream of commands into one card. A first byte: bit 0, the card is filled and its
 * user logged in; bit 1, it is checked after each command. Then each command after a byte that says
 * how (enum how) and its length in two bytes. Whatever comes, every command gets one answer that is
 * well-formed, and a card says of itself what one says that is made from what it has stored: at
 * each check, when the power is cut, and at the end of each input that changed anything. */

enum flags { FILLED = 1, CHECK = 2 };

/* The two low bits are the lane. */
enum how {
	SECURE = 0x04,
	THEN = 0xE0, /* mask of what follows the command: */
	THEN_CUT = 0xE0,
	THEN_CUT_LOGIN = 0xC0,
	THEN_RESET = 0xA0,
};

enum { COMMANDS_MAX = 32, SLOW_MAX = 4 };

/* RSA key generation would eat the time; chained parts are too short to hide much of it. */
static bool makes_rsa_key(const struct capdu *c)
{
	static const uint8_t oid[] = { 0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x02, 0x01 };

	return c->ins == INS_GENERATE_KEY_PAIR && c->data.n != 0 &&
	       memmem(c->data.p, c->data.n, oid, sizeof(oid));
}

/* Arithmetic on curves for which libcrypto has no fast code. */
static bool is_slow(const struct capdu *c)
{
	return c->ins == INS_GENERATE_KEY_PAIR || c->ins == INS_GENERAL_AUTHENTICATE ||
	       c->ins == INS_PSO || c->ins == INS_EXTERNAL_AUTHENTICATE;
}

static bool may_run(struct rd cmd, bool opens_channel, unsigned *slow)
{
	struct capdu c;

	if (capdu_parse(cmd, &c) != HSM_OK)
		return true;
	if (is_slow(&c) || opens_channel)
		(*slow)++;
	return !makes_rsa_key(&c) && *slow <= SLOW_MAX;
}

static void then(struct twin *t, uint8_t flags, uint8_t how)
{
	if ((flags & CHECK) != 0)
		twin_check(t);
	if ((how & THEN) == THEN_CUT || (how & THEN) == THEN_CUT_LOGIN)
		twin_cut(t, (how & THEN) == THEN_CUT_LOGIN);
	else if ((how & THEN) == THEN_RESET)
		twin_reset(t);
}

/* ---- a card that an input did not change serves the next one ---- */

struct kept {
	struct twin t;
	struct buf stored; /* when the first command came */
	struct twin_session session;
	bool ready;
};

static void keep_new(struct kept *k, bool filled)
{
	twin_open(&k->t, twin_file(filled));
	if (filled)
		twin_login(&k->t);
	FUZZ_ASSERT(emu_bytes(k->t.card, &k->stored) == HSM_OK);
	twin_session(&k->t, &k->session);
	k->ready = true;
}

static struct kept *begin(bool filled)
{
	static struct kept both[2];
	struct kept *k = &both[filled];

	if (!k->ready)
		keep_new(k, filled);
	return k;
}

static bool is_unchanged(struct kept *k)
{
	AUTO_BUF now = { 0 };
	struct twin_session session;

	FUZZ_ASSERT(emu_bytes(k->t.card, &now) == HSM_OK);
	if (!rd_equal(buf_rd(&now), buf_rd(&k->stored)))
		return false;
	twin_new_lanes(&k->t);
	twin_session(&k->t, &session);
	return memcmp(&session, &k->session, sizeof(session)) == 0;
}

static void end(struct kept *k)
{
	if (is_unchanged(k))
		return;
	twin_cut(&k->t, false);
	twin_close(&k->t);
	k->ready = false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in = rd_of(data, size), cmd;
	uint8_t flags = 0, how;
	unsigned slow = 0;
	struct kept *k;
	size_t lane;
	bool secure;
	uint16_t n;

	if (!rd_u8(&in, &flags))
		return 0;
	k = begin((flags & FILLED) != 0);
	for (unsigned i = 0; i < COMMANDS_MAX; i++) {
		if (!rd_u8(&in, &how) || !rd_u16(&in, &n) || !rd_take(&in, n, &cmd))
			break;
		lane = (size_t)(how & 3) % TWIN_LANES;
		secure = (how & SECURE) != 0;
		if (!may_run(cmd, secure && !k->t.secure[lane], &slow))
			continue;
		twin_send(&k->t, lane, cmd, secure);
		then(&k->t, flags, how);
	}
	end(k);
	return 0;
}
