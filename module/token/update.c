#include "token/description.h"
#include "token/state.h"

/* A change of an object that is there. */
struct update_job {
	const struct object *o;
	struct rd label, id; /* p == NULL: as it is */
	struct rd value;
};

static struct rd either(struct rd wanted, struct rd now)
{
	return wanted.p != NULL ? wanted : now;
}

static hsm_rc rename_key(struct card_lane *lane, const struct update_job *job)
{
	AUTO_BUF record = { 0 };
	struct p15_key d;

	TRY(description_read(lane, job->o->nn, &record, &d));
	d.label = either(job->label, d.label);
	d.id = either(job->id, d.id);
	return description_write(lane, job->o->nn, &d);
}

static hsm_rc rename_cert(struct card_lane *lane, const struct update_job *job)
{
	uint16_t fid = FID(FID_CD, job->o->nn);
	uint8_t record[P15_RECORD_MAX];
	struct wr w = WR_ARRAY(record);
	AUTO_BUF old = { 0 };
	struct p15_cert cd;

	TRY(card_read_file(lane, fid, &old));
	TRY(p15_cert_parse(buf_rd(&old), &cd));
	cd.label = either(job->label, cd.label);
	cd.id = either(job->id, cd.id);
	TRY(p15_cert_build(&cd, &w));
	return card_write_file(lane, fid, wr_rd(&w));
}

static hsm_rc rename_data(struct card_lane *lane, const struct update_job *job)
{
	uint16_t fid = FID(FID_DCOD, job->o->nn);
	uint8_t record[P15_RECORD_MAX];
	struct wr w = WR_ARRAY(record);
	AUTO_BUF old = { 0 };
	struct p15_data dcod;

	if (job->id.p != NULL) /* data objects have none */
		return HSM_E_NOT_ALLOWED;
	TRY(card_read_file(lane, fid, &old));
	TRY(p15_data_parse(buf_rd(&old), &dcod));
	dcod.label = either(job->label, dcod.label);
	TRY(p15_data_build(&dcod, &w));
	return card_write_file(lane, fid, wr_rd(&w));
}

static hsm_rc rename_object(struct card_lane *lane, void *arg)
{
	const struct update_job *job = arg;

	switch (job->o->fid >> 8) {
	case FID_CERT:
		return rename_key(lane, job);
	case FID_CA_CERT:
		return rename_cert(lane, job);
	default:
		return rename_data(lane, job);
	}
}

hsm_rc token_rename(struct token *t, const struct object *o, struct rd label, struct rd id)
{
	struct update_job job = { .o = o, .label = label, .id = id };
	struct object *whole;

	if (label.n > P15_LABEL_MAX || id.n > P15_ID_MAX)
		return HSM_E_BAD_LEN;
	if (o->partial) { /* known as the same key afterwards, whatever its name */
		TRY(token_whole(t, o, &whole));
		object_free(whole);
	}
	return token_change(t, rename_object, &job, &o->nn);
}

static hsm_rc write_value(struct card_lane *lane, void *arg)
{
	const struct update_job *job = arg;

	return card_write_file(lane, job->o->fid, job->value);
}

hsm_rc token_set_value(struct token *t, const struct object *o, struct rd value)
{
	struct update_job job = { .o = o, .value = value };

	if (o->kind != OBJECT_DATA)
		return HSM_E_NOT_ALLOWED;
	return token_change(t, write_value, &job, &o->nn);
}
