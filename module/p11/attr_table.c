/* The rows of the attribute schema and the getters they name. */
#include <openssl/evp.h>
#include <stdio.h>

#include "base/der.h"
#include "base/ossl.h"
#include "p11/attr.h"

static CK_RV put_copy(struct attr_value *v, const void *p, size_t n)
{
	memcpy(v->built, p, n);
	v->bytes = rd_of(v->built, n);
	return CKR_OK;
}

static CK_RV put_bool(struct attr_value *v, bool b)
{
	CK_BBOOL value = b ? CK_TRUE : CK_FALSE;

	return put_copy(v, &value, sizeof(value));
}

static CK_RV put_ulong(struct attr_value *v, CK_ULONG value)
{
	return put_copy(v, &value, sizeof(value));
}

static CK_RV put_view(struct attr_value *v, struct rd bytes)
{
	v->bytes = bytes;
	return CKR_OK;
}

static CK_RV put_built(struct attr_value *v, const struct wr *w)
{
	TRY_RC(wr_done(w));
	return put_view(v, wr_rd(w));
}

/* ---- every object ---- */

#define GETTER(name)                                                                               \
	static CK_RV name(struct p11_session *s __attribute__((unused)),                           \
	        const struct object *o __attribute__((unused)),                                    \
	        CK_ULONG arg __attribute__((unused)),                                              \
	        struct attr_value *v __attribute__((unused)))

GETTER(get_const_bool)
{
	return put_bool(v, arg != 0);
}

GETTER(get_const_ulong)
{
	return put_ulong(v, arg);
}

GETTER(get_empty)
{
	return put_view(v, (struct rd){ 0 });
}

static const CK_OBJECT_CLASS classes[] = {
	[OBJECT_PRIVATE_KEY] = CKO_PRIVATE_KEY,
	[OBJECT_PUBLIC_KEY] = CKO_PUBLIC_KEY,
	[OBJECT_CERTIFICATE] = CKO_CERTIFICATE,
	[OBJECT_DATA] = CKO_DATA,
	[OBJECT_SECRET_KEY] = CKO_SECRET_KEY,
};

GETTER(get_class)
{
	return put_ulong(v, classes[o->kind]);
}

GETTER(get_token)
{
	return put_bool(v, o->on_token);
}

GETTER(get_private)
{
	return put_bool(v, o->is_private);
}

GETTER(get_label)
{
	return put_view(v, o->label);
}

GETTER(get_id)
{
	return put_view(v, o->id);
}

/* Token objects are named by what they are on the card, session objects by their handle. */
GETTER(get_unique_id)
{
	char text[40];
	int n;

	if (o->on_token)
		n = snprintf(
		        text, sizeof(text), "token-%u-%02X-%04X", (unsigned)o->kind, o->nn, o->fid);
	else
		n = snprintf(text, sizeof(text), "session-%lu", o->handle);
	return put_copy(v, text, (size_t)n);
}

/* ---- keys ---- */

GETTER(get_key_type)
{
	static const CK_KEY_TYPE types[] = {
		[PUBKEY_NONE] = CKK_GENERIC_SECRET,
		[PUBKEY_RSA] = CKK_RSA,
		[PUBKEY_EC] = CKK_EC,
	};

	return put_ulong(v, types[o->key.type]);
}

GETTER(get_usage)
{
	return put_bool(v, (o->usage & arg) != 0);
}

GETTER(get_access)
{
	return put_bool(v, (o->access & arg) != 0);
}

GETTER(get_key_gen_mechanism)
{
	static const CK_MECHANISM_TYPE mechanisms[] = {
		[PUBKEY_NONE] = CK_UNAVAILABLE_INFORMATION,
		[PUBKEY_RSA] = CKM_RSA_PKCS_KEY_PAIR_GEN,
		[PUBKEY_EC] = CKM_EC_KEY_PAIR_GEN,
	};
	bool local = (o->access & P15_LOCAL) != 0;

	return put_ulong(v, local ? mechanisms[o->key.type] : CK_UNAVAILABLE_INFORMATION);
}

/* A part of a private key that never leaves the card; `arg` is the type of key that has it. */
GETTER(get_hidden)
{
	return o->key.type == arg ? CKR_ATTRIBUTE_SENSITIVE : CKR_ATTRIBUTE_TYPE_INVALID;
}

