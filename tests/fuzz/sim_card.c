#include "sim_card.h"

#include "apdu/capdu.h"
#include "apdu/smartcardhsm.h"
#include "base/tlv.h"
#include "fuzz.h"
#include "sim_files.h"

enum {
	SW_OK = 0x9000,
	SW_END_OF_FILE = 0x6282,
	SW_LENGTH = 0x6700,
	SW_DATA = 0x6A80,
	SW_NO_FILE = 0x6A82,
	SW_FULL = 0x6A84,
	SW_EXISTS = 0x6A89,
	SW_OFFSET = 0x6B00,
	SW_INS = 0x6D00,
};

/* ---- files ---- */

static const struct {
	uint16_t fid;
	struct rd bytes;
} first_files[] = {
#define SIM_FILE(fid, bytes) { fid, { bytes, sizeof(bytes) } },
	SIM_FILES
#undef SIM_FILE
};

enum { FIRST_FILES = sizeof(first_files) / sizeof(first_files[0]) };

void sim_reset(struct sim_card *c)
{
	for (size_t i = 0; i < FIRST_FILES; i++)
		c->files[i] = (struct sim_file){ first_files[i].fid, first_files[i].bytes };
	c->files_n = FIRST_FILES;
	c->bytes_n = 0;
	c->verified = false;
}

static struct sim_file *find(struct sim_card *c, uint16_t fid)
{
	for (size_t i = 0; i < c->files_n; i++) {
		if (c->files[i].fid == fid)
			return &c->files[i];
	}
	return NULL;
}

static struct sim_file *add(struct sim_card *c, uint16_t fid)
{
	struct sim_file *f = find(c, fid);

	if (f != NULL || c->files_n == SIM_FILES_MAX)
		return f;
	f = &c->files[c->files_n++];
	*f = (struct sim_file){ .fid = fid };
	return f;
}

/* The offset, and what follows it. */
static bool take_offset(struct rd *data, uint16_t *offset)
{
	struct rd value;

	return tlv_get(data, 0x54, &value) && rd_u16(&value, offset) && value.n == 0;
}

static uint16_t read_binary(struct sim_card *c, const struct capdu *cmd, struct wr *rsp)
{
	const struct sim_file *f = find(c, FID(cmd->p1, cmd->p2));
	struct rd data = cmd->data, left, part;
	uint16_t offset;

	if (!take_offset(&data, &offset))
		return SW_DATA;
	if (f == NULL)
		return SW_NO_FILE;
	left = f->bytes;
	if (!rd_take(&left, offset, &part))
		return SW_OFFSET;
	FUZZ_ASSERT(rd_take(&left, left.n < cmd->ne ? left.n : cmd->ne, &part));
	wr_rd_put(rsp, part);
	return part.n < cmd->ne ? SW_END_OF_FILE : SW_OK;
}

static uint16_t update_binary(struct sim_card *c, const struct capdu *cmd, struct wr *rsp)
{
	struct rd data = cmd->data, part;
	struct sim_file *f;
	uint8_t *to;
	uint16_t offset;
	size_t n;

	(void)rsp;
	if (!take_offset(&data, &offset) || !tlv_get(&data, 0x53, &part))
		return SW_DATA;
	f = add(c, FID(cmd->p1, cmd->p2));
	if (f == NULL)
		return SW_FULL;
	if (offset > f->bytes.n)
		return SW_OFFSET;
	n = offset + part.n > f->bytes.n ? offset + part.n : f->bytes.n;
	if (n > SIM_BYTES_MAX - c->bytes_n)
		return SW_FULL;
	to = c->bytes + c->bytes_n;
	c->bytes_n += n;
	if (f->bytes.n != 0)
		memcpy(to, f->bytes.p, f->bytes.n);
	if (part.n != 0)
		memcpy(to + offset, part.p, part.n);
	f->bytes = rd_of(to, n);
	return SW_OK;
}

