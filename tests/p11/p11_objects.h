/* Certificates and templates for the tests of objects; libcrypto makes what is expected. */
#ifndef TWINHSM_TESTS_P11_OBJECTS_H
#define TWINHSM_TESTS_P11_OBJECTS_H

#include <openssl/x509.h>

#include "p11_fixture.h"

#define BYTES(type, p, n)                                                                          \
	{                                                                                          \
		type, (void *)(uintptr_t)(p), n                                                    \
	}
#define TEXT(type, s)   BYTES(type, s, sizeof(s) - 1)
#define NUMBER(type, v) BYTES(type, &(CK_ULONG){ v }, sizeof(CK_ULONG))
#define YES(type)       BYTES(type, &(CK_BBOOL){ CK_TRUE }, 1)
#define NO(type)        BYTES(type, &(CK_BBOOL){ CK_FALSE }, 1)

struct cert {
	uint8_t der[1024], subject[256], spki[256], serial[32];
	size_t der_n, subject_n, spki_n, serial_n;
};

/* A self-signed certificate of a new P-256 key, with this common name. */
void cert_make(const char *name, struct cert *out);

/* The same, of a public key given as SubjectPublicKeyInfo. */
void cert_make_for(const char *name, const uint8_t *spki, size_t spki_n, struct cert *out);

/* Writes the certificate to the token, or keeps it with the session. */
CK_RV cert_create(CK_SESSION_HANDLE s, const struct cert *c, const char *label, const char *id,
        bool on_token, CK_OBJECT_HANDLE *out);

CK_RV data_create(CK_SESSION_HANDLE s, const char *label, const char *value, bool on_token,
        bool is_private, CK_OBJECT_HANDLE *out);

/* A P-256 key pair on the token. */
void ec_generate(CK_SESSION_HANDLE s, const char *label, const char *id, CK_OBJECT_HANDLE *pub,
        CK_OBJECT_HANDLE *priv);

/* Has the object this attribute with exactly this value? */
void expect_bytes(
        CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, const void *p, size_t n);
void expect_text(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, const char *text);
void expect_bool(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, bool value);
void expect_ulong(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, CK_ULONG value);

/* One attribute into a buffer; answers the outcome and leaves the length. */
CK_RV get_one(
        CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type, void *p, CK_ULONG *n);

/* How many objects match, and the first of them. */
CK_ULONG find_all(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *first);

#endif
