#include "base/ossl.h"
#include "base/tlv.h"
#include "key/key.h"
#include "key/prepare.h"
#include "store/seal.h"

enum { AAD_MAX = 128 };

/* Everything that decides about a key, and the card it belongs to: a sealed key works nowhere
 * else and under no other rules. */
static hsm_rc aad_put(const struct emu_image *image, const struct emu_key_meta *meta, struct wr *w)
{
	wr_rd_put(w, RD_LIT("twinhsm key 1"));
	wr_u8(w, meta->kid);
	wr_u8(w, (uint8_t)meta->type);
	wr_u16(w, meta->bits);
	tlv_put(w, 0x06, meta->type == EMU_KEY_EC ? meta->curve->oid : rd_of(NULL, 0));
	tlv_put(w, 0x91, rd_of(meta->algs, meta->algs_n));
	wr_u8(w, meta->domain);
	wr_u32(w, meta->uses);
	tlv_put(w, 0x5F20, rd_str(image->chr));
	return wr_done(w);
}

hsm_rc keystore_seal(
        struct emu_lane *lane, const struct emu_key_meta *meta, EVP_PKEY *pkey, struct buf *sealed)
{
	AUTO_SECRET token_key = { .n = 0 };
	AUTO_BUF plain = { 0 };
	uint8_t aad[AAD_MAX];
	struct wr w = WR_ARRAY(aad);

	TRY(card_token_key(lane->card, &token_key));
	TRY(aad_put(lane->image, meta, &w));
	TRY(key_export(meta, pkey, &plain));
	return seal(secret_rd(&token_key), wr_rd(&w), buf_rd(&plain), sealed);
}

static hsm_rc open_sealed(struct emu_lane *lane, struct emu_key *key, EVP_PKEY **out)
{
	AUTO_SECRET token_key = { .n = 0 };
	AUTO_BUF plain = { 0 };
	uint8_t aad[AAD_MAX];
	struct wr w = WR_ARRAY(aad);

	TRY(card_token_key(lane->card, &token_key));
	TRY(aad_put(lane->image, &key->meta, &w));
	TRY(unseal(secret_rd(&token_key), wr_rd(&w), buf_rd(&key->sealed), &plain));
	return key_import(&key->meta, buf_rd(&plain), out);
}

hsm_rc keystore_open(struct emu_lane *lane, struct emu_key *key, EVP_PKEY **out)
{
	hsm_rc rc = HSM_OK;

	*out = atomic_load(&key->pkey);
	if (*out != NULL)
		return HSM_OK;
	lock(&key->lock);
	*out = atomic_load(&key->pkey); /* another lane may have been first */
	if (*out == NULL) {
		rc = open_sealed(lane, key, out);
		if (rc == HSM_OK)
			atomic_store(&key->pkey, *out);
	}
	unlock(&key->lock);
	return rc;
}

bool key_allows(const struct emu_key_meta *meta, uint8_t alg)
{
	return meta->algs_n == 0 || memchr(meta->algs, alg, meta->algs_n) != NULL;
}

hsm_rc keystore_find(
        struct emu_lane *lane, uint8_t kid, uint8_t alg, bool deciphers, struct key_use *out)
{
	const struct key_alg *row = key_alg_find(alg);
	struct emu_key *key = lane->image->keys[kid];

	if (key == NULL)
		return HSM_E_NO_REF;
	if (row == NULL || row->type != key->meta.type || (row->op != KEY_SIGN) != deciphers)
		return HSM_E_BAD_ALG;
	if (!key_allows(&key->meta, alg))
		return HSM_E_KEY_REFUSED;
	*out = (struct key_use){ key, row, alg };
	return HSM_OK;
}

static const EVP_MD *padding_md(const struct key_alg *row, size_t md_n)
{
	const struct digest *d = md_n == 0 ? NULL : digest_by_size(md_n);

	if (row->md != NULL)
		return ossl_md(row->md);
	return d == NULL ? NULL : ossl_md(d->name);
}

static void prepared_done(struct emu_prepared *p)
{
	EVP_PKEY_CTX_free(p->ctx);
	emu_key_free(p->key);
	*p = (struct emu_prepared){ 0 };
}

static hsm_rc prepare(
        struct emu_lane *lane, const struct key_use *use, size_t md_n, struct emu_prepared *p)
{
	EVP_PKEY *pkey = NULL;

	TRY(keystore_open(lane, use->key, &pkey));
	prepared_done(p);
	TRY(prepare_ctx(use->row, pkey, padding_md(use->row, md_n), &p->ctx));
	atomic_fetch_add(&use->key->refs, 1);
	p->key = use->key;
	p->alg = use->alg;
	p->input_n = md_n;
	return HSM_OK;
}

hsm_rc keystore_ctx(
        struct emu_lane *lane, const struct key_use *use, size_t md_n, EVP_PKEY_CTX **out)
{
	struct emu_prepared *p = &lane->prepared[use->key->meta.kid];

	/* The record is counted by `p`, so an equal pointer is the same record. */
	if (p->key != use->key || p->alg != use->alg || p->input_n != md_n)
		TRY(prepare(lane, use, md_n, p));
	*out = p->ctx;
	return HSM_OK;
}

void keystore_forget(struct emu_lane *lane)
{
	for (size_t i = 0; i < sizeof(lane->prepared) / sizeof(lane->prepared[0]); i++)
		prepared_done(&lane->prepared[i]);
}
