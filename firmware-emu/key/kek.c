#include "key/kek.h"

#include "base/ossl.h"
#include "base/tlv.h"
#include "store/seal_pair.h"

enum { AAD_MAX = 192 };

_Static_assert((int)KEK_HALF_LEN == (int)SEAL_HALF_LEN, "room for a public half");
_Static_assert((int)KEK_PRIVATE_LEN == (int)SEAL_HALF_LEN + (int)SEAL_OVERHEAD,
        "room for a sealed private half");
_Static_assert(
        (int)KEK_SEALED_LEN == (int)DKEK_LEN + (int)SEAL_TO_OVERHEAD, "room for a sealed DKEK");

/* Both halves of the record belong together, to their card and domain and, for the KEK, to its
 * check value, which is empty for the pair's private half. */
static hsm_rc aad_put(const struct emu_image *image, uint8_t domain, const struct emu_kek *kek,
        struct rd kcv, struct wr *w)
{
	wr_rd_put(w, RD_LIT("twinhsm kek 1"));
	wr_u8(w, domain);
	wr_put(w, kek->public, sizeof(kek->public));
	tlv_put(w, 0x04, kcv);
	tlv_put(w, 0x80, rd_of(kek->uid, kek->uid_n));
	tlv_put(w, 0x5F20, rd_str(image->chr));
	return wr_done(w);
}

/* A buf of exactly this length into a field of the record. */
static hsm_rc keep(const struct buf *from, uint8_t *to, size_t n)
{
	if (from->n != n)
		return HSM_E_FAIL;
	memcpy(to, from->p, n);
	return HSM_OK;
}

hsm_rc kek_complete(
        const struct emu_image *image, uint8_t domain, struct rd value, struct emu_kek *kek)
{
	AUTO_DKEK dkek = { 0 };
	AUTO_BUF sealed = { 0 };
	uint8_t aad[AAD_MAX];
	struct wr w = WR_ARRAY(aad);

	TRY(dkek_derive(value, &dkek));
	kek->missing = 0;
	OPENSSL_cleanse(kek->pending, sizeof(kek->pending));
	memcpy(kek->kcv, dkek.kcv, KCV_LEN);
	TRY(aad_put(image, domain, kek, rd_of(kek->kcv, KCV_LEN), &w));
	TRY(seal_to(kek->public, wr_rd(&w), value, &sealed));
	return keep(&sealed, kek->sealed, sizeof(kek->sealed));
}

static hsm_rc pair_make(const struct emu_image *image, const struct secret *token_key,
        uint8_t domain, struct emu_kek *kek)
{
	AUTO_SECRET private = { .n = 0 };
	AUTO_BUF sealed = { 0 };
	uint8_t aad[AAD_MAX];
	struct wr w = WR_ARRAY(aad);

	TRY(seal_pair_make(kek->public, &private));
	TRY(aad_put(image, domain, kek, rd_of(NULL, 0), &w));
	TRY(seal(secret_rd(token_key), wr_rd(&w), secret_rd(&private), &sealed));
	return keep(&sealed, kek->private, sizeof(kek->private));
}

static hsm_rc by_chance(const struct emu_image *image, uint8_t domain, struct emu_kek *kek)
{
	AUTO_SECRET value = { .n = DKEK_LEN };

	TRY(ossl_random(value.p, value.n));
	return kek_complete(image, domain, secret_rd(&value), kek);
}

hsm_rc kek_make(const struct emu_image *image, const struct secret *token_key, uint8_t domain,
        uint8_t shares, struct emu_kek *out)
{
	*out = (struct emu_kek){ .exists = true, .shares = shares, .missing = shares };
	TRY(pair_make(image, token_key, domain, out));
	return shares != 0 ? HSM_OK : by_chance(image, domain, out);
}

hsm_rc kek_make_xkek(const struct emu_image *image, const struct secret *token_key, uint8_t domain,
        struct rd uid, struct emu_kek *out)
{
	*out = (struct emu_kek){ .exists = true, .shares = 1, .missing = 1 };
	if (uid.n == 0 || uid.n > sizeof(out->uid))
		return HSM_E_FAIL;
	memcpy(out->uid, uid.p, uid.n);
	out->uid_n = (uint8_t)uid.n;
	return pair_make(image, token_key, domain, out);
}

hsm_rc kek_import(
        const struct emu_image *image, uint8_t domain, struct rd share, struct emu_kek *kek)
{
	AUTO_SECRET sum = { .n = DKEK_LEN };

	if (kek->missing == 0 || kek->uid_n != 0)
		return HSM_E_NOT_ALLOWED;
	if (share.n != DKEK_LEN)
		return HSM_E_BAD_LEN;
	for (size_t i = 0; i < DKEK_LEN; i++)
		sum.p[i] = kek->pending[i] ^ share.p[i];
	if (kek->missing == 1)
		return kek_complete(image, domain, secret_rd(&sum), kek);
	kek->missing--;
	memcpy(kek->pending, sum.p, DKEK_LEN);
	return HSM_OK;
}

hsm_rc kek_forget(const struct emu_image *image, uint8_t domain, struct emu_kek *kek)
{
	kek->missing = kek->shares;
	OPENSSL_cleanse(kek->pending, sizeof(kek->pending));
	OPENSSL_cleanse(kek->kcv, sizeof(kek->kcv));
	OPENSSL_cleanse(kek->sealed, sizeof(kek->sealed));
	return kek->shares != 0 ? HSM_OK : by_chance(image, domain, kek);
}

static bool is_complete(const struct emu_kek *kek)
{
	return kek->exists && kek->missing == 0;
}

hsm_rc kek_find(const struct emu_image *image, struct rd kcv, uint8_t *domain)
{
	hsm_rc rc = HSM_E_NO_REF;

	for (uint8_t i = 0; i < image->domains; i++) {
		const struct emu_kek *kek = &image->keks[i];

		if (!is_complete(kek))
			continue;
		rc = HSM_E_BAD_DATA;
		if (rd_equal(kcv, rd_of(kek->kcv, KCV_LEN))) {
			*domain = i;
			return HSM_OK;
		}
	}
	return rc;
}

static hsm_rc private_open(struct emu_lane *lane, uint8_t domain, struct secret *out)
{
	const struct emu_kek *kek = &lane->image->keks[domain];
	AUTO_SECRET token_key = { .n = 0 };
	AUTO_BUF plain = { 0 };
	uint8_t aad[AAD_MAX];
	struct wr w = WR_ARRAY(aad);

	TRY(card_token_key(lane->card, &token_key));
	TRY(aad_put(lane->image, domain, kek, rd_of(NULL, 0), &w));
	TRY(unseal(secret_rd(&token_key), wr_rd(&w), rd_of(kek->private, sizeof(kek->private)),
	        &plain));
	return secret_set(out, buf_rd(&plain));
}

hsm_rc kek_open(struct emu_lane *lane, uint8_t domain, struct dkek *out)
{
	const struct emu_kek *kek = &lane->image->keks[domain];
	AUTO_SECRET private = { .n = 0 };
	AUTO_BUF value = { 0 };
	uint8_t aad[AAD_MAX];
	struct wr w = WR_ARRAY(aad);

	if (!is_complete(kek))
		return HSM_E_NO_REF;
	TRY(private_open(lane, domain, &private));
	TRY(aad_put(lane->image, domain, kek, rd_of(kek->kcv, KCV_LEN), &w));
	TRY(seal_opened(
	        kek->public, &private, wr_rd(&w), rd_of(kek->sealed, sizeof(kek->sealed)), &value));
	return dkek_derive(buf_rd(&value), out);
}
