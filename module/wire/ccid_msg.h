/* CCID messages, both directions (USB Device Class: Smart Card CCID, revision 1.10, sections 5.3
 * and 6): ten bytes of header, then the data. Views into the input, nothing is copied. */
#ifndef TWINHSM_WIRE_CCID_MSG_H
#define TWINHSM_WIRE_CCID_MSG_H

#include "base/wr.h"

enum { CCID_HEAD = 10, CCID_DATA_MAX = 65544 }; /* dwLength, 6.1.4 */

enum ccid_type {
	/* to the reader */
	CCID_SET_PARAMETERS = 0x61,
	CCID_POWER_ON = 0x62,
	CCID_POWER_OFF = 0x63,
	CCID_SLOT_STATUS = 0x65,
	CCID_SECURE = 0x69,
	CCID_T0_APDU = 0x6A,
	CCID_ESCAPE = 0x6B,
	CCID_GET_PARAMETERS = 0x6C,
	CCID_RESET_PARAMETERS = 0x6D,
	CCID_CLOCK = 0x6E,
	CCID_XFR_BLOCK = 0x6F,
	CCID_MECHANICAL = 0x71,
	CCID_ABORT = 0x72,
	CCID_SET_RATE = 0x73,
	/* from the reader */
	CCID_DATA_BLOCK = 0x80,
	CCID_STATUS = 0x81,
	CCID_PARAMETERS = 0x82,
	CCID_ESCAPE_DATA = 0x83,
	CCID_RATE = 0x84,
};

/* Class requests of the control endpoint, 5.3. */
enum ccid_request { CCID_REQ_ABORT = 0x01, CCID_REQ_CLOCKS = 0x02, CCID_REQ_RATES = 0x03 };

/* wLevelParameter of a command and bChainParameter of an answer: where in the APDU this block is.
 */
enum ccid_chain {
	CCID_WHOLE = 0x00,
	CCID_BEGIN = 0x01,
	CCID_END = 0x02,
	CCID_MIDDLE = 0x03,
	CCID_GO_ON = 0x10, /* empty: the other side may send its next block */
};

/* bits 0-1 of bStatus */
enum ccid_card { CCID_CARD_ACTIVE = 0, CCID_CARD_INACTIVE = 1, CCID_CARD_ABSENT = 2 };

/* bError of a failed command, 6.2.6. 01 to 7F are the offset of the byte the reader does not like.
 */
enum ccid_error {
	CCID_ERR_UNSUPPORTED = 0x00,
	CCID_ERR_LENGTH = 0x01,
	CCID_ERR_SLOT = 0x05,
	CCID_ERR_PARAM = 0x07,
	CCID_ERR_LEVEL = 0x08,
	CCID_ERR_BUSY = 0xE0,
	CCID_ERR_PIN_CANCELLED = 0xEF,
	CCID_ERR_PIN_TIMEOUT = 0xF0,
	CCID_ERR_AUTO_SEQUENCE = 0xF2,
	CCID_ERR_PROTOCOL_OFF = 0xF3,
	CCID_ERR_PROCEDURE = 0xF4,
	CCID_ERR_CLASS = 0xF5,
	CCID_ERR_PROTOCOL = 0xF6,
	CCID_ERR_TCK = 0xF7,
	CCID_ERR_TS = 0xF8,
	CCID_ERR_HARDWARE = 0xFB,
	CCID_ERR_OVERRUN = 0xFC,
	CCID_ERR_PARITY = 0xFD,
	CCID_ERR_MUTE = 0xFE,
	CCID_ERR_ABORTED = 0xFF,
};

/* One message. `param` are bytes 7 to 9; for a command
 *   POWER_ON: power select; XFR_BLOCK, SECURE: BWI multiplier, level (low, high byte);
 *   SET_PARAMETERS: protocol; others 0;
 * for an answer status, error, and
 *   DATA_BLOCK: chain; STATUS: clock; PARAMETERS: protocol; others 0. */
struct ccid_msg {
	uint8_t type, slot, seq, param[3];
	struct rd data;
};

/* Writes a message. HSM_E_BAD_LEN for more than CCID_DATA_MAX, HSM_E_SMALL. */
HSM_MUST hsm_rc ccid_put(struct wr *w, const struct ccid_msg *m);

/* Reads one message that is all of `bytes`. HSM_E_BAD_LEN when the header is not all there, or
 * when dwLength is not what follows: in that case `*m` has the header and what there is. */
