#include "base/tlv.h"
#include "card/command.h"

enum {
	CLA_OWN = 0x80,
	OFFSET_TAG = 0x54,
	DATA_TAG = 0x53,
	UPDATE_FRAME = 4 + 3 + 4 + 4, /* header and Lc, offset object, header of the data object */
	SW_LEN = 2,
};

static uint8_t high(uint16_t v)
{
	return (uint8_t)(v >> 8);
}

static uint8_t low(uint16_t v)
{
	return (uint8_t)v;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

hsm_rc card_enumerate(struct card_lane *lane, struct buf *out)
{
	struct capdu c = { .cla = CLA_OWN, .ins = INS_ENUMERATE, .ne = APDU_NE_MAX };
	struct rd list;

	TRY(command_run(lane, &c, NULL, &list));
	if (list.n % 2 != 0 || list.n / 2 > P15_FILES_MAX)
		return HSM_E_CARD_DATA;
	return buf_append(out, list);
}

/* Reads up to `ne` bytes; HSM_E_END_OF_FILE with those there were when the file ended. */
static hsm_rc read_part(
        struct card_lane *lane, uint16_t fid, size_t offset, size_t ne, struct rd *part)
{
	const uint8_t where[] = { OFFSET_TAG, 2, (uint8_t)(offset >> 8), (uint8_t)offset };
	struct capdu c = {
		.ins = INS_READ_BINARY,
		.p1 = high(fid),
		.p2 = low(fid),
		.data = rd_of(where, sizeof(where)),
		.ne = ne,
	};
	struct rapdu answer;

	*part = (struct rd){ 0 };
	TRY(command_send(lane, &c, &answer));
	*part = answer.data;
	return sw_to_rc(answer.sw, NULL);
}

/* Reads to the end of the file, which 6282, 6B00 after the first part, or a short part tells. */
static hsm_rc read_all(struct card_lane *lane, uint16_t fid, struct buf *out)
{
	const size_t ne = command_room(lane->card) - SW_LEN;
	struct rd part;
	hsm_rc rc;

	do {
		rc = read_part(lane, fid, out->n, ne, &part);
		if (rc == HSM_E_BAD_OFFSET && out->n != 0)
			return HSM_OK;
		if (rc != HSM_OK && rc != HSM_E_END_OF_FILE)
			return rc;
		if (part.n > P15_FILE_MAX - out->n)
			return HSM_E_CARD_DATA;
		TRY(buf_append(out, part));
	} while (rc == HSM_OK && part.n == ne && out->n < P15_FILE_MAX);
	return HSM_OK;
}

hsm_rc card_read_file(struct card_lane *lane, uint16_t fid, struct buf *out)
{
	hsm_rc rc;

	out->n = 0;
	rc = read_all(lane, fid, out);
	if (high(fid) == FID_PRIVATE_DATA)
		command_wipe(lane);
	return rc;
}

/* A write never shortens a file on every card, so one that is longer goes first. */
static hsm_rc drop_longer(struct card_lane *lane, uint16_t fid, size_t n)
{
	struct rd rest = { 0 };
	hsm_rc rc;

	if (n == P15_FILE_MAX)
		return HSM_OK;
	rc = read_part(lane, fid, n, 1, &rest);
	if (rc == HSM_E_NO_FILE || rc == HSM_E_BAD_OFFSET)
		return HSM_OK;
	if (rc != HSM_OK && rc != HSM_E_END_OF_FILE)
		return rc;
	return rest.n == 0 ? HSM_OK : card_delete_file(lane, fid);
}

static hsm_rc write_part(struct card_lane *lane, uint16_t fid, size_t offset, struct rd part)
{
	const uint8_t where[] = { (uint8_t)(offset >> 8), (uint8_t)offset };
	AUTO_BUF data = { 0 };
	struct wr w;

	TRY(buf_reserve(&data, part.n + UPDATE_FRAME));
	w = wr_of(data.p, data.cap);
	tlv_put(&w, OFFSET_TAG, rd_of(where, sizeof(where)));
	tlv_put(&w, DATA_TAG, part);
	TRY(wr_done(&w));
	return command_run(lane,
	        &(struct capdu){ .ins = INS_UPDATE_BINARY,
	                .p1 = high(fid),
	                .p2 = low(fid),
	                .data = wr_rd(&w) },
	        NULL, NULL);
}

hsm_rc card_write_file(struct card_lane *lane, uint16_t fid, struct rd content)
{
	const size_t chunk = command_room(lane->card) - UPDATE_FRAME;
	size_t offset = 0;
	struct rd part;
	hsm_rc rc = HSM_OK;

	if (content.n > P15_FILE_MAX)
		return HSM_E_BAD_LEN;
	TRY(drop_longer(lane, fid, content.n));
	do { /* once at least: an empty write makes an empty file */
		if (!rd_take(&content, least(chunk, content.n), &part))
			return HSM_E_FAIL;
		rc = write_part(lane, fid, offset, part);
		offset += part.n;
	} while (rc == HSM_OK && content.n != 0);
	if (high(fid) == FID_PRIVATE_DATA)
		command_wipe(lane);
	return rc;
}

hsm_rc card_delete_file(struct card_lane *lane, uint16_t fid)
{
	const uint8_t name[] = { high(fid), low(fid) };
	struct capdu c = {
		.ins = INS_DELETE_FILE,
		.p1 = 0x02,
		.data = rd_of(name, sizeof(name)),
	};

	return command_run(lane, &c, NULL, NULL);
}
