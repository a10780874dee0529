#include "findings.h"

#include <openssl/x509v3.h>

enum { SOON_DAYS = 30, SERVER_DAYS_MAX = 398, SERIAL_BITS_MAX = 159 };

void findings_add(struct findings *f, enum severity severity, const char *code, const char *what,
        const char *remedy)
{
	static const char *const names[] = { "note", "warning", "error" };

	f->errors += severity == FINDING_ERROR;
	json_array_append_new(f->list, json_pack("{s:s,s:s,s:s,s:s}", "severity", names[severity],
	                                       "code", code, "finding", what, "remedy", remedy));
}

/* ---- when ---- */

static void check_time(struct findings *f, X509 *cert, time_t now)
{
	const ASN1_TIME *from = X509_get0_notBefore(cert), *to = X509_get0_notAfter(cert);
	ASN1_TIME *at = ASN1_TIME_set(NULL, now);
	int days = 0, seconds = 0;

	if (X509_cmp_time(from, &now) > 0)
		findings_add(f, FINDING_ERROR, "not_yet_valid", "it is not valid yet",
		        "look at the clock of this computer, or wait");
	if (X509_cmp_time(to, &now) <= 0)
		findings_add(f, FINDING_ERROR, "expired", "it has expired",
		        "have a new one issued for the same key");
	else if (ASN1_TIME_diff(&days, &seconds, at, to) == 1 && days < SOON_DAYS)
		findings_add(f, FINDING_WARNING, "expires_soon", "it expires within 30 days",
		        "have a new one issued for the same key");
	ASN1_TIME_free(at);
}

/* ---- for what ---- */

static bool has_use(X509 *cert, uint32_t use)
{
	return (X509_get_extension_flags(cert) & EXFLAG_XKUSAGE) == 0 ||
	       (X509_get_extended_key_usage(cert) & (use | XKU_ANYEKU)) != 0;
}

static bool is_for_servers(X509 *cert)
{
	return (X509_get_extension_flags(cert) & EXFLAG_XKUSAGE) != 0 &&
	       (X509_get_extended_key_usage(cert) & XKU_SSL_SERVER) != 0;
}

static void check_extended_usage(struct findings *f, X509 *cert)
{
	if (!has_use(cert, XKU_SSL_CLIENT | XKU_SSL_SERVER))
		findings_add(f, FINDING_ERROR, "not_for_tls",
		        "its extended key usage is neither clientAuth nor serverAuth",
		        "have it issued with extendedKeyUsage = clientAuth");
	else if (!has_use(cert, XKU_SSL_CLIENT))
		findings_add(f, FINDING_WARNING, "not_for_clients",
		        "its extended key usage lacks clientAuth: no browser offers it for a login",
		        "have it issued with extendedKeyUsage = clientAuth");
	if ((X509_get_extension_flags(cert) & EXFLAG_XKUSAGE) == 0)
		findings_add(f, FINDING_NOTE, "any_use",
		        "it has no extended key usage: some servers want clientAuth there",
		        "have it issued with extendedKeyUsage = clientAuth");
}

static void check_usage(struct findings *f, X509 *cert)
{
	const uint32_t flags = X509_get_extension_flags(cert), usage = X509_get_key_usage(cert);

	if ((flags & EXFLAG_CA) != 0)
		findings_add(f, FINDING_ERROR, "is_ca",
		        "it is the certificate of an issuer (CA:TRUE): browsers take none of these "
		        "for a person or server",
		        "have it issued with basicConstraints = CA:FALSE");
	if ((flags & EXFLAG_KUSAGE) == 0)
		return;
	if ((usage & KU_DIGITAL_SIGNATURE) == 0)
		findings_add(f, FINDING_ERROR, "no_digital_signature",
		        "its key usage lacks digitalSignature, which TLS needs of a key on a card",
		        "have it issued with keyUsage = digitalSignature");
	if ((usage & KU_KEY_CERT_SIGN) != 0 && (flags & EXFLAG_CA) == 0)
		findings_add(f, FINDING_ERROR, "cert_sign_without_ca",
		        "its key usage has keyCertSign without CA:TRUE: Firefox and GnuTLS refuse "
		        "that",
		        "have it issued without keyCertSign");
}

/* ---- for whom ---- */

static void check_names(struct findings *f, X509 *cert)
{
	const bool subject = X509_NAME_entry_count(X509_get_subject_name(cert)) != 0;
	const bool names = X509_get_ext_by_NID(cert, NID_subject_alt_name, -1) >= 0;

	if (!subject && !names)
		findings_add(f, FINDING_ERROR, "nameless",
		        "it names nobody: subject and subjectAltName are empty",
		        "have it issued with a subject or a subjectAltName");
	else if (!names && is_for_servers(cert))
		findings_add(f, FINDING_ERROR, "no_server_name",
		        "it is for a server and has no subjectAltName, the only place where "
		        "browsers look for its name",
		        "have it issued with subjectAltName = DNS:...");
}

static void check_server_time(struct findings *f, X509 *cert)
{
	int days = 0, seconds = 0;

	if (is_for_servers(cert) &&
	        ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(cert),
	                X509_get0_notAfter(cert)) == 1 &&
	        days > SERVER_DAYS_MAX)
		findings_add(f, FINDING_WARNING, "server_too_long",
		        "it is for a server and valid for more than 398 days: browsers refuse that "
		        "from public issuers",
		        "have it issued for a year");
}

/* ---- what it is made of ---- */

static bool is_serial_good(X509 *cert)
{
	BIGNUM *n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
	const bool good = n != NULL && !BN_is_negative(n) && !BN_is_zero(n) &&
	                  BN_num_bits(n) <= SERIAL_BITS_MAX;

	BN_free(n);
	return good;
}

static void check_form(struct findings *f, X509 *cert)
{
	const uint32_t flags = X509_get_extension_flags(cert);

	if (X509_get_version(cert) != X509_VERSION_3)
		findings_add(f, FINDING_ERROR, "old_version",
		        "it is not of version 3, so nothing says what it is for",
		        "have it issued with extensions (openssl x509 -extfile)");
	if ((flags & EXFLAG_INVALID) != 0)
		findings_add(f, FINDING_ERROR, "malformed",
		        "one of its extensions is malformed, or there twice",
		        "have the issuer look at it: openssl x509 -text");
	if ((flags & EXFLAG_CRITICAL) != 0)
		findings_add(f, FINDING_ERROR, "unknown_critical",
		        "it has a critical extension that hosts do not know and must refuse",
		        "have it issued without, or not critical");
	if (!is_serial_good(cert))
		findings_add(f, FINDING_WARNING, "bad_serial",
		        "its serial number is 0, negative or longer than 20 bytes",
		        "have it issued with a random serial number");
}

void findings_of_cert(struct findings *f, X509 *cert, time_t now)
{
	/* has the extensions read */
	(void)X509_check_purpose(cert, -1, 0);
	check_form(f, cert);
	check_time(f, cert, now);
	check_usage(f, cert);
	check_extended_usage(f, cert);
	check_names(f, cert);
	check_server_time(f, cert);
}
