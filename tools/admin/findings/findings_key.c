#include <openssl/evp.h>
#include <string.h>

#include "findings.h"

enum { RSA_GOOD_BITS = 2048 };

/* Curves of TLS 1.3 (RFC 8446 section 4.2.3) and what browsers make of them. */
static const struct {
	const char *name;
	enum severity severity;
	const char *what;
} curves[] = {
	{ "prime256v1", FINDING_NOTE, NULL },
	{ "secp384r1", FINDING_NOTE, NULL },
	{ "secp521r1", FINDING_WARNING, "its key is on P-521, which Chrome does not take" },
};

static void check_curve(struct findings *f, EVP_PKEY *pkey)
{
	static const char remedy[] = "make a key on P-256 or P-384";
	char name[80] = "";

	(void)EVP_PKEY_get_group_name(pkey, name, sizeof(name), NULL);
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		if (strcmp(curves[i].name, name) != 0)
			continue;
		if (curves[i].what != NULL)
			findings_add(f, curves[i].severity, "rare_curve", curves[i].what, remedy);
		return;
	}
	findings_add(f, FINDING_ERROR, "curve_not_in_tls",
	        "its key is on a curve that browsers do not have in TLS", remedy);
}

static void check_key(struct findings *f, EVP_PKEY *pkey)
{
	if (pkey == NULL) {
		findings_add(f, FINDING_ERROR, "unknown_key", "its public key is not readable",
		        "have it issued for an RSA or EC key");
	} else if (EVP_PKEY_is_a(pkey, "EC") == 1) {
		check_curve(f, pkey);
	} else if (EVP_PKEY_is_a(pkey, "RSA") != 1) {
		findings_add(f, FINDING_ERROR, "other_key", "its key is neither RSA nor EC",
		        "make an RSA or EC key: cards and browsers have these");
	} else if (EVP_PKEY_get_bits(pkey) < RSA_GOOD_BITS) {
		findings_add(f, FINDING_ERROR, "short_key", "its RSA key has less than 2048 bits",
		        "make a key of 2048 bits or more, or on P-256");
	}
}

static void check_signature(struct findings *f, X509 *cert)
{
	int md = NID_undef, key = NID_undef, bits = 0;
	uint32_t flags = 0;

	if (X509_get_signature_info(cert, &md, &key, &bits, &flags) != 1) {
		findings_add(f, FINDING_WARNING, "unknown_signature",
		        "it is signed in a way that OpenSSL does not know",
		        "have it issued with SHA-256");
		return;
	}
	if (md == NID_md5 || md == NID_md4 || md == NID_sha1)
		findings_add(f, FINDING_ERROR, "weak_signature",
		        "it is signed with SHA-1 or MD5, which can be forged",
		        "have it issued with SHA-256");
}

void findings_of_key(struct findings *f, X509 *cert)
{
	check_key(f, X509_get0_pubkey(cert));
	check_signature(f, cert);
}