/* The public half may be unknown: the card then has only the description of the private one. */
GETTER(get_modulus)
{
	return o->key.modulus.n == 0 ? CKR_ATTRIBUTE_TYPE_INVALID : put_view(v, o->key.modulus);
}

GETTER(get_exponent)
{
	return o->key.exponent.n == 0 ? CKR_ATTRIBUTE_TYPE_INVALID : put_view(v, o->key.exponent);
}

GETTER(get_modulus_bits)
{
	if (o->key.type != PUBKEY_RSA)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	return put_ulong(v, o->key.bits);
}

GETTER(get_ec_params)
{
	struct wr w = WR_ARRAY(v->built);

	if (o->key.curve == NULL)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	tlv_put(&w, DER_OID, o->key.curve->oid);
	return put_built(v, &w);
}

GETTER(get_ec_point)
{
	struct wr w = WR_ARRAY(v->built);

	if (o->key.point.n == 0)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	der_put_octets(&w, o->key.point);
	return put_built(v, &w);
}

GETTER(get_public_key_info)
{
	struct wr w = WR_ARRAY(v->built);

	if (o->kind == OBJECT_CERTIFICATE)
		return put_view(v, o->x509.spki);
	if (o->key.modulus.n == 0 && o->key.point.n == 0)
		return get_empty(s, o, arg, v);
	pubkey_put_spki(&w, &o->key);
	return put_built(v, &w);
}

GETTER(get_secret_value)
{
	bool readable = (o->access & (P15_SENSITIVE | P15_EXTRACTABLE)) == P15_EXTRACTABLE;

	return readable ? put_view(v, o->value) : CKR_ATTRIBUTE_SENSITIVE;
}

GETTER(get_value_len)
{
	return put_ulong(v, o->value.n);
}

/* ---- certificates ---- */

GETTER(get_subject)
{
	return put_view(v, o->x509.subject);
}

GETTER(get_issuer)
{
	return put_view(v, o->x509.issuer);
}

GETTER(get_serial)
{
	return put_view(v, o->x509.serial);
}

GETTER(get_certificate)
{
	return put_view(v, o->x509.whole.n != 0 ? o->x509.whole : o->value);
}

/* The first three bytes of the SHA-1 of the value (PKCS#11 2.40 section 4.6.2). */
GETTER(get_check_value)
{
	uint8_t hash[EVP_MAX_MD_SIZE];

	if (EVP_Digest(o->x509.whole.p, o->x509.whole.n, hash, NULL, ossl_md("SHA1"), NULL) != 1)
		return CKR_FUNCTION_FAILED;
	return put_copy(v, hash, 3);
}

/* ---- data objects ---- */

GETTER(get_application)
{
	return put_view(v, o->application);
}

GETTER(get_object_id)
{
	struct wr w = WR_ARRAY(v->built);

	if (o->oid.n == 0)
		return get_empty(s, o, arg, v);
	tlv_put(&w, DER_OID, o->oid);
	return put_built(v, &w);
}

GETTER(get_data)
{
	if (!o->on_token)
		return put_view(v, o->value);
	TRY_RC(token_read_value(s->token, o, &v->read));
	return put_view(v, buf_rd(&v->read));
}

