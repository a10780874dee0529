#include "wire/ccid_msg.h"

#include "wire/le.h"

enum { STATUS_FAILED = 0x40, STATUS_LATER = 0x80, STATUS_MASK = 0xC0, CARD_MASK = 0x03 };

/* Length of the data of each command, and the type of its answer: table 6.1-1. */
static const struct command {
	uint8_t type, answer;
	size_t min, max;
} commands[] = {
	{ CCID_POWER_ON, CCID_DATA_BLOCK, 0, 0 },
	{ CCID_POWER_OFF, CCID_STATUS, 0, 0 },
	{ CCID_SLOT_STATUS, CCID_STATUS, 0, 0 },
	{ CCID_XFR_BLOCK, CCID_DATA_BLOCK, 0, CCID_DATA_MAX },
	{ CCID_GET_PARAMETERS, CCID_PARAMETERS, 0, 0 },
	{ CCID_RESET_PARAMETERS, CCID_PARAMETERS, 0, 0 },
	{ CCID_SET_PARAMETERS, CCID_PARAMETERS, 5, CCID_T1_PARAMS },
	{ CCID_ESCAPE, CCID_ESCAPE_DATA, 0, CCID_DATA_MAX },
	{ CCID_CLOCK, CCID_STATUS, 0, 0 },
	{ CCID_T0_APDU, CCID_STATUS, 0, 0 },
	{ CCID_SECURE, CCID_DATA_BLOCK, 1, CCID_DATA_MAX },
	{ CCID_MECHANICAL, CCID_STATUS, 0, 0 },
	{ CCID_ABORT, CCID_STATUS, 0, 0 },
	{ CCID_SET_RATE, CCID_RATE, 8, 8 },
};

static const struct command *find(uint8_t type)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].type == type)
			return &commands[i];
	return NULL;
}

hsm_rc ccid_put(struct wr *w, const struct ccid_msg *m)
{
	if (m->data.n > CCID_DATA_MAX)
		return HSM_E_BAD_LEN;
	wr_u8(w, m->type);
	le_put_u32(w, (uint32_t)m->data.n);
	wr_u8(w, m->slot);
	wr_u8(w, m->seq);
	wr_put(w, m->param, sizeof(m->param));
	wr_rd_put(w, m->data);
	return wr_done(w);
}

hsm_rc ccid_get(struct rd bytes, struct ccid_msg *m)
{
	struct rd head;

	*m = (struct ccid_msg){ 0 };
	if (!rd_take(&bytes, CCID_HEAD, &head))
		return HSM_E_BAD_LEN;
	m->type = head.p[0];
	m->slot = head.p[5];
	m->seq = head.p[6];
	memcpy(m->param, head.p + 7, sizeof(m->param));
	m->data = bytes;
	return le_u32(head.p + 1) == bytes.n ? HSM_OK : HSM_E_BAD_LEN;
}

hsm_rc ccid_command_check(const struct ccid_msg *m, uint8_t *answer)
{
	const struct command *c = find(m->type);

	*answer = c == NULL ? CCID_STATUS : c->answer;
	if (c == NULL)
		return HSM_E_UNSUPPORTED;
	return m->data.n < c->min || m->data.n > c->max ? HSM_E_BAD_LEN : HSM_OK;
}

static struct ccid_msg reply(const struct ccid_msg *cmd, unsigned status, uint8_t error)
{
	const struct command *c = find(cmd->type);

	return (struct ccid_msg){
		.type = c == NULL ? CCID_STATUS : c->answer,
		.slot = cmd->slot,
		.seq = cmd->seq,
		.param = { (uint8_t)status, error, 0 },
	};
}

struct ccid_msg ccid_reply(
        const struct ccid_msg *cmd, enum ccid_card card, uint8_t detail, struct rd data)
{
	struct ccid_msg m = reply(cmd, card, 0);

	m.param[2] = detail;
	m.data = data;
	return m;
}

struct ccid_msg ccid_reply_failed(const struct ccid_msg *cmd, enum ccid_card card, uint8_t error)
{
	return reply(cmd, (unsigned)card | STATUS_FAILED, error);
}

