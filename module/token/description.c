#include "token/description.h"

#include "base/ossl.h"

hsm_rc key_id(const struct pubkey *key, uint8_t out[KEY_ID_LEN])
{
	struct rd r = key->type == PUBKEY_RSA ? key->modulus : key->point;

	if (r.n == 0)
		return HSM_E_BAD_DATA;
	return EVP_Digest(r.p, r.n, out, NULL, ossl_md("SHA1"), NULL) == 1 ? HSM_OK : HSM_E_FAIL;
}

uint16_t usage_default(enum p15_key_type type)
{
	return type == P15_RSA ? P15_DECRYPT | P15_SIGN | P15_SIGN_RECOVER | P15_UNWRAP
	                       : P15_SIGN | P15_DERIVE;
}

void description_from_key(const struct pubkey *key, struct p15_key *out)
{
	out->type = key->type == PUBKEY_RSA ? P15_RSA : P15_EC;
	out->bits = key->bits;
	out->usage = usage_default(out->type);
}

bool description_lost(hsm_rc rc)
{
	static const hsm_rc of_the_file[] = {
		HSM_E_NO_FILE,
		HSM_E_CARD_DATA,
		HSM_E_CARD_SW,
		HSM_E_NOT_AUTH,
		HSM_E_NOT_ALLOWED,
	};

	for (size_t i = 0; i < sizeof(of_the_file) / sizeof(of_the_file[0]); i++) {
		if (of_the_file[i] == rc)
			return true;
	}
	return false;
}

static hsm_rc from_request(
        struct card_lane *lane, uint8_t kid, struct buf *bytes, struct p15_key *out)
{
	AUTO_BUF file = { 0 };
	struct pubkey key;

	TRY(card_read_file(lane, FID(FID_CERT, kid), &file));
	TRY(pubkey_from_cert_file(buf_rd(&file), &key));
	TRY(buf_set(bytes, rd_of(&kid, 1)));
	*out = (struct p15_key){ .id = buf_rd(bytes) };
	description_from_key(&key, out);
	return HSM_OK;
}

hsm_rc description_read(struct card_lane *lane, uint8_t kid, struct buf *bytes, struct p15_key *out)
{
	hsm_rc rc = card_read_file(lane, FID(FID_PRKD, kid), bytes);

	if (rc == HSM_OK)
		rc = p15_key_parse(buf_rd(bytes), out);
	if (!description_lost(rc))
		return rc;
	rc = from_request(lane, kid, bytes, out);
	return rc == HSM_E_NO_FILE ? HSM_E_CARD_DATA : rc;
}

hsm_rc description_build(const struct p15_key *key, struct wr *w)
{
	const struct wr from = *w;
	struct p15_key bare = *key;
	hsm_rc rc = p15_key_build(key, w);

	if (rc != HSM_E_SMALL)
		return rc;
	bare.subject = (struct rd){ 0 };
	*w = from;
	return p15_key_build(&bare, w);
}

hsm_rc description_write(struct card_lane *lane, uint8_t kid, const struct p15_key *key)
{
	uint8_t record[P15_RECORD_MAX];
	struct wr w = WR_ARRAY(record);

	TRY(description_build(key, &w));
	return card_write_file(lane, FID(FID_PRKD, kid), wr_rd(&w));
}
