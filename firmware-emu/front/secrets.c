#include "front/secrets.h"

#include "apdu/smartcardhsm.h"

enum secrecy { PLAIN, SECRET, BY_FILE };

static const struct row {
	uint8_t ins;
	enum secrecy cmd, answer;
} rows[] = {
	{ INS_VERIFY, SECRET, PLAIN },
	{ INS_CHANGE_REFERENCE_DATA, SECRET, PLAIN },
	{ INS_RESET_RETRY_COUNTER, SECRET, PLAIN },
	{ INS_INITIALIZE, SECRET, PLAIN },
	{ INS_SESSION_PIN, SECRET, SECRET },
	{ INS_DERIVE_EC, SECRET, SECRET },
	{ INS_CIPHER, SECRET, SECRET },
	{ INS_SELECT, PLAIN, PLAIN },
	{ INS_MSE, PLAIN, PLAIN },
	{ INS_PSO, PLAIN, PLAIN },
	{ INS_GENERATE_KEY_PAIR, PLAIN, PLAIN },
	{ INS_GENERATE_SECRET_KEY, PLAIN, PLAIN },
	{ INS_KEY_DOMAIN, SECRET, PLAIN },
	{ INS_PKA, PLAIN, PLAIN },
	{ INS_ENUMERATE, PLAIN, PLAIN },
	{ INS_DECIPHER, PLAIN, SECRET },
	{ INS_SIGN, PLAIN, PLAIN },
	{ INS_WRAP, PLAIN, SECRET },
	{ INS_UNWRAP, SECRET, PLAIN },
	{ INS_EXTERNAL_AUTHENTICATE, PLAIN, PLAIN },
	{ INS_GET_CHALLENGE, PLAIN, PLAIN },
	{ INS_GENERAL_AUTHENTICATE, PLAIN, PLAIN },
	{ INS_READ_BINARY, PLAIN, BY_FILE },
	{ INS_UPDATE_BINARY, BY_FILE, PLAIN },
	{ INS_DELETE_FILE, PLAIN, PLAIN },
};

static const struct row unknown = { 0, SECRET, SECRET };

static const struct row *find(uint8_t ins)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].ins == ins)
			return &rows[i];
	return &unknown;
}

static bool is_secret_file(uint16_t fid)
{
	return fid >> 8 == FID_PRIVATE_DATA || fid == EF_UNWRAP_INPUT;
}

/* The file that the command names; 0 when it names none. */
static uint16_t named(const struct capdu *c)
{
	struct rd data = c->data;
	uint16_t fid = 0;

	if (c->ins == INS_SELECT && c->p1 != 0x04)
		return rd_u16(&data, &fid) ? fid : 0;
	if (c->ins == INS_READ_BINARY || c->ins == INS_UPDATE_BINARY)
		return (uint16_t)(c->p1 << 8 | c->p2);
	return 0;
}

/* A secret file is taken for the current one as soon as it is named, and another one only when the
 * card has agreed. */
static void follow(uint16_t *fid, uint16_t to, struct rd rsp)
{
	const bool done = rsp.n >= 2 && rsp.p[rsp.n - 2] == 0x90;

	if (to != 0 && (is_secret_file(to) || done))
		*fid = to;
}

void secrets_in(const struct capdu *c, struct rd rsp, uint16_t *fid, bool *cmd, bool *answer)
{
	const struct row *row = find(c->ins);
	const uint16_t to = named(c);
	bool secret_file = is_secret_file(to != 0 ? to : *fid);

	*cmd = row->cmd == SECRET || (row->cmd == BY_FILE && secret_file);
	*answer = row->answer == SECRET || (row->answer == BY_FILE && secret_file);
	if (c->ins != INS_READ_BINARY)
		follow(fid, to, rsp);
}