HSM_MUST hsm_rc ccid_get(struct rd bytes, struct ccid_msg *m);

/* Device side: is it a command that the specification knows, and of a length that it may have?
 * HSM_E_UNSUPPORTED (answer CCID_ERR_UNSUPPORTED) or HSM_E_BAD_LEN (CCID_ERR_LENGTH). `*answer` is
 * the type of its answer, CCID_STATUS for unknown ones. */
HSM_MUST hsm_rc ccid_command_check(const struct ccid_msg *m, uint8_t *answer);

/* Device side: the answers to `cmd`. A time extension asks for `multiplier` times the block
 * waiting time; a failed one and an extension have no data. */
struct ccid_msg ccid_reply(
        const struct ccid_msg *cmd, enum ccid_card card, uint8_t detail, struct rd data);
struct ccid_msg ccid_reply_failed(const struct ccid_msg *cmd, enum ccid_card card, uint8_t error);
struct ccid_msg ccid_reply_wait(
        const struct ccid_msg *cmd, enum ccid_card card, uint8_t multiplier);

/* Host side: what a bulk IN transfer means for the command that waits. */
enum ccid_next {
	CCID_DONE,  /* the answer; the outcome says whether it failed */
	CCID_LATER, /* time extension: read again, waiting `multiplier` times the block waiting time
	             */
	CCID_STALE, /* nothing, or an answer to something else: read again */
};

struct ccid_answer {
	enum ccid_next next;
	enum ccid_card card;
	uint8_t multiplier; /* of CCID_LATER, at least 1 */
	uint8_t error;      /* bError of a failed command */
	uint8_t detail;     /* byte 9: chain, clock or protocol */
	struct rd data;
};

/* Judges the bytes of one transfer against the command sent. HSM_OK with all of `next`; otherwise
 * `next` is CCID_DONE and the outcome that of the reader's error (ccid_error_rc), or
 * HSM_E_CARD_DATA for a broken message. */
HSM_MUST hsm_rc ccid_judge(const struct ccid_msg *cmd, struct rd bytes, struct ccid_answer *out);

/* The outcome of a bError: HSM_E_MUTE, HSM_E_NO_CARD (mute, and the slot is empty),
 * HSM_E_CARD_BUSY, HSM_E_CANCELLED, HSM_E_UNSUPPORTED, HSM_E_BAD_PARAM, HSM_E_CARD_DATA, HSM_E_IO.
 */
hsm_rc ccid_error_rc(uint8_t error, enum ccid_card card);

/* The error for people; never NULL, never freed. */
const char *ccid_error_text(uint8_t error);

/* wValue of the class request ABORT, which goes before the message of the same bSeq. */
static inline uint16_t ccid_abort_value(uint8_t slot, uint8_t seq)
{
	return (uint16_t)(seq << 8 | slot);
}

static inline enum ccid_chain ccid_level_param(const struct ccid_msg *xfr)
{
	return (enum ccid_chain)(xfr->param[1] | xfr->param[2] << 8);
}

/* Protocol data of T=1 for SET_PARAMETERS and PARAMETERS, 6.1.7. */
enum { CCID_T1_PARAMS = 7 };

struct ccid_t1 {
	uint8_t fidi;
	bool crc;
	bool inverse;
	uint8_t guard, bwi_cwi, clock_stop, ifsc, nad;
};

void ccid_t1_put(struct wr *w, const struct ccid_t1 *t1);

/* HSM_E_BAD_LEN, HSM_E_BAD_DATA when TCCKS has bits it must not have. */
HSM_MUST hsm_rc ccid_t1_get(struct rd data, struct ccid_t1 *t1);

/* Interrupt messages, 6.3. */
struct ccid_notice {
	enum { CCID_SLOT_CHANGE = 0x50, CCID_HARDWARE_ERROR = 0x51 } type;
	struct rd slots;         /* slot change: two bits a slot */
	uint8_t slot, seq, code; /* hardware error */
};

/* HSM_E_BAD_LEN, HSM_E_UNSUPPORTED for other types. */
HSM_MUST hsm_rc ccid_notice_get(struct rd bytes, struct ccid_notice *n);

/* Slots that the notice does not name are absent and unchanged. */
bool ccid_notice_present(const struct ccid_notice *n, uint8_t slot);
bool ccid_notice_changed(const struct ccid_notice *n, uint8_t slot);

/* A slot change of a reader with one slot. */
void ccid_notice_put(struct wr *w, bool present, bool changed);

#endif
