#include <openssl/x509_vfy.h>

#include "base/ossl.h"
#include "findings.h"

static X509_STORE *store_of(const STACK_OF(X509) * roots)
{
	X509_STORE *store = X509_STORE_new();

	for (int i = 0; store != NULL && i < sk_X509_num(roots); i++)
		(void)X509_STORE_add_cert(store, sk_X509_value(roots, i));
	return store;
}

/* X509_V_OK, or why not. */
static int verify(X509 *cert, STACK_OF(X509) * others, X509_STORE *store)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new_ex(ossl_ctx(), NULL);
	int why = X509_V_ERR_UNSPECIFIED;

	if (ctx != NULL && store != NULL && X509_STORE_CTX_init(ctx, store, cert, others) == 1) {
		X509_STORE_CTX_set_flags(
		        ctx, X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_PARTIAL_CHAIN);
		if (X509_verify_cert(ctx) == 1)
			why = X509_V_OK;
		else if (X509_STORE_CTX_get_error(ctx) != X509_V_OK)
			why = X509_STORE_CTX_get_error(ctx);
	}
	X509_STORE_CTX_free(ctx);
	return why;
}

static bool is_missing(int why)
{
	return why == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
	       why == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
	       why == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
	       why == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
	       why == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE;
}

void findings_of_chain(
        struct findings *f, X509 *cert, STACK_OF(X509) * others, const STACK_OF(X509) * roots)
{
	X509_STORE *store = store_of(roots);
	const int why = verify(cert, others, store);

	X509_STORE_free(store);
	if (why == X509_V_OK)
		return;
	if (is_missing(why))
		findings_add(f, FINDING_ERROR, "no_chain",
		        "it does not lead to the certificates of --ca",
		        "put the certificates in between into the file, or give the right --ca");
	else
		findings_add(f, FINDING_ERROR, "bad_chain", X509_verify_cert_error_string(why),
		        "have the issuer look at it: openssl verify -CAfile");
}
