#include "card/transfer.h"
#include "p15/keyblob.h"
#include "token/description.h"
#include "token/listing.h"
#include "token/state.h"

enum { KID_FIRST = 1 }; /* 0 is the device key */

/* ---- out ---- */

hsm_rc token_wrap(struct token *t, const struct object *o, struct buf *file)
{
	struct card_key_info info;
	AUTO_LANE *lane = NULL;
	hsm_rc rc;

	TRY(card_take(t->card, &lane));
	rc = card_export_key(lane, o->nn, file);
	/* Either its domain has no key, or another program deleted this one. */
	if (rc == HSM_E_NO_REF && card_key_info(lane, o->nn, &info) == HSM_E_NO_FILE)
		return HSM_E_NO_FILE;
	return rc;
}

/* ---- in ---- */

static bool type_fits(uint8_t blob, enum p15_key_type type)
{
	switch (blob) {
	case KEYBLOB_RSA:
	case KEYBLOB_RSA_CRT:
		return type == P15_RSA;
	case KEYBLOB_EC:
		return type == P15_EC;
	default:
		return false;
	}
}

/* From the description of the file, else from the public key in its certificate or request. */
static hsm_rc read_description(struct wrapped_key *key)
{
	struct pubkey pub;

	if (p15_key_parse(key->file.prkd, &key->description) == HSM_OK)
		return HSM_OK;
	if (pubkey_from_cert_file(key->file.cert, &pub) != HSM_OK)
		return HSM_E_BAD_DATA;
	key->description = (struct p15_key){ 0 };
	description_from_key(&pub, &key->description);
	return HSM_OK;
}

hsm_rc token_wrapped_read(struct rd file, struct wrapped_key *out)
{
	struct keyblob_frame frame;

	TRY(wrapfile_parse(file, &out->file));
	TRY(keyblob_split(out->file.blob, &frame));
	if (frame.type == KEYBLOB_AES)
		return HSM_E_BAD_ALG;
	TRY(read_description(out));
	out->kcv = frame.kcv;
	return type_fits(frame.type, out->description.type) ? HSM_OK : HSM_E_BAD_DATA;
}

/* A key on its way in. */
struct in_job {
	struct wrapped_key key;
	uint8_t id[KEY_ID_LEN];
	uint8_t kid;
};

/* A description that gives no identifier gets that of a new key. */
static hsm_rc name(struct in_job *job)
{
	struct pubkey pub;

	if (job->key.description.id.n != 0)
		return HSM_OK;
	if (pubkey_from_cert_file(job->key.file.cert, &pub) != HSM_OK)
		return HSM_E_BAD_DATA;
	TRY(key_id(&pub, job->id));
	job->key.description.id = rd_of(job->id, sizeof(job->id));
	return HSM_OK;
}

static hsm_rc place(struct card_lane *lane, struct in_job *job)
{
	uint8_t record[P15_RECORD_MAX];
	struct wrapfile file = job->key.file;
	struct wr w = WR_ARRAY(record);

	job->key.description.reference = job->kid;
	TRY(description_build(&job->key.description, &w));
	file.prkd = wr_rd(&w);
	return card_import_key(lane, job->kid, &file, false);
}

/* Under the smallest number that neither a key nor the remains of one have. */
static hsm_rc import(struct card_lane *lane, void *arg)
{
	static const uint8_t types[] = { FID_KEY, FID_PRKD, FID_CERT };
	struct in_job *job = arg;
	struct listing l;
	hsm_rc rc = card_find_kek(lane, job->key.kcv);

	TRY(rc == HSM_E_NO_REF ? HSM_E_BAD_DATA : rc);
	TRY(listing_read(lane, &l));
	do {
		TRY(listing_free(&l, types, sizeof(types), KID_FIRST, &job->kid));
		rc = place(lane, job);
	} while (rc == HSM_E_EXISTS && listing_add(&l, FID(FID_KEY, job->kid)));
	return rc;
}

hsm_rc token_unwrap(struct token *t, const struct wrapped_key *key, struct object **priv)
{
	struct in_job job = { .key = *key };

	if (key->description.label.n > P15_LABEL_MAX || key->description.id.n > P15_ID_MAX)
		return HSM_E_BAD_LEN;
	TRY(name(&job));
	TRY(token_change(t, import, &job, &job.kid));
	return token_find(t, OBJECT_PRIVATE_KEY, FID(FID_CERT, job.kid), priv);
}
