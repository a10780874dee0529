#include "base/ossl.h"
#include "base/tlv.h"
#include "token/description.h"
#include "token/listing.h"
#include "token/state.h"

enum { X509_TAG = 0x30 };

/* A certificate being written. */
struct cert_job {
	struct rd label, id;
	struct x509_fields x509;
	struct pubkey key; /* PUBKEY_NONE when of an unknown kind */
	uint8_t kid;       /* of the private key it belongs to, 0: none */
	uint8_t nn;        /* where it went */
	uint16_t fid;
};

/* Is this the certificate's private key? One whose public half is gone is judged by its size. */
static bool belongs(const struct cert_job *job, const struct object *o)
{
	const struct pubkey *a = &o->key, *b = &job->key;

	if (o->kind != OBJECT_PRIVATE_KEY || a->type != b->type || a->bits != b->bits)
		return false;
	if (job->label.n != 0 && !rd_equal(job->label, o->label))
		return false;
	if (a->type == PUBKEY_EC)
		return a->point.n == 0 || (a->curve == b->curve && rd_equal(a->point, b->point));
	return a->modulus.n == 0 ||
	       (rd_equal(a->modulus, b->modulus) && rd_equal(a->exponent, b->exponent));
}

static hsm_rc find_kid(struct token *t, struct cert_job *job)
{
	const struct wanted w = { 1U << OBJECT_PRIVATE_KEY, .id = job->id, .whole = true };
	const struct object *o;
	struct token_found found;
	size_t cursor = 0;

	TRY(token_search(t, &w, &found));
	while (job->kid == 0 && (o = objset_by_id(found.set, job->id, &cursor)) != NULL) {
		if (belongs(job, o))
			job->kid = o->nn;
	}
	objset_free(found.set);
	return HSM_OK;
}

/* The certificate takes the place of the key's request; its subject goes into the description.
 * HSM_E_EXISTS when there is another certificate in that place. */
static hsm_rc write_to_key(struct card_lane *lane, struct cert_job *job)
{
	struct rd der = job->x509.whole;
	AUTO_BUF record = { 0 };
	AUTO_BUF old = { 0 };
	struct p15_key d;
	hsm_rc rc;

	job->nn = job->kid;
	job->fid = FID(FID_CERT, job->kid);
	rc = card_read_file(lane, job->fid, &old);
	if (rc != HSM_OK && rc != HSM_E_NO_FILE)
		return rc;
	if (tlv_peek(buf_rd(&old), X509_TAG) && !rd_equal(buf_rd(&old), der))
		return HSM_E_EXISTS;
	TRY(description_read(lane, job->kid, &record, &d));
	TRY(card_write_file(lane, job->fid, der));
	d.subject = job->x509.subject;
	return description_write(lane, job->kid, &d);
}

static hsm_rc write_alone(struct card_lane *lane, struct cert_job *job)
{
	static const uint8_t types[] = { FID_CA_CERT, FID_CD };
	uint8_t record[P15_RECORD_MAX];
	struct wr w = WR_ARRAY(record);
	struct listing l;

	TRY(listing_read(lane, &l));
	TRY(listing_free(&l, types, sizeof(types), 0, &job->nn));
	job->fid = FID(FID_CA_CERT, job->nn);
	TRY(p15_cert_build(&(struct p15_cert){ job->label, job->id, job->fid }, &w));
	TRY(card_write_file(lane, job->fid, job->x509.whole));
	return card_write_file(lane, FID(FID_CD, job->nn), wr_rd(&w));
}

static hsm_rc write_cert(struct card_lane *lane, void *arg)
{
	struct cert_job *job = arg;
	hsm_rc rc = job->kid == 0 ? HSM_E_EXISTS : write_to_key(lane, job);

	return rc == HSM_E_EXISTS ? write_alone(lane, job) : rc;
}

/* The key's identifier; for a key of an unknown kind SHA-1 of all that is known of it. */
static hsm_rc cert_id(const struct cert_job *job, uint8_t out[KEY_ID_LEN])
{
	struct rd spki = job->x509.spki;

	if (job->key.type != PUBKEY_NONE)
		return key_id(&job->key, out);
	return EVP_Digest(spki.p, spki.n, out, NULL, ossl_md("SHA1"), NULL) == 1 ? HSM_OK
	                                                                         : HSM_E_FAIL;
}

hsm_rc token_add_certificate(
        struct token *t, struct rd label, struct rd id, struct rd der, struct object **out)
{
	struct cert_job job = { .label = label, .id = id };
	uint8_t made_id[KEY_ID_LEN];

	if (label.n > P15_LABEL_MAX || id.n > P15_ID_MAX || der.n > P15_FILE_MAX)
		return HSM_E_BAD_LEN;
	if (x509_parse(der, &job.x509) != HSM_OK)
		return HSM_E_BAD_DATA;
	if (pubkey_from_spki(job.x509.spki, &job.key) != HSM_OK)
		job.key = (struct pubkey){ 0 };
	if (id.n == 0) {
		TRY(cert_id(&job, made_id));
		job.id = rd_of(made_id, sizeof(made_id));
	}
	TRY(find_kid(t, &job));
	TRY(token_change(t, write_cert, &job, &job.nn));
	return token_find(t, OBJECT_CERTIFICATE, job.fid, out);
}