struct ccid_msg ccid_reply_wait(const struct ccid_msg *cmd, enum ccid_card card, uint8_t multiplier)
{
	return reply(cmd, (unsigned)card | STATUS_LATER, multiplier);
}

/* A failed command may be told with a slot status, whatever the command was: 6.2.2. */
static bool right_type(const struct ccid_msg *cmd, const struct ccid_msg *m)
{
	const struct command *c = find(cmd->type);

	return (c != NULL && m->type == c->answer) ||
	       (m->type == CCID_STATUS && (m->param[0] & STATUS_MASK) == STATUS_FAILED);
}

hsm_rc ccid_judge(const struct ccid_msg *cmd, struct rd bytes, struct ccid_answer *out)
{
	struct ccid_msg m;
	hsm_rc rc = ccid_get(bytes, &m);

	*out = (struct ccid_answer){ .next = CCID_STALE };
	if (bytes.n == 0 || (bytes.n >= CCID_HEAD && (m.slot != cmd->slot || m.seq != cmd->seq)))
		return HSM_OK;
	out->next = CCID_DONE;
	if (rc != HSM_OK || !right_type(cmd, &m) || (m.param[0] & CARD_MASK) > CCID_CARD_ABSENT)
		return HSM_E_CARD_DATA;
	out->card = (enum ccid_card)(m.param[0] & CARD_MASK);
	out->detail = m.param[2];
	switch (m.param[0] & STATUS_MASK) {
	case 0:
		out->data = m.data;
		return HSM_OK;
	case STATUS_FAILED:
		out->error = m.param[1];
		return ccid_error_rc(out->error, out->card);
	case STATUS_LATER:
		out->next = CCID_LATER;
		out->multiplier = m.param[1] == 0 ? 1 : m.param[1];
		return HSM_OK;
	default:
		return HSM_E_CARD_DATA;
	}
}

static const struct error {
	uint8_t first, last;
	hsm_rc rc;
	const char *text;
} errors[] = {
	{ 0x00, 0x00, HSM_E_UNSUPPORTED, "the reader does not know the command" },
	{ 0x01, 0x01, HSM_E_BAD_PARAM, "the reader refuses the length of the message" },
	{ 0x05, 0x05, HSM_E_BAD_PARAM, "the reader has no such slot" },
	{ 0x07, 0x07, HSM_E_BAD_PARAM, "the reader refuses the voltage or the protocol" },
	{ 0x08, 0x08, HSM_E_BAD_PARAM, "the reader refuses the level parameter" },
	{ 0x01, 0x7F, HSM_E_BAD_PARAM, "the reader refuses a field of the message" },
	{ 0xE0, 0xE0, HSM_E_CARD_BUSY, "the slot is busy" },
	{ 0xEF, 0xEF, HSM_E_CANCELLED, "the PIN entry was cancelled" },
	{ 0xF0, 0xF0, HSM_E_CANCELLED, "the PIN entry took too long" },
	{ 0xF2, 0xF2, HSM_E_CARD_BUSY, "the reader is busy with a sequence of its own" },
	{ 0xF3, 0xF3, HSM_E_UNSUPPORTED, "the protocol is not active" },
	{ 0xF4, 0xF4, HSM_E_CARD_DATA, "wrong procedure byte" },
	{ 0xF5, 0xF5, HSM_E_UNSUPPORTED, "the reader does not support the class of the command" },
	{ 0xF6, 0xF6, HSM_E_UNSUPPORTED, "the reader does not support the card's protocol" },
	{ 0xF7, 0xF7, HSM_E_CARD_DATA, "wrong check byte in the ATR" },
	{ 0xF8, 0xF8, HSM_E_CARD_DATA, "wrong first byte in the ATR" },
	{ 0xFB, 0xFB, HSM_E_IO, "hardware error of the reader" },
	{ 0xFC, 0xFC, HSM_E_IO, "the card sent more than the reader takes" },
	{ 0xFD, 0xFD, HSM_E_IO, "parity error between reader and card" },
	{ 0xFE, 0xFE, HSM_E_MUTE, "the card does not answer" },
	{ 0xFF, 0xFF, HSM_E_CANCELLED, "the command was aborted" },
	{ 0x00, 0xFF, HSM_E_IO, "error of the reader" },
};

