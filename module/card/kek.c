#include "base/tlv.h"
#include "card/command.h"

enum {
	CLA_OWN = 0x80,
	P1_IMPORT = 0x00, /* without data: status */
	P1_CREATE = 0x01,
	P1_DELETE = 0x03,
	P1_FORGET = 0x04,
	STATUS_MAX = 256,
	/* A blob that not every reader and card takes in one command goes through EF 2F10. */
	BLOB_IN_COMMAND_MAX = 1000,
	BLOB_FRAME = 7 + 2,
};

/* ---- key domains ---- */

static hsm_rc domain_run(
        struct card_lane *lane, const struct capdu *c, uint16_t *sw, struct rd *data)
{
	struct rapdu answer;

	TRY(command_send(lane, c, &answer));
	*sw = answer.sw;
	*data = answer.data;
	return HSM_OK;
}

static hsm_rc domain_parse(struct rd r, struct card_domain *out)
{
	struct rd kcv, uid;

	*out = (struct card_domain){ 0 };
	if (!rd_u8(&r, &out->shares) || !rd_u8(&r, &out->missing) ||
	        !rd_take(&r, CARD_KCV_LEN, &kcv) || r.n > CARD_UID_MAX)
		return HSM_E_CARD_DATA;
	out->state = out->missing == 0 ? CARD_DOMAIN_COMPLETE : CARD_DOMAIN_PENDING;
	memcpy(out->kcv, kcv.p, kcv.n);
	out->uid_n = r.n;
	if (rd_take(&r, r.n, &uid) && uid.n != 0)
		memcpy(out->uid, uid.p, uid.n);
	return HSM_OK;
}

hsm_rc card_domain_status(struct card_lane *lane, uint8_t domain, struct card_domain *out)
{
	const struct capdu c = {
		.cla = CLA_OWN, .ins = INS_KEY_DOMAIN, .p2 = domain, .ne = STATUS_MAX
	};
	struct rd data;
	uint16_t sw;

	TRY(domain_run(lane, &c, &sw, &data));
	*out = (struct card_domain){ .state = CARD_DOMAIN_NONE };
	switch (sw) {
	case 0x6D00:
	case 0x6A86:
		return HSM_OK;
	case 0x6A88:
		out->state = CARD_DOMAIN_EMPTY;
		return HSM_OK;
	default:
		TRY(command_outcome(sw, NULL));
		return domain_parse(data, out);
	}
}

hsm_rc card_import_share(
        struct card_lane *lane, uint8_t domain, struct rd share, struct card_domain *out)
{
	static const struct sw_rule rules[] = { { 0x6A88, HSM_E_UNSUPPORTED }, { 0 } };
	const struct capdu c = {
		.cla = CLA_OWN,
		.ins = INS_KEY_DOMAIN,
		.p1 = P1_IMPORT,
		.p2 = domain,
		.data = share,
		.ne = STATUS_MAX,
	};
	struct rd data;
	hsm_rc rc = command_run(lane, &c, rules, &data);

	if (rc == HSM_OK)
		rc = domain_parse(data, out);
	command_wipe(lane);
	return rc;
}

hsm_rc card_domain_create(struct card_lane *lane, uint8_t domain, uint8_t shares)
{
	static const struct sw_rule rules[] = { { 0x6985, HSM_E_NOT_AUTH }, { 0 } };
	const struct capdu c = {
		.cla = CLA_OWN,
		.ins = INS_KEY_DOMAIN,
		.p1 = P1_CREATE,
		.p2 = domain,
		.data = rd_of(&shares, 1),
		.ne = STATUS_MAX,
	};

	return command_run(lane, &c, rules, NULL);
}

/* Both end with a domain that is empty, which is what the status word says then. */
static hsm_rc domain_empty(struct card_lane *lane, uint8_t p1, uint8_t domain)
{
	static const struct sw_rule rules[] = { { 0x6985, HSM_E_NOT_AUTH }, { 0x6A88, HSM_OK },
		{ 0 } };
	const struct capdu c = {
		.cla = CLA_OWN, .ins = INS_KEY_DOMAIN, .p1 = p1, .p2 = domain, .ne = STATUS_MAX
	};

	return command_run(lane, &c, rules, NULL);
}

