#include "p15/cvc_verify.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "base/ossl.h"
#include "p15/cvc_tags.h"
#include "p15/ecsig.h"

#define CHAIN_CURVE "brainpoolP256r1"

enum { CURVE_NAME_MAX = 32, SIG_DER_MAX = 2 * CURVE_WIDTH_MAX + 16 };

/* The last two are for tests: private keys of the twins' root and issuer are public. */
static const struct cvc_root roots[] = {
	{
	        .chr = RD_LIT("DESRCACC100001"),
	        .point = RD_LIT("\x04\x6D\x02\x5A\x80\x26\xCD\xBA\x24\x5F\x10\xDF\x1B\x72\xE9\x88"
	                        "\x0F\xFF\x74\x6D\xAB\x40\xA4\x3A\x3D\x5C\x6B\xEB\xF2\x77\x07\xC3"
	                        "\x0F\x6D\xEA\x72\x43\x0E\xE3\x28\x7B\x06\x65\xC1\xEA\xA6\xEA\xA4"
	                        "\xFA\x26\xC4\x63\x03\x00\x19\x83\xF8\x2B\xD1\xAA\x31\xE0\x3D\xA0"
	                        "\x62"),
	        .is_production = true,
	},
	{
	        .chr = RD_LIT("UTSRCACC100001"),
	        .point = RD_LIT("\x04\xA0\x41\xFE\xB2\xFD\x11\x6B\x2A\xD1\x9C\xA6\xB7\xEA\xCD\x71"
	                        "\xC9\x89\x2F\x94\x1B\xB8\x8D\x67\xDC\xEE\xC9\x25\x01\xF0\x70\x01"
	                        "\x19\x57\xE2\x21\x22\xBA\x6C\x2C\xF5\xFF\x02\x93\x6F\x48\x2E\x35"
	                        "\xA6\x12\x9C\xCB\xBA\x8E\x93\x83\x83\x6D\x31\x06\x87\x9C\x40\x8E"
	                        "\xF0"),
	        .is_production = false,
	},
	{
	        .chr = RD_LIT("ZZTWINROOT00001"),
	        .point = RD_LIT("\x04\x22\x54\xC4\x48\x83\x2F\xFE\x28\xAE\x0C\xEF\x72\x34\xDF\x97"
	                        "\x9D\x79\x90\x0D\xD1\xDA\x3B\x84\xCC\xD6\xE5\x87\x6F\x5A\xDE\x9E"
	                        "\xEA\x41\x58\xD5\x36\x0E\xEC\x05\xBB\x97\xC3\x82\xE6\xEA\x56\xA7"
	                        "\x1E\x70\xF9\x11\xD7\xFB\x29\xF1\x1C\x43\x56\x52\x6F\x73\x4D\x7D"
	                        "\x40"),
	        .is_production = false,
	},
};

const struct cvc_root *cvc_root_find(struct rd chr)
{
	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		if (rd_equal(roots[i].chr, chr))
			return &roots[i];
	}
	return NULL;
}

const struct curve *cvc_chain_curve(void)
{
	return curve_by_name(CHAIN_CURVE);
}

hsm_rc ec_public_open(const struct curve *curve, struct rd point, EVP_PKEY **out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(ossl_ctx(), OSSL_TYPE_EC, NULL);
	uint8_t bytes[POINT_MAX];
	char name[CURVE_NAME_MAX] = { 0 };
	OSSL_PARAM params[3];
	bool ok = ctx != NULL && point.n <= sizeof(bytes) && point.n != 0;

	*out = NULL;
	if (ok) { /* OSSL_PARAM takes nothing that is constant */
		memcpy(bytes, point.p, point.n);
		strncpy(name, curve->name, sizeof(name) - 1);
		params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0);
		params[1] =
		        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, bytes, point.n);
		params[2] = OSSL_PARAM_construct_end();
		ok = EVP_PKEY_fromdata_init(ctx) == 1 &&
		     EVP_PKEY_fromdata(ctx, out, EVP_PKEY_PUBLIC_KEY, params) == 1;
	}
	EVP_PKEY_CTX_free(ctx);
	return ok ? HSM_OK : HSM_E_CARD_DATA;
}

/* The digest that a key signs with, by the last byte of its OID (TR-03110-3 appendix A.7.3). */
static const char *digest_of(struct rd oid)
{
	static const char *const names[] = { NULL, "SHA1", "SHA224", "SHA256", "SHA384", "SHA512" };
	const struct rd prefix = RD_LIT(CVC_ID_TA_ECDSA);
	uint8_t last;

	if (oid.n != prefix.n + 1 || memcmp(oid.p, prefix.p, prefix.n) != 0)
		return NULL;
	last = oid.p[prefix.n];
	return last < sizeof(names) / sizeof(names[0]) ? names[last] : NULL;
}

static bool verify(EVP_PKEY *pkey, const char *digest, struct rd data, struct rd sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const bool ok =
	        ctx != NULL &&
	        EVP_DigestVerifyInit_ex(ctx, NULL, digest, ossl_ctx(), NULL, pkey, NULL) == 1 &&
	        EVP_DigestVerify(ctx, sig.p, sig.n, data.p, data.n) == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

hsm_rc cvc_verify_data(
        struct rd data, struct rd sig, struct rd oid, const struct curve *curve, struct rd point)
{
	const char *digest = digest_of(oid);
	uint8_t der[SIG_DER_MAX];
	struct wr w = WR_ARRAY(der);
	EVP_PKEY *pkey;
	bool ok;

	if (digest == NULL)
		return HSM_E_BAD_ALG;
	if (sig.n != 2 * (size_t)curve->width || ecsig_to_der(sig, &w) != HSM_OK)
		return HSM_E_CARD_DATA;
	TRY(ec_public_open(curve, point, &pkey));
	ok = verify(pkey, digest, data, wr_rd(&w));
	EVP_PKEY_free(pkey);
	return ok ? HSM_OK : HSM_E_CARD_DATA;
}

hsm_rc cvc_verify(const struct cvc *c, struct rd oid, const struct curve *curve, struct rd point)
{
	return cvc_verify_data(c->body, c->signature, oid, curve, point);
}

enum role_bits { ROLE_DEVICE = 0x00, ROLE_ISSUER = 0x80 };

/* A certificate that leaves its curve to the root, of the given role. */
static bool plain_ec(const struct cvc *c, enum role_bits role)
{
	return !c->key.is_rsa && c->key.curve == NULL &&
	       c->key.point.n == 1 + 2 * (size_t)cvc_chain_curve()->width && c->role.n != 0 &&
	       c->role_bits == role;
}

hsm_rc cvc_chain_verify(struct rd certs, struct cvc *device, const struct cvc_root **root)
{
	struct cvc issuer;

	TRY(cvc_parse(&certs, device));
	TRY(cvc_parse(&certs, &issuer));
	if (!plain_ec(device, ROLE_DEVICE) || !plain_ec(&issuer, ROLE_ISSUER) ||
	        !rd_equal(device->car, issuer.chr))
		return HSM_E_CARD_DATA;
	*root = cvc_root_find(issuer.car);
	if (*root == NULL)
		return HSM_E_NO_REF;
	TRY(cvc_verify(&issuer, RD_LIT(CVC_ID_TA_ECDSA "\x03"), cvc_chain_curve(), (*root)->point));
	return cvc_verify(device, issuer.key.oid, cvc_chain_curve(), issuer.key.point);
}
