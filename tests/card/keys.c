#include "keys.h"

#include <openssl/x509.h>

#include "p15/ecsig.h"

EVP_PKEY *pkey_from(const struct pubkey *key)
{
	uint8_t der[1024];
	struct wr w = WR_ARRAY(der);
	const uint8_t *p = der;
	EVP_PKEY *pkey;

	pubkey_put_spki(&w, key);
	assert_ok(wr_done(&w));
	pkey = d2i_PUBKEY(NULL, &p, (long)w.n);
	assert_non_null(pkey);
	return pkey;
}

bool ecdsa_good(EVP_PKEY *pkey, struct rd hash, struct rd raw)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	uint8_t der[160];
	struct wr w = WR_ARRAY(der);
	bool good;

	assert_ok(ecsig_to_der(raw, &w));
	assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
	good = EVP_PKEY_verify(ctx, w.p, w.n, hash.p, hash.n) == 1;
	EVP_PKEY_CTX_free(ctx);
	return good;
}

void make_cert(EVP_PKEY *pair, EVP_PKEY *key, const char *name, struct buf *der)
{
	X509 *cert = X509_new();
	X509_NAME *subject = X509_get_subject_name(cert);
	uint8_t *p = NULL;
	int n;

	assert_int_equal(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
	                         (const unsigned char *)name, -1, -1, 0),
	        1);
	assert_int_equal(X509_set_issuer_name(cert, subject), 1);
	assert_int_equal(X509_set_version(cert, 2), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), 7), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), 0));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), 3600));
	assert_int_equal(X509_set_pubkey(cert, key == NULL ? pair : key), 1);
	assert_true(X509_sign(cert, pair, EVP_sha256()) > 0);
	n = i2d_X509(cert, &p);
	assert_true(n > 0);
	assert_ok(buf_append(der, rd_of(p, (size_t)n)));
	OPENSSL_free(p);
	X509_free(cert);
}