hsm_rc card_domain_forget(struct card_lane *lane, uint8_t domain)
{
	return domain_empty(lane, P1_FORGET, domain);
}

hsm_rc card_domain_delete(struct card_lane *lane, uint8_t domain)
{
	return domain_empty(lane, P1_DELETE, domain);
}

/* ---- key blobs ---- */

hsm_rc card_wrap(struct card_lane *lane, uint8_t kid, struct buf *blob)
{
	const struct capdu c = {
		.cla = CLA_OWN, .ins = INS_WRAP, .p1 = kid, .p2 = ALG_WRAP, .ne = APDU_NE_MAX
	};
	struct rd data;

	TRY(command_run(lane, &c, NULL, &data));
	return buf_set(blob, data);
}

static hsm_rc unwrap(struct card_lane *lane, uint8_t kid, struct rd in_command)
{
	/* "incorrect parameters" of every kind: no key for this check value, or a wrong code */
	static const struct sw_rule rules[] = {
		{ 0x6700, HSM_E_BAD_DATA },
		{ 0x6A00, HSM_E_BAD_DATA },
		{ 0x6A81, HSM_E_BAD_ALG },
		{ 0x6A85, HSM_E_BAD_DATA },
		{ 0x6A87, HSM_E_BAD_DATA },
		{ 0x6B00, HSM_E_BAD_DATA },
		{ 0 },
	};
	const struct capdu c = {
		.cla = CLA_OWN, .ins = INS_UNWRAP, .p1 = kid, .p2 = ALG_UNWRAP, .data = in_command
	};

	return command_run(lane, &c, rules, NULL);
}

/* Where the card does not use the file up, nobody needs it any more either. */
static hsm_rc unwrap_file(struct card_lane *lane, uint8_t kid, struct rd blob)
{
	hsm_rc rc;

	TRY(card_write_file(lane, EF_UNWRAP_INPUT, blob));
	rc = unwrap(lane, kid, (struct rd){ 0 });
	(void)!card_delete_file(lane, EF_UNWRAP_INPUT);
	return rc;
}

hsm_rc card_unwrap(struct card_lane *lane, uint8_t kid, struct rd blob)
{
	const size_t room = command_room(lane->card) - BLOB_FRAME;

	if (blob.n == 0)
		return HSM_E_BAD_DATA;
	return blob.n <= BLOB_IN_COMMAND_MAX && blob.n <= room ? unwrap(lane, kid, blob)
	                                                       : unwrap_file(lane, kid, blob);
}

/* ---- what a key may be used for ---- */

/* The value of the first element with this tag; false when there is none. */
static bool find(struct rd r, uint16_t tag, struct rd *value)
{
	uint16_t found;

	while (tlv_next(&r, &found, value, NULL)) {
		if (found == tag)
			return true;
	}
	return false;
}

static hsm_rc info_parse(struct rd r, struct card_key_info *out)
{
	struct rd fci, info, uses, algs, domain;

	*out = (struct card_key_info){ 0 };
	if (!find(r, 0x6F, &fci) && !find(r, 0x62, &fci))
		return HSM_E_CARD_DATA;
	if (!find(fci, 0xA5, &info))
		return HSM_OK;
	out->has_uses = find(info, 0x90, &uses);
	out->has_domain = find(info, 0x92, &domain);
	if ((out->has_uses && !rd_u32(&uses, &out->uses)) ||
	        (out->has_domain && !rd_u8(&domain, &out->domain)))
		return HSM_E_CARD_DATA;
	if (!find(info, 0x91, &algs) || algs.n == 0)
		return HSM_OK;
	if (algs.n > sizeof(out->algs))
		return HSM_E_CARD_DATA;
	memcpy(out->algs, algs.p, algs.n);
	out->algs_n = algs.n;
	return HSM_OK;
}

hsm_rc card_key_info(struct card_lane *lane, uint8_t kid, struct card_key_info *out)
{
	const uint8_t fid[] = { FID_KEY, kid };
	const struct capdu c = { .ins = INS_SELECT, .data = rd_of(fid, sizeof(fid)), .ne = 256 };
	struct rd data;

	TRY(command_run(lane, &c, NULL, &data));
	return info_parse(data, out);
}