/* clang-format off */
static const struct attr_row rows[] = {
	{ CKA_CLASS,               ATTR_ALL,               ATTR_NEW,            get_class,             0 },
	{ CKA_LABEL,               ATTR_ALL,               ATTR_NEW | ATTR_SET, get_label,             0 },
	{ CKA_ID,                  ATTR_KEYS | ATTR_CERT,  ATTR_NEW | ATTR_SET, get_id,                0 },
	{ CKA_TOKEN,               ATTR_ALL,               ATTR_NEW | ATTR_FIXED, get_token,             0 },
	{ CKA_PRIVATE,             ATTR_ALL,               ATTR_NEW | ATTR_FIXED, get_private,           0 },
	{ CKA_UNIQUE_ID,           ATTR_ALL,               0,                   get_unique_id,         0 },
	{ CKA_MODIFIABLE,          ATTR_ALL,               ATTR_NEW | ATTR_FIXED, get_const_bool,        CK_TRUE },
	{ CKA_DESTROYABLE,         ATTR_ALL,               ATTR_NEW | ATTR_FIXED, get_const_bool,        CK_TRUE },
	{ CKA_COPYABLE,            ATTR_PRIV,              ATTR_NEW | ATTR_FIXED, get_const_bool,        CK_FALSE },
	{ CKA_COPYABLE,            ATTR_ALL,               ATTR_NEW | ATTR_FIXED, get_const_bool,        CK_TRUE },

	{ CKA_KEY_TYPE,            ATTR_KEYS,              ATTR_NEW | ATTR_FIXED, get_key_type,          0 },
	{ CKA_SUBJECT,             ATTR_PRIV | ATTR_PUB | ATTR_CERT, ATTR_NEW | ATTR_FIXED, get_subject,           0 },
	{ CKA_START_DATE,          ATTR_KEYS | ATTR_CERT,  ATTR_NEW,            get_empty,             0 },
	{ CKA_END_DATE,            ATTR_KEYS | ATTR_CERT,  ATTR_NEW,            get_empty,             0 },
	{ CKA_DERIVE,              ATTR_KEYS,              ATTR_NEW,            get_usage,             P15_DERIVE },
	{ CKA_LOCAL,               ATTR_KEYS,              0,                   get_access,            P15_LOCAL },
	{ CKA_KEY_GEN_MECHANISM,   ATTR_KEYS,              0,                   get_key_gen_mechanism, 0 },
	{ CKA_ALLOWED_MECHANISMS,  ATTR_KEYS,              0,                   get_empty,             0 },

	{ CKA_SIGN,                ATTR_PRIV | ATTR_SECRET, ATTR_NEW,           get_usage,             P15_SIGN },
	{ CKA_SIGN_RECOVER,        ATTR_PRIV,              ATTR_NEW,            get_usage,             P15_SIGN_RECOVER },
	{ CKA_DECRYPT,             ATTR_PRIV | ATTR_SECRET, ATTR_NEW,           get_usage,             P15_DECRYPT },
	{ CKA_UNWRAP,              ATTR_PRIV | ATTR_SECRET, ATTR_NEW,           get_usage,             P15_UNWRAP },
	{ CKA_VERIFY,              ATTR_PUB,               ATTR_NEW,            get_usage,             P15_SIGN },
	{ CKA_VERIFY_RECOVER,      ATTR_PUB,               ATTR_NEW,            get_usage,             P15_SIGN_RECOVER },
	{ CKA_ENCRYPT,             ATTR_PUB,               ATTR_NEW,            get_usage,             P15_DECRYPT },
	{ CKA_WRAP,                ATTR_PUB,               ATTR_NEW,            get_usage,             P15_UNWRAP },
	{ CKA_VERIFY,              ATTR_SECRET,            ATTR_NEW,            get_usage,             P15_VERIFY },
	{ CKA_ENCRYPT,             ATTR_SECRET,            ATTR_NEW,            get_usage,             P15_ENCRYPT },
	{ CKA_WRAP,                ATTR_SECRET,            ATTR_NEW,            get_usage,             P15_WRAP },
	{ CKA_TRUSTED,             ATTR_PUB | ATTR_SECRET | ATTR_CERT, 0,       get_const_bool,        CK_FALSE },

	{ CKA_SENSITIVE,           ATTR_PRIV,              ATTR_NEW,            get_const_bool,        CK_TRUE },
	{ CKA_SENSITIVE,           ATTR_SECRET,            ATTR_NEW,            get_access,            P15_SENSITIVE },
	{ CKA_ALWAYS_SENSITIVE,    ATTR_PRIV | ATTR_SECRET, 0,                  get_access,            P15_ALWAYS_SENSITIVE },
	{ CKA_EXTRACTABLE,         ATTR_PRIV | ATTR_SECRET, ATTR_NEW,           get_access,            P15_EXTRACTABLE },
	{ CKA_NEVER_EXTRACTABLE,   ATTR_PRIV | ATTR_SECRET, 0,                  get_access,            P15_NEVER_EXTRACTABLE },
	{ CKA_WRAP_WITH_TRUSTED,   ATTR_PRIV | ATTR_SECRET, 0,                  get_const_bool,        CK_FALSE },
	{ CKA_ALWAYS_AUTHENTICATE, ATTR_PRIV,              0,                   get_const_bool,        CK_FALSE },

	{ CKA_MODULUS,             ATTR_PRIV | ATTR_PUB,   ATTR_NEW | ATTR_VALUE, get_modulus,           0 },
	{ CKA_MODULUS_BITS,        ATTR_PRIV | ATTR_PUB,   0,                   get_modulus_bits,      0 },
	{ CKA_PUBLIC_EXPONENT,     ATTR_PRIV | ATTR_PUB,   ATTR_NEW | ATTR_VALUE, get_exponent,          0 },
	{ CKA_EC_PARAMS,           ATTR_PRIV | ATTR_PUB,   ATTR_NEW | ATTR_VALUE, get_ec_params,         0 },
	{ CKA_EC_POINT,            ATTR_PRIV | ATTR_PUB,   ATTR_NEW | ATTR_VALUE, get_ec_point,          0 },
	{ CKA_PUBLIC_KEY_INFO,     ATTR_PRIV | ATTR_PUB | ATTR_CERT, ATTR_VALUE, get_public_key_info,   0 },
	{ CKA_PRIVATE_EXPONENT,    ATTR_PRIV,              ATTR_NEW,            get_hidden,            PUBKEY_RSA },
	{ CKA_PRIME_1,             ATTR_PRIV,              ATTR_NEW,            get_hidden,            PUBKEY_RSA },
	{ CKA_PRIME_2,             ATTR_PRIV,              ATTR_NEW,            get_hidden,            PUBKEY_RSA },
	{ CKA_EXPONENT_1,          ATTR_PRIV,              ATTR_NEW,            get_hidden,            PUBKEY_RSA },
	{ CKA_EXPONENT_2,          ATTR_PRIV,              ATTR_NEW,            get_hidden,            PUBKEY_RSA },
	{ CKA_COEFFICIENT,         ATTR_PRIV,              ATTR_NEW,            get_hidden,            PUBKEY_RSA },
	{ CKA_VALUE,               ATTR_PRIV,              ATTR_NEW,            get_hidden,            PUBKEY_EC },

	{ CKA_VALUE,               ATTR_SECRET,            ATTR_NEW,            get_secret_value,      0 },
	{ CKA_VALUE_LEN,           ATTR_SECRET,            0,                   get_value_len,         0 },
	{ CKA_CHECK_VALUE,         ATTR_SECRET,            0,                   get_empty,             0 },

	{ CKA_VALUE,               ATTR_CERT,              ATTR_NEW,            get_certificate,       0 },
	{ CKA_CERTIFICATE_TYPE,    ATTR_CERT,              ATTR_NEW | ATTR_FIXED, get_const_ulong,       CKC_X_509 },
	{ CKA_CERTIFICATE_CATEGORY, ATTR_CERT,             ATTR_NEW,            get_const_ulong,       0 },
	{ CKA_CHECK_VALUE,         ATTR_CERT,              0,                   get_check_value,       0 },
	{ CKA_ISSUER,              ATTR_CERT,              ATTR_NEW | ATTR_FIXED, get_issuer,            0 },
	{ CKA_SERIAL_NUMBER,       ATTR_CERT,              ATTR_NEW | ATTR_FIXED, get_serial,            0 },
	{ CKA_URL,                 ATTR_CERT,              0,                   get_empty,             0 },
	{ CKA_HASH_OF_SUBJECT_PUBLIC_KEY, ATTR_CERT,       0,                   get_empty,             0 },
	{ CKA_HASH_OF_ISSUER_PUBLIC_KEY,  ATTR_CERT,       0,                   get_empty,             0 },
	{ CKA_NAME_HASH_ALGORITHM, ATTR_CERT,              0,                   get_const_ulong,       CKM_SHA_1 },
	{ CKA_JAVA_MIDP_SECURITY_DOMAIN,  ATTR_CERT,       0,                   get_const_ulong,       0 },

	{ CKA_APPLICATION,         ATTR_DATA,              ATTR_NEW,            get_application,       0 },
	{ CKA_OBJECT_ID,           ATTR_DATA,              ATTR_NEW,            get_object_id,         0 },
	{ CKA_VALUE,               ATTR_DATA,              ATTR_NEW | ATTR_SET, get_data,              0 },
};
/* clang-format on */

const struct attr_row *attr_row(CK_ATTRIBUTE_TYPE type, enum object_kind kind)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].type == type && (rows[i].kinds & 1u << kind) != 0)
			return &rows[i];
	}
	return NULL;
}

bool attr_is_class(const CK_ATTRIBUTE *a, enum object_kind kind)
{
	return rd_equal(rd_of(a->pValue, a->ulValueLen), rd_of(&classes[kind], sizeof(*classes)));
}

bool attr_of_value(CK_ATTRIBUTE_TYPE type)
{
	const struct attr_row *row = attr_row(type, OBJECT_PRIVATE_KEY);

	return row != NULL && (row->rules & ATTR_VALUE) != 0;
}
