#include "import_chain.h"

#include "foreign.h"

enum { NUMBERS = 256 };

/* Which numbers of certificates are taken, and by what. */
struct taken {
	bool at[NUMBERS];
	bool is_there; /* the certificate that was looked for */
};

static hsm_rc look(struct card_lane *lane, struct rd der, struct taken *out)
{
	AUTO_BUF list = { 0 };
	AUTO_BUF file = { 0 };

	*out = (struct taken){ .is_there = false };
	TRY(card_enumerate(lane, &list));
	for (size_t i = 0; i + 1 < list.n; i += 2) {
		const uint8_t type = list.p[i], nn = list.p[i + 1];

		if (type == FID_CA_CERT || type == FID_CD)
			out->at[nn] = true;
		if (type != FID_CA_CERT)
			continue;
		TRY(card_read_file(lane, FID(type, nn), &file));
		out->is_there = out->is_there || rd_equal(buf_rd(&file), der);
	}
	return HSM_OK;
}

/* SHA-1 of the key as for other objects; of all of it where the card has no such keys. */
static hsm_rc cert_id(X509 *cert, uint8_t id[FOREIGN_ID_LEN])
{
	AUTO_FOREIGN k = { 0 };
	EVP_PKEY *pkey = X509_get0_pubkey(cert);

	if (pkey != NULL && EVP_PKEY_up_ref(pkey) == 1 && foreign_take(pkey, &k) == HSM_OK)
		return foreign_id(&k, id);
	return X509_pubkey_digest(cert, EVP_sha1(), id, NULL) == 1 ? HSM_OK : HSM_E_FAIL;
}

static hsm_rc write_one(struct card_lane *lane, X509 *cert, struct rd der, uint8_t nn)
{
	uint8_t record[P15_RECORD_MAX], id[FOREIGN_ID_LEN];
	char name[64] = "";
	struct p15_cert d = { .fid = FID(FID_CA_CERT, nn) };
	struct wr w = WR_ARRAY(record);

	TRY(cert_id(cert, id));
	(void)X509_NAME_get_text_by_NID(
	        X509_get_subject_name(cert), NID_commonName, name, sizeof(name));
	d.label = rd_str(name);
	d.id = rd_of(id, sizeof(id));
	TRY(p15_cert_build(&d, &w));
	TRY(card_write_file(lane, d.fid, der));
	return card_write_file(lane, FID(FID_CD, nn), wr_rd(&w));
}

/* Both files or none. */
static hsm_rc write_held(struct card_lane *lane, X509 *cert, struct rd der, uint8_t nn)
{
	hsm_rc rc, ended;

	TRY(card_hold(lane, true));
	rc = write_one(lane, cert, der, nn);
	if (rc != HSM_OK)
		(void)!card_delete_file(lane, FID(FID_CA_CERT, nn));
	ended = card_hold(lane, false);
	return rc != HSM_OK ? rc : ended;
}

static hsm_rc bring(struct card_lane *lane, X509 *cert, struct rd der, int *written)
{
	struct taken taken;
	unsigned nn = 0;

	TRY(look(lane, der, &taken));
	if (taken.is_there)
		return HSM_OK;
	while (nn < NUMBERS && taken.at[nn])
		nn++;
	if (nn == NUMBERS)
		return HSM_E_FULL;
	TRY(write_held(lane, cert, der, (uint8_t)nn));
	++*written;
	return HSM_OK;
}

int import_chain(struct session *s, const STACK_OF(X509) * chain, int *written)
{
	*written = 0;
	for (int i = 0; i < sk_X509_num(chain); i++) {
		X509 *cert = sk_X509_value(chain, i);
		unsigned char *der = NULL;
		const int n = i2d_X509(cert, &der);
		const hsm_rc rc =
		        n > 0 ? bring(s->lane, cert, rd_of(der, (size_t)n), written) : HSM_E_MEMORY;

		OPENSSL_free(der);
		if (rc != HSM_OK)
			return session_fail(
			        s, "the key is there, but not all certificates of its issuers", rc);
	}
	return 0;
}
