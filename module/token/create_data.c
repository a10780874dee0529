#include "token/listing.h"
#include "token/state.h"

/* A data object being written. */
struct data_job {
	const struct new_data *d;
	uint8_t nn; /* where it went */
	uint16_t fid;
};

static hsm_rc write_data(struct card_lane *lane, void *arg)
{
	static const uint8_t types[] = { FID_DCOD, FID_DATA, FID_PRIVATE_DATA };
	struct data_job *job = arg;
	const struct new_data *d = job->d;
	struct p15_data dcod = {
		.label = d->label,
		.application = d->application,
		.oid = d->oid,
		.is_private = d->is_private,
	};
	uint8_t record[P15_RECORD_MAX];
	struct wr w = WR_ARRAY(record);
	struct listing l;

	TRY(listing_read(lane, &l));
	TRY(listing_free(&l, types, sizeof(types), 0, &job->nn));
	job->fid = FID(d->is_private ? FID_PRIVATE_DATA : FID_DATA, job->nn);
	dcod.fid = job->fid;
	TRY(p15_data_build(&dcod, &w));
	TRY(card_write_file(lane, job->fid, d->value));
	return card_write_file(lane, FID(FID_DCOD, job->nn), wr_rd(&w));
}

hsm_rc token_add_data(struct token *t, const struct new_data *d, struct object **out)
{
	struct data_job job = { .d = d };
	hsm_rc rc;

	if (d->label.n > P15_LABEL_MAX || d->value.n > P15_FILE_MAX)
		return HSM_E_BAD_LEN;
	rc = token_change(t, write_data, &job, &job.nn);
	if (rc != HSM_OK)
		return rc == HSM_E_SMALL ? HSM_E_BAD_LEN : rc; /* description too long */
	return token_find(t, OBJECT_DATA, job.fid, out);
}
