#include "p11/op.h"
#include "p11/twinhsm-pkcs11.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum {
	SIGN = CKF_SIGN | CKF_VERIFY | CKF_HW,
	CRYPT = CKF_ENCRYPT | CKF_DECRYPT | CKF_HW,
	DERIVE = CKF_DERIVE | CKF_HW,
	WRAP = CKF_WRAP | CKF_UNWRAP | CKF_HW,
	GENERATE = CKF_GENERATE_KEY_PAIR | CKF_HW,
	EC = CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS,
};

/* clang-format off */
static const struct mech rows[] = {
	{ CKM_RSA_PKCS_KEY_PAIR_GEN,     PUBKEY_RSA,  NULL,     GENERATE,      &mech_rsa_keygen },
	{ CKM_RSA_PKCS,                  PUBKEY_RSA,  NULL,     SIGN | CRYPT,  &mech_rsa_pkcs1 },
	{ CKM_RSA_X_509,                 PUBKEY_RSA,  NULL,     SIGN | CRYPT,  &mech_rsa_x509 },
	{ CKM_SHA1_RSA_PKCS,             PUBKEY_RSA,  "SHA1",   SIGN,          &mech_rsa_pkcs1 },
	{ CKM_SHA224_RSA_PKCS,           PUBKEY_RSA,  "SHA224", SIGN,          &mech_rsa_pkcs1 },
	{ CKM_SHA256_RSA_PKCS,           PUBKEY_RSA,  "SHA256", SIGN,          &mech_rsa_pkcs1 },
	{ CKM_SHA384_RSA_PKCS,           PUBKEY_RSA,  "SHA384", SIGN,          &mech_rsa_pkcs1 },
	{ CKM_SHA512_RSA_PKCS,           PUBKEY_RSA,  "SHA512", SIGN,          &mech_rsa_pkcs1 },
	{ CKM_RSA_PKCS_PSS,              PUBKEY_RSA,  NULL,     SIGN,          &mech_rsa_pss },
	{ CKM_SHA1_RSA_PKCS_PSS,         PUBKEY_RSA,  "SHA1",   SIGN,          &mech_rsa_pss },
	{ CKM_SHA224_RSA_PKCS_PSS,       PUBKEY_RSA,  "SHA224", SIGN,          &mech_rsa_pss },
	{ CKM_SHA256_RSA_PKCS_PSS,       PUBKEY_RSA,  "SHA256", SIGN,          &mech_rsa_pss },
	{ CKM_SHA384_RSA_PKCS_PSS,       PUBKEY_RSA,  "SHA384", SIGN,          &mech_rsa_pss },
	{ CKM_SHA512_RSA_PKCS_PSS,       PUBKEY_RSA,  "SHA512", SIGN,          &mech_rsa_pss },
	{ CKM_RSA_PKCS_OAEP,             PUBKEY_RSA,  NULL,     CRYPT,         &mech_rsa_oaep },
	{ CKM_EC_KEY_PAIR_GEN,           PUBKEY_EC,   NULL,     GENERATE | EC, &mech_ec_keygen },
	{ CKM_ECDSA,                     PUBKEY_EC,   NULL,     SIGN | EC,     &mech_ecdsa },
	{ CKM_ECDSA_SHA1,                PUBKEY_EC,   "SHA1",   SIGN | EC,     &mech_ecdsa },
	{ CKM_ECDSA_SHA224,              PUBKEY_EC,   "SHA224", SIGN | EC,     &mech_ecdsa },
	{ CKM_ECDSA_SHA256,              PUBKEY_EC,   "SHA256", SIGN | EC,     &mech_ecdsa },
	{ CKM_ECDSA_SHA384,              PUBKEY_EC,   "SHA384", SIGN | EC,     &mech_ecdsa },
	{ CKM_ECDSA_SHA512,              PUBKEY_EC,   "SHA512", SIGN | EC,     &mech_ecdsa },
	/* All curves of the card have cofactor 1, so both are the same. */
	{ CKM_ECDH1_DERIVE,              PUBKEY_EC,   NULL,     DERIVE | EC,   &mech_ecdh },
	{ CKM_ECDH1_COFACTOR_DERIVE,     PUBKEY_EC,   NULL,     DERIVE | EC,   &mech_ecdh },
	{ CKM_TWINHSM_DKEK_WRAP,         PUBKEY_NONE, NULL,     WRAP,          NULL },
	{ CKM_SHA_1,                     PUBKEY_NONE, "SHA1",   CKF_DIGEST,    &mech_hash },
	{ CKM_SHA224,                    PUBKEY_NONE, "SHA224", CKF_DIGEST,    &mech_hash },
	{ CKM_SHA256,                    PUBKEY_NONE, "SHA256", CKF_DIGEST,    &mech_hash },
	{ CKM_SHA384,                    PUBKEY_NONE, "SHA384", CKF_DIGEST,    &mech_hash },
	{ CKM_SHA512,                    PUBKEY_NONE, "SHA512", CKF_DIGEST,    &mech_hash },
};

static const struct {
	const char *name;
	CK_MECHANISM_TYPE mech;
	CK_ULONG mgf, kdf;
} digests[] = {
	{ "SHA1",   CKM_SHA_1,  CKG_MGF1_SHA1,   CKD_SHA1_KDF },
	{ "SHA224", CKM_SHA224, CKG_MGF1_SHA224, CKD_SHA224_KDF },
	{ "SHA256", CKM_SHA256, CKG_MGF1_SHA256, CKD_SHA256_KDF },
	{ "SHA384", CKM_SHA384, CKG_MGF1_SHA384, CKD_SHA384_KDF },
	{ "SHA512", CKM_SHA512, CKG_MGF1_SHA512, CKD_SHA512_KDF },
};
/* clang-format on */

size_t mech_count(void)
{
	return COUNT(rows);
}

const struct mech *mech_at(size_t i)
{
	return i < COUNT(rows) ? &rows[i] : NULL;
}

CK_RV mech_find(const CK_MECHANISM *m, CK_FLAGS flags, const struct mech **out)
{
	if (m == NULL)
		return CKR_ARGUMENTS_BAD;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rows[i].type == m->mechanism) {
			*out = &rows[i];
			return (rows[i].flags & flags) == flags ? CKR_OK : CKR_MECHANISM_INVALID;
		}
	}
	return CKR_MECHANISM_INVALID;
}

void mech_key_sizes(
        const struct mech *mech, struct card_limits limits, CK_ULONG *min, CK_ULONG *max)
{
	const CK_ULONG sizes[][2] = {
		[PUBKEY_NONE] = { 0, 0 },
		[PUBKEY_RSA] = { RSA_BITS_MIN, limits.rsa },
		[PUBKEY_EC] = { 192, limits.ec },
	};

	*min = sizes[mech->key][0];
	*max = sizes[mech->key][1];
}

const struct digest *mech_digest(CK_MECHANISM_TYPE type)
{
	for (size_t i = 0; i < COUNT(digests); i++) {
		if (digests[i].mech == type)
			return digest_by_name(digests[i].name);
	}
	return NULL;
}

const struct digest *mech_mgf_digest(CK_RSA_PKCS_MGF_TYPE mgf)
{
	for (size_t i = 0; i < COUNT(digests); i++) {
		if (digests[i].mgf == mgf)
			return digest_by_name(digests[i].name);
	}
	return NULL;
}

const struct digest *mech_kdf_digest(CK_ULONG kdf)
{
	for (size_t i = 0; i < COUNT(digests); i++) {
		if (digests[i].kdf == kdf)
			return digest_by_name(digests[i].name);
	}
	return NULL;
}