static uint16_t delete_file(struct sim_card *c, const struct capdu *cmd, struct wr *rsp)
{
	struct rd data = cmd->data;
	struct sim_file *f;
	uint16_t fid;

	(void)rsp;
	if (!rd_u16(&data, &fid))
		return SW_LENGTH;
	f = find(c, fid);
	if (f == NULL)
		return SW_NO_FILE;
	memmove(f, f + 1, (size_t)(c->files + --c->files_n - f) * sizeof(*f));
	return SW_OK;
}

static uint16_t enumerate(struct sim_card *c, const struct capdu *cmd, struct wr *rsp)
{
	(void)cmd;
	for (size_t i = 0; i < c->files_n; i++)
		wr_u16(rsp, c->files[i].fid);
	return SW_OK;
}

static uint16_t select_file(struct sim_card *c, const struct capdu *cmd, struct wr *rsp)
{
	struct rd data = cmd->data;
	uint16_t fid;

	c->verified = c->verified && cmd->p1 != 0x04;
	if (cmd->p1 == 0x04)
		wr_rd_put(rsp, RD_LIT("\x6F\x0A\x82\x01\x78\x85\x05\x00\x01\x00\x04\x01"));
	else if (!rd_u16(&data, &fid) || find(c, fid) == NULL)
		return SW_NO_FILE;
	else
		wr_rd_put(rsp, RD_LIT("\x6F\x0C\xA5\x0A\x90\x04\x00\x00\x00\x09\x91\x02\x70\x92"));
	return SW_OK;
}

/* ---- PINs and the card itself ---- */

static uint16_t verify(struct sim_card *c, const struct capdu *cmd, struct wr *rsp)
{
	(void)rsp;
	c->verified = c->verified || cmd->data.n != 0;
	return c->verified ? SW_OK : 0x63C3;
}

static uint16_t accept(struct sim_card *c, const struct capdu *cmd, struct wr *rsp)
{
	(void)c;
	(void)cmd;
	(void)rsp;
	return SW_OK;
}

static uint16_t initialize(struct sim_card *c, const struct capdu *cmd, struct wr *rsp)
{
	if (cmd->data.n == 0) {
		wr_u32(rsp, 0x00012345);
		return SW_OK;
	}
	c->files_n = 1; /* EF 2F02 */
	c->verified = false;
	return SW_OK;
}

static uint16_t challenge(struct sim_card *c, const struct capdu *cmd, struct wr *rsp)
{
	(void)c;
	for (size_t i = 0; i < cmd->ne; i++)
		wr_u8(rsp, (uint8_t)(i * 167));
	return SW_OK;
}

/* One share of one is there. */
static uint16_t key_domain(struct sim_card *c, const struct capdu *cmd, struct wr *rsp)
{
	(void)c;
	(void)cmd;
	wr_rd_put(rsp, RD_LIT("\x01\x00"));
	wr_put(rsp, sim_blob, 8); /* check value */
	return SW_OK;
}

/* ---- keys ---- */

static uint16_t generate(struct sim_card *c, const struct capdu *cmd, struct wr *rsp)
{
	static const uint8_t rsa[] = { 0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x02, 0x01 };
	static const uint8_t secp256r1[] = { 0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x01 };

	if (cmd->data.n == 0)
		return SW_DATA;
	if (find(c, FID(FID_KEY, cmd->p1)) != NULL)
		return SW_EXISTS;
	if (add(c, FID(FID_KEY, cmd->p1)) == NULL)
		return SW_FULL;
	if (memmem(cmd->data.p, cmd->data.n, rsa, sizeof(rsa)) != NULL)
		wr_put(rsp, sim_request_rsa, sizeof(sim_request_rsa));
	else if (memmem(cmd->data.p, cmd->data.n, secp256r1, sizeof(secp256r1)) != NULL)
		wr_put(rsp, sim_request_r1, sizeof(sim_request_r1));
	else
		wr_put(rsp, sim_request_k1, sizeof(sim_request_k1));
	return SW_OK;
}

