#include "key/algs.h"

#include <openssl/rsa.h>

#define RSA EMU_KEY_RSA
#define EC  EMU_KEY_EC

/* clang-format off */
static const struct key_alg rows[] = {
	[ALG_RSA_RAW]           = { KEY_SIGN,    RSA, INPUT_MODULUS,     RSA_NO_PADDING,         NULL },
	[ALG_RSA_DECRYPT_RAW]   = { KEY_DECRYPT, RSA, INPUT_MODULUS,     RSA_NO_PADDING,         NULL },
	[ALG_RSA_PKCS1]         = { KEY_SIGN,    RSA, INPUT_PLAIN,       RSA_PKCS1_PADDING,      NULL },
	[ALG_RSA_PKCS1_SHA1]    = { KEY_SIGN,    RSA, INPUT_MESSAGE,     RSA_PKCS1_PADDING,      "SHA1" },
	[ALG_RSA_PKCS1_SHA256]  = { KEY_SIGN,    RSA, INPUT_MESSAGE,     RSA_PKCS1_PADDING,      "SHA256" },
	[ALG_RSA_PKCS1_SHA384]  = { KEY_SIGN,    RSA, INPUT_MESSAGE,     RSA_PKCS1_PADDING,      "SHA384" },
	[ALG_RSA_PKCS1_SHA512]  = { KEY_SIGN,    RSA, INPUT_MESSAGE,     RSA_PKCS1_PADDING,      "SHA512" },
	[ALG_RSA_PSS]           = { KEY_SIGN,    RSA, INPUT_HASH_BY_LEN, RSA_PKCS1_PSS_PADDING,  NULL },
	[ALG_RSA_PSS_SHA1]      = { KEY_SIGN,    RSA, INPUT_MESSAGE,     RSA_PKCS1_PSS_PADDING,  "SHA1" },
	[ALG_RSA_PSS_SHA256]    = { KEY_SIGN,    RSA, INPUT_MESSAGE,     RSA_PKCS1_PSS_PADDING,  "SHA256" },
	[ALG_RSA_PSS_SHA384]    = { KEY_SIGN,    RSA, INPUT_MESSAGE,     RSA_PKCS1_PSS_PADDING,  "SHA384" },
	[ALG_RSA_PSS_SHA512]    = { KEY_SIGN,    RSA, INPUT_MESSAGE,     RSA_PKCS1_PSS_PADDING,  "SHA512" },
	[ALG_ECDSA]             = { KEY_SIGN,    EC,  INPUT_PLAIN,       0,                      NULL },
	[ALG_ECDSA_SHA1]        = { KEY_SIGN,    EC,  INPUT_MESSAGE,     0,                      "SHA1" },
	[ALG_ECDSA_SHA224]      = { KEY_SIGN,    EC,  INPUT_MESSAGE,     0,                      "SHA224" },
	[ALG_ECDSA_SHA256]      = { KEY_SIGN,    EC,  INPUT_MESSAGE,     0,                      "SHA256" },
	[ALG_ECDSA_SHA384]      = { KEY_SIGN,    EC,  INPUT_MESSAGE,     0,                      "SHA384" },
	[ALG_ECDSA_SHA512]      = { KEY_SIGN,    EC,  INPUT_MESSAGE,     0,                      "SHA512" },
	[ALG_ECDH]              = { KEY_AGREE,   EC,  INPUT_POINT,       0,                      NULL },
};
/* clang-format on */

const struct key_alg *key_alg_find(uint8_t alg)
{
	if (alg >= sizeof(rows) / sizeof(rows[0]) || rows[alg].op == 0)
		return NULL;
	return &rows[alg];
}
