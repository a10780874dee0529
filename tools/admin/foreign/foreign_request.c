#include <openssl/core_names.h>
#include <stdio.h>

#include "base/ossl.h"
#include "base/tlv.h"
#include "foreign.h"
#include "p15/cvc.h"
#include "p15/cvc_tags.h"
#include "p15/ecsig.h"

#define OID_RSA_SHA256   CVC_ID_TA_RSA "\x02"
#define OID_ECDSA_SHA256 CVC_ID_TA_ECDSA "\x03"
#define IMPORTED         "ZZIMPORTED" /* ZZ: no country */

enum { ROOM = 2600, EXPONENT_MAX = 32 };

static hsm_rc put_body_rsa(const struct foreign_key *k, struct cvc *c, struct wr *out)
{
	uint8_t modulus[RSA_BYTES_MAX], exponent[EXPONENT_MAX];
	struct wr n = WR_ARRAY(modulus), e = WR_ARRAY(exponent);

	TRY(foreign_number(k->pkey, OSSL_PKEY_PARAM_RSA_N, 0, &n));
	TRY(foreign_number(k->pkey, OSSL_PKEY_PARAM_RSA_E, 0, &e));
	c->key = (struct cvc_key){
		.oid = RD_LIT(OID_RSA_SHA256),
		.is_rsa = true,
		.modulus = wr_rd(&n),
		.exponent = wr_rd(&e),
		.modulus_bits = k->bits,
	};
	cvc_body_put(out, c);
	return wr_done(out);
}

static hsm_rc put_body_ec(const struct foreign_key *k, struct cvc *c, struct wr *out)
{
	uint8_t point[POINT_MAX];
	struct wr w = WR_ARRAY(point);

	TRY(foreign_point(k, &w));
	c->key = (struct cvc_key){
		.oid = RD_LIT(OID_ECDSA_SHA256),
		.curve = k->curve,
		.point = wr_rd(&w),
	};
	cvc_body_put(out, c);
	return wr_done(out);
}

static hsm_rc sign(EVP_PKEY *pkey, struct rd data, uint8_t *sig, size_t *n)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	hsm_rc rc = HSM_OK;

	if (ctx == NULL)
		return HSM_E_MEMORY;
	if (EVP_DigestSignInit_ex(ctx, NULL, "SHA256", ossl_ctx(), NULL, pkey, NULL) != 1 ||
	        EVP_DigestSign(ctx, sig, n, data.p, data.n) != 1)
		rc = HSM_E_FAIL;
	EVP_MD_CTX_free(ctx);
	return rc;
}

/* What was written from `from` on, signed: the plain form of ECDSA. */
static hsm_rc put_signature(const struct foreign_key *k, size_t from, struct wr *out)
{
	uint8_t sig[RSA_BYTES_MAX], plain[2 * CURVE_WIDTH_MAX];
	struct wr w = WR_ARRAY(plain);
	size_t n = sizeof(sig);

	TRY(wr_done(out));
	TRY(sign(k->pkey, rd_of(out->p + from, out->n - from), sig, &n));
	if (k->type == P15_EC)
		TRY(ecsig_to_raw(rd_of(sig, n), k->curve->width, &w));
	tlv_put(out, CVC_SIGNATURE, k->type == P15_EC ? wr_rd(&w) : rd_of(sig, n));
	return wr_done(out);
}

static hsm_rc put_inner(const struct foreign_key *k, uint8_t kid, struct wr *out)
{
	char chr[P15_CHR_MAX + 1];
	struct cvc c = { .car = rd_str(IMPORTED "00000") };
	const size_t mark = tlv_open(out, CVC_CERT), from = out->n;

	snprintf(chr, sizeof(chr), IMPORTED "%05u", kid);
	c.chr = rd_str(chr);
	TRY(k->type == P15_RSA ? put_body_rsa(k, &c, out) : put_body_ec(k, &c, out));
	TRY(put_signature(k, from, out));
	tlv_close(out, mark);
	return wr_done(out);
}

hsm_rc foreign_request(const struct foreign_key *k, uint8_t kid, struct buf *out)
{
	struct wr w;
	size_t mark, from;

	TRY(buf_reserve(out, ROOM));
	w = wr_of(out->p, ROOM);
	mark = tlv_open(&w, CVC_REQUEST);
	from = w.n;
	TRY(put_inner(k, kid, &w));
	tlv_put(&w, CVC_CAR, rd_str(IMPORTED "00000"));
	TRY(put_signature(k, from, &w));
	tlv_close(&w, mark);
	out->n = w.n;
	return wr_done(&w);
}
