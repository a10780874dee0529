#include "p11_objects.h"

#include <openssl/ec.h>
#include <openssl/evp.h>

static size_t keep(uint8_t *to, size_t room, uint8_t *der, int n)
{
	assert_true(n > 0 && (size_t)n <= room);
	memcpy(to, der, (size_t)n);
	OPENSSL_free(der);
	return (size_t)n;
}

#define KEEP(field, i2d, object)                                                                   \
	do {                                                                                       \
		uint8_t *der_ = NULL;                                                              \
		int n_ = i2d(object, &der_);                                                       \
		out->field##_n = keep(out->field, sizeof(out->field), der_, n_);                   \
	} while (0)

static void make(const char *name, EVP_PKEY *pub, EVP_PKEY *signer, struct cert *out)
{
	X509 *x = X509_new();
	X509_NAME *dn = X509_get_subject_name(x);

	assert_int_equal(X509_set_version(x, 2), 1);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 4711);
	X509_NAME_add_entry_by_txt(dn, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
	assert_int_equal(X509_set_issuer_name(x, dn), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(x), 0));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(x), 3600));
	assert_int_equal(X509_set_pubkey(x, pub), 1);
	assert_true(X509_sign(x, signer, EVP_sha256()) > 0);
	KEEP(der, i2d_X509, x);
	KEEP(subject, i2d_X509_NAME, dn);
	KEEP(spki, i2d_PUBKEY, pub);
	KEEP(serial, i2d_ASN1_INTEGER, X509_get_serialNumber(x));
	X509_free(x);
}

void cert_make(const char *name, struct cert *out)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	assert_non_null(key);
	make(name, key, key, out);
	EVP_PKEY_free(key);
}

void cert_make_for(const char *name, const uint8_t *spki, size_t spki_n, struct cert *out)
{
	EVP_PKEY *signer = EVP_EC_gen("P-256"), *pub = d2i_PUBKEY(NULL, &spki, (long)spki_n);

	assert_non_null(pub);
	make(name, pub, signer, out);
	EVP_PKEY_free(pub);
	EVP_PKEY_free(signer);
}

CK_RV cert_create(CK_SESSION_HANDLE s, const struct cert *c, const char *label, const char *id,
        bool on_token, CK_OBJECT_HANDLE *out)
{
	CK_BBOOL token = on_token;
	CK_ATTRIBUTE t[] = {
		NUMBER(CKA_CLASS, CKO_CERTIFICATE),
		NUMBER(CKA_CERTIFICATE_TYPE, CKC_X_509),
		BYTES(CKA_TOKEN, &token, 1),
		BYTES(CKA_VALUE, c->der, c->der_n),
		BYTES(CKA_SUBJECT, c->subject, c->subject_n),
		BYTES(CKA_LABEL, label, strlen(label)),
		BYTES(CKA_ID, id, strlen(id)),
	};

	return p11->C_CreateObject(s, t, LEN(t), out);
}

CK_RV data_create(CK_SESSION_HANDLE s, const char *label, const char *value, bool on_token,
        bool is_private, CK_OBJECT_HANDLE *out)
{
	CK_BBOOL token = on_token, private = is_private;
	CK_ATTRIBUTE t[] = {
		NUMBER(CKA_CLASS, CKO_DATA),
		BYTES(CKA_TOKEN, &token, 1),
		BYTES(CKA_PRIVATE, &private, 1),
		BYTES(CKA_LABEL, label, strlen(label)),
		BYTES(CKA_VALUE, value, strlen(value)),
		TEXT(CKA_APPLICATION, "tests"),
	};

	return p11->C_CreateObject(s, t, LEN(t), out);
}

void ec_generate(CK_SESSION_HANDLE s, const char *label, const char *id, CK_OBJECT_HANDLE *pub,
        CK_OBJECT_HANDLE *priv)
{
	/* OBJECT IDENTIFIER 1.2.840.10045.3.1.7 (RFC 5480 section 2.1.1.1) */
	static const uint8_t p256[] = { 6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7 };
	CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE pub_t[] = { BYTES(CKA_EC_PARAMS, p256, sizeof(p256)), YES(CKA_TOKEN) };
	CK_ATTRIBUTE priv_t[] = {
		YES(CKA_TOKEN),
		BYTES(CKA_LABEL, label, strlen(label)),
		BYTES(CKA_ID, id, strlen(id)),
	};

	OK(p11->C_GenerateKeyPair(s, &m, pub_t, LEN(pub_t), priv_t, LEN(priv_t), pub, priv));
}

CK_RV get_one(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, void *p, CK_ULONG *n)
{
	CK_ATTRIBUTE a = { type, p, *n };
	CK_RV rv = p11->C_GetAttributeValue(s, o, &a, 1);

	*n = a.ulValueLen;
	return rv;
}

void expect_bytes(
        CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, const void *p, size_t n)
{
	uint8_t value[2048];
	CK_ULONG got = sizeof(value);
	CK_RV rv = get_one(s, o, type, value, &got);

	if (rv != CKR_OK)
		fail_msg("attribute %lx: %lx", type, rv);
	if (got != n || (n != 0 && memcmp(value, p, n) != 0))
		fail_msg("attribute %lx has another value, of %lu bytes", type, got);
}

void expect_text(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, const char *text)
{
	expect_bytes(s, o, type, text, strlen(text));
}

void expect_bool(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, bool value)
{
	CK_BBOOL b = value;

	expect_bytes(s, o, type, &b, sizeof(b));
}

void expect_ulong(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, CK_ULONG value)
{
	expect_bytes(s, o, type, &value, sizeof(value));
}

CK_ULONG find_all(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *first)
{
	CK_OBJECT_HANDLE found[64];
	CK_ULONG found_n;

	OK(p11->C_FindObjectsInit(s, t, n));
	OK(p11->C_FindObjects(s, found, LEN(found), &found_n));
	OK(p11->C_FindObjectsFinal(s));
	if (first != NULL)
		*first = found_n == 0 ? CK_INVALID_HANDLE : found[0];
	return found_n;
}
