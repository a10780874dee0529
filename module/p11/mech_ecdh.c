/* ECDH (SP 800-56A section 5.7.1.2) on the card, key derivation of ANSI X9.63 on the host. */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>

#include "base/der.h"
#include "p11/op.h"

static CK_RV read_params(const CK_MECHANISM *m, CK_ECDH1_DERIVE_PARAMS *p)
{
	bool plain;

	if (m->pParameter == NULL || m->ulParameterLen != sizeof(*p))
		return CKR_MECHANISM_PARAM_INVALID;
	memcpy(p, m->pParameter, sizeof(*p));
	plain = p->kdf == CKD_NULL;
	if (p->pPublicData == NULL || (p->pSharedData == NULL && p->ulSharedDataLen != 0))
		return CKR_MECHANISM_PARAM_INVALID;
	if (plain ? p->ulSharedDataLen != 0 : mech_kdf_digest(p->kdf) == NULL)
		return CKR_MECHANISM_PARAM_INVALID;
	return CKR_OK;
}

static bool is_point(const struct curve *c, struct rd r)
{
	return r.n == 1U + 2U * c->width && r.p[0] == 0x04;
}

/* The other side's point, plain or in an OCTET STRING. A point off the curve would betray the key
 * to whoever chose it, so it never gets to the card. */
static CK_RV read_point(const CK_ECDH1_DERIVE_PARAMS *p, const struct curve *c, struct rd *out)
{
	struct rd data = rd_of(p->pPublicData, p->ulPublicDataLen);
	struct pubkey peer = { .type = PUBKEY_EC, .bits = c->bits, .curve = c };
	EVP_PKEY *checked = NULL;
	struct rd der = data;

	if (is_point(c, data))
		peer.point = data;
	else if (!der_get_octets(&der, &peer.point) || der.n != 0 || !is_point(c, peer.point))
		return CKR_MECHANISM_PARAM_INVALID;
	if (host_key(&peer, &checked) != HSM_OK)
		return CKR_MECHANISM_PARAM_INVALID;
	EVP_PKEY_free(checked);
	*out = peer.point;
	return CKR_OK;
}

static CK_RV agree(struct card *card, const struct object *key, struct rd point, struct wr *z)
{
	AUTO_LANE *lane = NULL;

	TRY_RC(card_take(card, &lane));
	return op_key_rv(card_ecdh(lane, key->nn, point, key->key.curve->width, z));
}

static CK_RV x963(const CK_ECDH1_DERIVE_PARAMS *p, struct wr *z, struct buf *secret)
{
	char name[16];
	OSSL_PARAM params[4];
	EVP_KDF *kdf = EVP_KDF_fetch(ossl_ctx(), "X963KDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	bool ok;

	strcpy(name, mech_kdf_digest(p->kdf)->name);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, name, 0);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, z->p, z->n);
	params[2] = OSSL_PARAM_construct_octet_string(
	        OSSL_KDF_PARAM_INFO, p->pSharedData, p->ulSharedDataLen);
	params[3] = OSSL_PARAM_construct_end();
	ok = ctx != NULL && EVP_KDF_derive(ctx, secret->p, secret->n, params) == 1;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return ok ? CKR_OK : CKR_FUNCTION_FAILED;
}

/* `secret` has the length wanted. Without derivation function leading bytes are dropped (PKCS#11,
 * elliptic curve Diffie-Hellman). */
static CK_RV shape(const CK_ECDH1_DERIVE_PARAMS *p, struct wr *z, struct buf *secret)
{
	if (p->kdf != CKD_NULL)
		return x963(p, z, secret);
	memcpy(secret->p, z->p + (z->n - secret->n), secret->n);
	return CKR_OK;
}

static CK_RV derive(struct card *card, const struct object *key, const CK_MECHANISM *m, size_t want,
        struct buf *secret)
{
	uint8_t agreed[CURVE_WIDTH_MAX];
	struct wr z = WR_ARRAY(agreed);
	CK_ECDH1_DERIVE_PARAMS p;
	struct rd point;
	CK_RV rv;

	if (key->key.curve == NULL)
		return CKR_KEY_TYPE_INCONSISTENT;
	TRY_RV(read_params(m, &p));
	TRY_RV(read_point(&p, key->key.curve, &point));
	if (want == 0 && p.kdf != CKD_NULL)
		return CKR_TEMPLATE_INCOMPLETE;
	if (want == 0)
		want = key->key.curve->width;
	if (p.kdf == CKD_NULL && want > key->key.curve->width)
		return CKR_KEY_SIZE_RANGE;
	TRY_RC(buf_reserve(secret, want));
	secret->n = want;
	rv = agree(card, key, point, &z);
	if (rv == CKR_OK)
		rv = shape(&p, &z, secret);
	OPENSSL_cleanse(agreed, sizeof(agreed));
	return rv;
}

const struct mech_ops mech_ecdh = { .derive = derive };