static const struct error *find_error(uint8_t error)
{
	const struct error *e = errors;

	while (error < e->first || error > e->last)
		e++;
	return e;
}

hsm_rc ccid_error_rc(uint8_t error, enum ccid_card card)
{
	hsm_rc rc = find_error(error)->rc;

	return rc == HSM_E_MUTE && card == CCID_CARD_ABSENT ? HSM_E_NO_CARD : rc;
}

const char *ccid_error_text(uint8_t error)
{
	return find_error(error)->text;
}

/* bmTCCKST1: 000100 and the two bits; the value of byte 0x10 means LRC, direct convention. */
enum { TCCKS = 0x10, TCCKS_CRC = 0x01, TCCKS_INVERSE = 0x02 };

void ccid_t1_put(struct wr *w, const struct ccid_t1 *t1)
{
	wr_u8(w, t1->fidi);
	wr_u8(w, (uint8_t)(TCCKS | (t1->crc ? TCCKS_CRC : 0) | (t1->inverse ? TCCKS_INVERSE : 0)));
	wr_u8(w, t1->guard);
	wr_u8(w, t1->bwi_cwi);
	wr_u8(w, t1->clock_stop);
	wr_u8(w, t1->ifsc);
	wr_u8(w, t1->nad);
}

hsm_rc ccid_t1_get(struct rd data, struct ccid_t1 *t1)
{
	const uint8_t *p = data.p;

	*t1 = (struct ccid_t1){ 0 };
	if (data.n != CCID_T1_PARAMS)
		return HSM_E_BAD_LEN;
	if ((p[1] & ~(TCCKS_CRC | TCCKS_INVERSE)) != TCCKS)
		return HSM_E_BAD_DATA;
	*t1 = (struct ccid_t1){
		.fidi = p[0],
		.crc = (p[1] & TCCKS_CRC) != 0,
		.inverse = (p[1] & TCCKS_INVERSE) != 0,
		.guard = p[2],
		.bwi_cwi = p[3],
		.clock_stop = p[4],
		.ifsc = p[5],
		.nad = p[6],
	};
	return HSM_OK;
}

hsm_rc ccid_notice_get(struct rd bytes, struct ccid_notice *n)
{
	uint8_t type;

	*n = (struct ccid_notice){ .type = CCID_SLOT_CHANGE };
	if (!rd_u8(&bytes, &type) || bytes.n == 0)
		return HSM_E_BAD_LEN;
	switch (type) {
	case CCID_SLOT_CHANGE:
		n->slots = bytes;
		return HSM_OK;
	case CCID_HARDWARE_ERROR:
		n->type = CCID_HARDWARE_ERROR;
		return rd_u8(&bytes, &n->slot) && rd_u8(&bytes, &n->seq) &&
		                       rd_u8(&bytes, &n->code) && bytes.n == 0
		               ? HSM_OK
		               : HSM_E_BAD_LEN;
	default:
		return HSM_E_UNSUPPORTED;
	}
}

static bool slot_bit(const struct ccid_notice *n, uint8_t slot, unsigned bit)
{
	size_t at = slot / 4;

	return at < n->slots.n && (n->slots.p[at] >> (slot % 4 * 2 + bit) & 1) != 0;
}

bool ccid_notice_present(const struct ccid_notice *n, uint8_t slot)
{
	return slot_bit(n, slot, 0);
}

bool ccid_notice_changed(const struct ccid_notice *n, uint8_t slot)
{
	return slot_bit(n, slot, 1);
}

void ccid_notice_put(struct wr *w, bool present, bool changed)
{
	wr_u8(w, CCID_SLOT_CHANGE);
	wr_u8(w, (uint8_t)((present ? 1 : 0) | (changed ? 2 : 0)));
}
