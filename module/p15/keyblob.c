#include "p15/keyblob.h"

#include <openssl/crypto.h>

#include "base/aes.h"

enum { PAD = 0x80, LIST_MAX = 16 };

/* What a type consists of. AES keys have no lengths before their parts: the size field, which for
 * them is in bytes, is the length. */
struct form {
	enum keyblob_type type;
	uint8_t parts;
	struct rd oid; /* of the default algorithm */
};

#define OID_RSA "\x04\x00\x7F\x00\x07\x02\x02\x02\x01\x02"
#define OID_EC  "\x04\x00\x7F\x00\x07\x02\x02\x02\x02\x03"
#define OID_AES "\x60\x86\x48\x01\x65\x03\x04\x01"

static const struct form forms[] = {
	{ KEYBLOB_RSA, 3, RD_LIT(OID_RSA) },
	{ KEYBLOB_RSA_CRT, 7, RD_LIT(OID_RSA) },
	{ KEYBLOB_EC, 7, RD_LIT(OID_EC) },
	{ KEYBLOB_AES, 1, RD_LIT(OID_AES) },
};

static const struct form *form_find(unsigned type)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (forms[i].type == type)
			return &forms[i];
	}
	return NULL;
}

/* ---- reading ---- */

/* A field after its length of two bytes. */
static bool get_field(struct rd *r, struct rd *out)
{
	uint16_t n;

	return rd_u16(r, &n) && rd_take(r, n, out);
}

hsm_rc keyblob_split(struct rd blob, struct keyblob_frame *out)
{
	struct rd r = blob, whole = blob, skip;

	if (blob.n > KEYBLOB_MAX || !rd_take(&r, KCV_LEN, &out->kcv) || !rd_u8(&r, &out->type) ||
	        !get_field(&r, &skip) || !get_field(&r, &out->algs) || !get_field(&r, &skip) ||
	        !get_field(&r, &skip))
		return HSM_E_BAD_DATA;
	if (out->algs.n > LIST_MAX || r.n < 2 * AES_BLOCK || r.n % AES_BLOCK != 0 ||
	        !rd_take(&r, r.n - AES_BLOCK, &out->encrypted) ||
	        !rd_take(&whole, blob.n - AES_BLOCK, &out->covered))
		return HSM_E_BAD_DATA;
	out->mac = whole;
	return HSM_OK;
}

static bool get_aes(struct rd r, uint16_t size, struct keyblob *out)
{
	if ((size != 16 && size != 24 && size != 32) || !rd_take(&r, size, &out->part[KB_AES_KEY]))
		return false;
	out->bits = (uint16_t)(size * 8);
	return true;
}

hsm_rc keyblob_plain_parse(uint8_t type, struct rd plain, struct keyblob *out)
{
	const struct form *form = form_find(type);
	struct rd random;
	uint16_t size;

	if (form == NULL || !rd_take(&plain, KEYBLOB_RANDOM, &random) || !rd_u16(&plain, &size))
		return HSM_E_BAD_DATA;
	*out = (struct keyblob){ .type = form->type, .bits = size };
	if (form->type == KEYBLOB_AES)
		return get_aes(plain, size, out) ? HSM_OK : HSM_E_BAD_DATA;
	for (size_t i = 0; i < form->parts; i++) {
		if (!get_field(&plain, &out->part[i]))
			return HSM_E_BAD_DATA;
	}
	return HSM_OK; /* whatever follows is padding */
}

static hsm_rc check_mac(const struct dkek *dkek, const struct keyblob_frame *f)
{
	uint8_t mac[AES_BLOCK];

	if (!rd_equal(f->kcv, rd_of(dkek->kcv, KCV_LEN)))
		return HSM_E_BAD_DATA;
	TRY(aes_cmac(secret_rd(&dkek->mac), f->covered, mac));
	return secret_equal(f->mac, rd_of(mac, sizeof(mac))) ? HSM_OK : HSM_E_BAD_DATA;
}

hsm_rc keyblob_open(const struct dkek *dkek, struct rd blob, struct buf *plain, struct keyblob *out)
{
	struct keyblob_frame f;
	struct wr w;

	TRY(keyblob_split(blob, &f));
	TRY(check_mac(dkek, &f));
	plain->n = 0;
	TRY(buf_reserve(plain, f.encrypted.n));
	w = wr_of(plain->p, f.encrypted.n);
	TRY(aes_cbc_decrypt(secret_rd(&dkek->enc), f.encrypted, &w));
	plain->n = w.n;
	TRY(keyblob_plain_parse(f.type, buf_rd(plain), out));
	out->algs = f.algs;
	return HSM_OK;
}

/* ---- writing ---- */

static void put_field(struct wr *w, struct rd v)
{
	wr_u16(w, (uint16_t)v.n);
	wr_rd_put(w, v);
}

static hsm_rc put_plain(
        const struct form *form, const struct keyblob *key, const uint8_t *random, struct wr *w)
{
	wr_put(w, random, KEYBLOB_RANDOM);
	wr_u16(w, form->type == KEYBLOB_AES ? key->bits / 8 : key->bits);
	for (size_t i = 0; i < form->parts; i++) {
		if (form->type == KEYBLOB_AES)
			wr_rd_put(w, key->part[i]);
		else
			put_field(w, key->part[i]);
	}
	wr_u8(w, PAD);
	while (w->n % AES_BLOCK != 0 && !w->bad)
		wr_u8(w, 0);
	return wr_done(w);
}

static hsm_rc put_all(const struct dkek *dkek, const struct form *form, const struct keyblob *key,
        struct rd plain, struct wr *w)
{
	const size_t from = w->n;
	uint8_t mac[AES_BLOCK];

	wr_put(w, dkek->kcv, KCV_LEN);
	wr_u8(w, (uint8_t)form->type);
	put_field(w, form->oid);
	put_field(w, key->algs);
	put_field(w, rd_of(NULL, 0)); /* access conditions */
	put_field(w, rd_of(NULL, 0)); /* key OID */
	TRY(aes_cbc_encrypt(secret_rd(&dkek->enc), plain, w));
	TRY(wr_done(w));
	TRY(aes_cmac(secret_rd(&dkek->mac), rd_of(w->p + from, w->n - from), mac));
	wr_put(w, mac, sizeof(mac));
	return wr_done(w);
}

hsm_rc keyblob_build(
        const struct dkek *dkek, const struct keyblob *key, const uint8_t *random, struct wr *out)
{
	const struct form *form = form_find(key->type);
	uint8_t bytes[KEYBLOB_MAX];
	struct wr plain = WR_ARRAY(bytes);
	hsm_rc rc;

	if (form == NULL)
		return HSM_E_BAD_PARAM;
	rc = put_plain(form, key, random, &plain);
	if (rc == HSM_OK)
		rc = put_all(dkek, form, key, wr_rd(&plain), out);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return rc;
}
