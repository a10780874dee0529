#include "token/description.h"
#include "token/listing.h"
#include "token/state.h"

enum { KID_FIRST = 1 }; /* 0 is the device key */

/* A key pair being made. */
struct key_job {
	const struct new_key *k;
	uint8_t kid;
};

/* The list was read before the key was made, and that took its time: HSM_E_EXISTS, without the new
 * key, when the remains of another one lie under its number by now. */
static hsm_rc check_still_free(struct card_lane *lane, uint8_t kid)
{
	struct listing l;

	TRY(listing_read(lane, &l));
	if (!listing_has(&l, FID(FID_PRKD, kid)) && !listing_has(&l, FID(FID_CERT, kid)))
		return HSM_OK;
	TRY(card_delete_file(lane, FID(FID_KEY, kid)));
	return HSM_E_EXISTS;
}

/* Generates under the smallest number that neither a key nor the remains of one have. */
static hsm_rc generate(struct card_lane *lane, struct key_job *job, struct buf *request)
{
	static const uint8_t types[] = { FID_KEY, FID_PRKD, FID_CERT };
	struct listing l;
	hsm_rc rc;

	TRY(listing_read(lane, &l));
	for (;;) {
		TRY(listing_free(&l, types, sizeof(types), KID_FIRST, &job->kid));
		if (job->k->curve != NULL)
			rc = card_generate_ec(lane, job->kid, job->k->curve, request);
		else
			rc = card_generate_rsa(lane, job->kid, job->k->rsa_bits, request);
		if (rc == HSM_OK)
			rc = check_still_free(lane, job->kid);
		if (rc != HSM_E_EXISTS)
			return rc;
		if (!listing_add(&l, FID(FID_KEY, job->kid))) /* another program was faster */
			return HSM_E_FULL;
	}
}

/* Did the card make what it was asked for? */
static bool as_asked(const struct pubkey *key, const struct new_key *k)
{
	if (k->curve != NULL)
		return key->type == PUBKEY_EC && key->curve == k->curve;
	return key->type == PUBKEY_RSA && key->bits == k->rsa_bits;
}

static hsm_rc describe(struct card_lane *lane, const struct key_job *job, const struct pubkey *key)
{
	uint8_t id[KEY_ID_LEN];
	struct p15_key d = { 0 };

	description_from_key(key, &d);
	d.label = job->k->label;
	d.id = job->k->id;
	d.usage = job->k->usage;
	d.access = P15_CARD_KEY;
	d.reference = job->kid;
	if (d.id.n == 0) {
		TRY(key_id(key, id));
		d.id = rd_of(id, sizeof(id));
	}
	return description_write(lane, job->kid, &d);
}

/* The request goes first: without it the public key would be lost. */
static hsm_rc store(struct card_lane *lane, const struct key_job *job, struct rd request)
{
	struct pubkey key;

	TRY(pubkey_from_cert_file(request, &key));
	if (!as_asked(&key, job->k))
		return HSM_E_CARD_DATA;
	TRY(card_write_file(lane, FID(FID_CERT, job->kid), request));
	return describe(lane, job, &key);
}

/* What is not there need not go, and a failure here changes nothing about the outcome. */
static void undo(struct card_lane *lane, uint8_t kid)
{
	(void)!card_delete_file(lane, FID(FID_PRKD, kid));
	(void)!card_delete_file(lane, FID(FID_CERT, kid));
	(void)!card_delete_file(lane, FID(FID_KEY, kid));
}

static hsm_rc make_key(struct card_lane *lane, void *arg)
{
	struct key_job *job = arg;
	AUTO_BUF request = { 0 };
	hsm_rc rc;

	TRY(generate(lane, job, &request));
	rc = store(lane, job, buf_rd(&request));
	if (rc != HSM_OK)
		undo(lane, job->kid);
	return rc;
}

hsm_rc token_generate(
        struct token *t, const struct new_key *k, struct object **priv, struct object **pub)
{
	struct key_job job = { .k = k };
	hsm_rc rc;

	if (k->label.n > P15_LABEL_MAX || k->id.n > P15_ID_MAX)
		return HSM_E_BAD_LEN;
	TRY(token_change(t, make_key, &job, &job.kid));
	TRY(token_find(t, OBJECT_PUBLIC_KEY, FID(FID_CERT, job.kid), pub));
	rc = token_find(t, OBJECT_PRIVATE_KEY, FID(FID_CERT, job.kid), priv);
	if (rc != HSM_OK)
		object_free(*pub);
	return rc;
}
