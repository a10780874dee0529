#include "key/wrap.h"

#include "base/ossl.h"
#include "key/ec.h"
#include "key/kek.h"
#include "key/prepare.h"
#include "key/rsa.h"
#include "key/secret_key.h"
#include "key/template.h"

enum { ROOM = 2 * RSA_BYTES_MAX + 16 };

/* ---- out ---- */

static hsm_rc ec_parts(
        const struct curve *curve, EVP_PKEY *pkey, struct wr *room, struct keyblob *out)
{
	const size_t n = curve->width;
	uint8_t *scalar = wr_room(room, n);
	size_t from;

	if (scalar == NULL)
		return HSM_E_FAIL;
	TRY(ec_key_scalar(curve, pkey, scalar));
	from = room->n;
	TRY(ec_key_point(curve, pkey, room));
	out->type = KEYBLOB_EC;
	out->part[KB_EC_A] = curve->a;
	out->part[KB_EC_B] = curve->b;
	out->part[KB_EC_P] = curve->p;
	out->part[KB_EC_ORDER] = curve->order;
	out->part[KB_EC_G] = curve->g;
	out->part[KB_EC_D] = rd_of(scalar, n);
	out->part[KB_EC_Q] = rd_of(room->p + from, room->n - from);
	return HSM_OK;
}

static hsm_rc aes_part(EVP_PKEY *pkey, struct wr *room, struct keyblob *out)
{
	AUTO_SECRET bytes = { .n = 0 };

	TRY(secret_key_bytes(pkey, &bytes));
	wr_rd_put(room, secret_rd(&bytes));
	out->type = KEYBLOB_AES;
	out->part[KB_AES_KEY] = wr_rd(room);
	return wr_done(room);
}

static hsm_rc parts(
        const struct emu_key_meta *meta, EVP_PKEY *pkey, struct wr *room, struct keyblob *out)
{
	*out = (struct keyblob){ .bits = meta->bits, .algs = rd_of(meta->algs, meta->algs_n) };
	switch (meta->type) {
	case EMU_KEY_RSA:
		return rsa_key_parts(pkey, room, out);
	case EMU_KEY_EC:
		return ec_parts(meta->curve, pkey, room, out);
	case EMU_KEY_AES:
		return aes_part(pkey, room, out);
	}
	return HSM_E_FAIL;
}

hsm_rc key_wrap(struct emu_lane *lane, uint8_t kid, struct wr *out)
{
	struct emu_key *key = lane->image->keys[kid];
	uint8_t bytes[ROOM], random[KEYBLOB_RANDOM];
	struct wr room = WR_ARRAY(bytes);
	AUTO_DKEK dkek = { 0 };
	EVP_PKEY *pkey = NULL;
	struct keyblob blob;
	hsm_rc rc;

	if (key == NULL)
		return HSM_E_NO_REF;
	if (!key_allows(&key->meta, ALG_WRAP))
		return HSM_E_KEY_REFUSED;
	TRY(kek_open(lane, key->meta.domain, &dkek));
	TRY(keystore_open(lane, key, &pkey));
	TRY(uses_count(lane, key));
	TRY(ossl_random(random, sizeof(random)));
	rc = parts(&key->meta, pkey, &room, &blob);
	if (rc == HSM_OK)
		rc = keyblob_build(&dkek, &blob, random, out);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return rc;
}

/* ---- in ---- */

static hsm_rc rsa_open(const struct keyblob *blob, struct emu_key_meta *meta, EVP_PKEY **out)
{
	meta->type = EMU_KEY_RSA;
	meta->bits = blob->bits;
	return key_rsa_size(blob->bits) ? rsa_key_open(blob, out) : HSM_E_BAD_ALG;
}

static const struct curve *curve_by_p(struct rd p)
{
	const struct curve *curve;

	for (size_t i = 0; (curve = curve_at(i)) != NULL; i++) {
		if (rd_equal(curve->p, p))
			return curve;
	}
	return NULL;
}

/* Of some writers, curves lack the coefficient a. */
static bool same_curve(const struct curve *curve, const struct keyblob *blob)
{
	const struct rd a = blob->part[KB_EC_A];

	return (a.n == 0 || rd_equal(a, curve->a)) && rd_equal(blob->part[KB_EC_B], curve->b) &&
	       rd_equal(blob->part[KB_EC_ORDER], curve->order) &&
	       rd_equal(blob->part[KB_EC_G], curve->g) && blob->bits == curve->bits;
}

static hsm_rc is_public_half(const struct curve *curve, EVP_PKEY *pkey, struct rd point)
{
	uint8_t bytes[POINT_MAX];
	struct wr w = WR_ARRAY(bytes);

	TRY(ec_key_point(curve, pkey, &w));
	return rd_equal(wr_rd(&w), point) ? HSM_OK : HSM_E_BAD_DATA;
}

static hsm_rc ec_open(const struct keyblob *blob, struct emu_key_meta *meta, EVP_PKEY **out)
{
	const struct curve *curve = curve_by_p(blob->part[KB_EC_P]);
	uint8_t scalar[CURVE_WIDTH_MAX];
	struct wr w;
	hsm_rc rc;

	if (curve == NULL)
		return HSM_E_BAD_ALG;
	if (!same_curve(curve, blob) || blob->part[KB_EC_D].n > curve->width)
		return HSM_E_BAD_DATA;
	meta->type = EMU_KEY_EC;
	meta->curve = curve;
	meta->bits = curve->bits;
	w = wr_of(scalar, curve->width);
	wr_be_pad(&w, blob->part[KB_EC_D], curve->width);
	rc = ec_key_open(curve, wr_rd(&w), out);
	OPENSSL_cleanse(scalar, sizeof(scalar));
	if (rc == HSM_OK)
		rc = is_public_half(curve, *out, blob->part[KB_EC_Q]);
	return rc;
}

static hsm_rc open_any(const struct keyblob *blob, struct emu_key_meta *meta, EVP_PKEY **out)
{
	if (blob->algs.n != 0)
		memcpy(meta->algs, blob->algs.p, blob->algs.n);
	meta->algs_n = (uint8_t)blob->algs.n;
	switch (blob->type) {
	case KEYBLOB_RSA:
	case KEYBLOB_RSA_CRT:
		return rsa_open(blob, meta, out);
	case KEYBLOB_EC:
		return ec_open(blob, meta, out);
	case KEYBLOB_AES:
		meta->type = EMU_KEY_AES;
		meta->bits = blob->bits;
		return secret_key_open(blob->part[KB_AES_KEY], out);
	}
	return HSM_E_BAD_DATA;
}

hsm_rc key_unwrap(struct emu_lane *lane, struct rd blob, struct emu_key_meta *meta, EVP_PKEY **out)
{
	AUTO_DKEK dkek = { 0 };
	AUTO_BUF plain = { 0 };
	const struct rd kcv = rd_of(blob.p, blob.n < KCV_LEN ? blob.n : KCV_LEN);
	struct keyblob key;
	hsm_rc rc;

	*out = NULL;
	TRY(kek_find(lane->image, kcv, &meta->domain));
	TRY(kek_open(lane, meta->domain, &dkek));
	TRY(keyblob_open(&dkek, blob, &plain, &key));
	rc = open_any(&key, meta, out);
	if (rc != HSM_OK) {
		EVP_PKEY_free(*out);
		*out = NULL;
	}
	return rc;
}