enum { WIDTH_RSA = 256, WIDTH_EC = 32 };

static uint16_t sign(struct sim_card *c, const struct capdu *cmd, struct wr *rsp)
{
	(void)c;
	if (cmd->p2 < ALG_ECDSA) {
		for (size_t i = 0; i < WIDTH_RSA; i++)
			wr_u8(rsp, (uint8_t)i);
		return SW_OK;
	}
	wr_rd_put(rsp, RD_LIT("\x30\x44"));
	for (size_t i = 0; i < 2 * (2 + WIDTH_EC); i++)
		wr_u8(rsp, i % (2 + WIDTH_EC) == 0 ? 0x02 : WIDTH_EC);
	return SW_OK;
}

/* A point, or a block of PKCS #1 (RFC 8017, 7.2.2). */
static uint16_t decipher(struct sim_card *c, const struct capdu *cmd, struct wr *rsp)
{
	(void)c;
	if (cmd->p2 == ALG_ECDH) {
		wr_put(rsp, sim_point, sizeof(sim_point));
		return SW_OK;
	}
	wr_u16(rsp, 0x0002);
	for (size_t i = 2; i < WIDTH_RSA; i++)
		wr_u8(rsp, i == 200 ? 0x00 : 0x55);
	return SW_OK;
}

static uint16_t wrap(struct sim_card *c, const struct capdu *cmd, struct wr *rsp)
{
	if (find(c, FID(FID_KEY, cmd->p1)) == NULL)
		return 0x6A88;
	wr_put(rsp, sim_blob, sizeof(sim_blob));
	return SW_OK;
}

static uint16_t unwrap(struct sim_card *c, const struct capdu *cmd, struct wr *rsp)
{
	(void)rsp;
	if (find(c, FID(FID_KEY, cmd->p1)) != NULL)
		return SW_EXISTS;
	return add(c, FID(FID_KEY, cmd->p1)) == NULL ? SW_FULL : SW_OK;
}

/* A nonce and a code over the host's key, as long as they should be. */
static uint16_t general_authenticate(struct sim_card *c, const struct capdu *cmd, struct wr *rsp)
{
	(void)c;
	(void)cmd;
	wr_rd_put(rsp, RD_LIT("\x7C\x14\x81\x08noncenon\x82\x08macmacma"));
	return SW_OK;
}

/* ---- commands ---- */

static const struct {
	uint8_t ins;
	uint16_t (*run)(struct sim_card *c, const struct capdu *cmd, struct wr *rsp);
} commands[] = {
	{ INS_SELECT, select_file },
	{ INS_READ_BINARY, read_binary },
	{ INS_UPDATE_BINARY, update_binary },
	{ INS_DELETE_FILE, delete_file },
	{ INS_ENUMERATE, enumerate },
	{ INS_VERIFY, verify },
	{ INS_CHANGE_REFERENCE_DATA, accept },
	{ INS_RESET_RETRY_COUNTER, accept },
	{ INS_MSE, accept },
	{ INS_INITIALIZE, initialize },
	{ INS_GET_CHALLENGE, challenge },
	{ INS_KEY_DOMAIN, key_domain },
	{ INS_GENERATE_KEY_PAIR, generate },
	{ INS_SIGN, sign },
	{ INS_DECIPHER, decipher },
	{ INS_WRAP, wrap },
	{ INS_UNWRAP, unwrap },
	{ INS_GENERAL_AUTHENTICATE, general_authenticate },
};

void sim_answer(struct sim_card *c, struct rd cmd, struct wr *rsp)
{
	uint16_t sw = SW_INS;
	struct capdu parsed;

	if (capdu_parse(cmd, &parsed) != HSM_OK) {
		wr_u16(rsp, SW_LENGTH);
		return;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (commands[i].ins == parsed.ins)
			sw = commands[i].run(c, &parsed, rsp);
	}
	wr_u16(rsp, sw);
}
